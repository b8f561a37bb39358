"""Which of the paper's networks a study's model is: by its name in the study, or by where it comes from."""

from __future__ import annotations

import re

#: The paper's names of its networks, each with the model names (``from``) under which the same network is had. Wang's
#: and Chai's are their published detectors; which of Chai's depths the paper used it does not say, and any that a study
#: calls ``Chai et al.`` is taken for it.
NETWORKS: dict[str, tuple[str, ...]] = {
    "ResNet-18": ("torchvision:resnet18", "timm:resnet18.tv_in1k"),
    "ResNet-50": ("torchvision:resnet50", "timm:resnet50.tv_in1k"),
    "ResNet-101": ("torchvision:resnet101", "timm:resnet101.tv_in1k"),
    "ResNeXt-50": ("torchvision:resnext50_32x4d", "timm:resnext50_32x4d.tv_in1k"),
    "ResNeXt-101": ("torchvision:resnext101_32x8d", "timm:resnext101_32x8d.tv_in1k"),
    "VGG-19": ("torchvision:vgg19_bn", "timm:vgg19_bn.tv_in1k"),
    "MobileNetV2": ("torchvision:mobilenet_v2",),
    "InceptionV3": ("torchvision:inception_v3", "timm:inception_v3.tv_in1k"),
    "EfficientNet B3": ("torchvision:efficientnet_b3", "timm:tf_efficientnet_b3.ns_jft_in1k"),
    "FastRCNN": ("detectron2:fast_rcnn_R_50_FPN",),
    "FasterRCNN": ("detectron2:faster_rcnn_R_50_FPN",),
    "RetinaNet": ("detectron2:retinanet_R_50_FPN",),
    "MaskRCNN": ("detectron2:mask_rcnn_R_50_FPN",),
    "HRNetV2 + C1": ("ade20k:hrnetv2-c1",),
    "MobileNetV2 (dilated) + C1 (ds)": ("ade20k:mobilenetv2dilated-c1_deepsup",),
    "ResNet18 (dilated) + PPM": ("ade20k:resnet18dilated-ppm_deepsup",),
    "ResNet50 (dilated) + PPM": ("ade20k:resnet50dilated-ppm_deepsup",),
    "ResNet101 (dilated) + PPM": ("ade20k:resnet101dilated-ppm_deepsup",),
    "ResNet50 + UPerNet": ("ade20k:resnet50-upernet",),
    "ResNet101 + UPerNet": ("ade20k:resnet101-upernet",),
    "Wang et al.": ("forensics:cnndetection",),
    "Chai et al.": (),
}

_BY_SOURCE = {source: name for name, sources in NETWORKS.items() for source in sources}


def bare_name(name: str) -> str:
    """A name in lower-case letters and digits alone: ``ResNet-18`` and ``resnet18`` are the same."""
    return re.sub(r"[\W_]", "", name.lower())


_BY_NAME = {bare_name(name): name for name in NETWORKS}


def paper_network(name: str, source: str) -> str | None:
    """The paper's name of a model; None where it is none of the paper's.

    Args:
        name: the model's in the study; what a study calls by a paper's name is that network, whatever it comes from.
        source: where it comes from (``from`` in a study file), such as ``torchvision:resnet50``.
    """
    return _BY_NAME.get(bare_name(name)) or _BY_SOURCE.get(source)
