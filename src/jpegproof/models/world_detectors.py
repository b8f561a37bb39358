"""A small detector and a small instance segmenter for the embedded world, of torchvision's parts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from torch import nn

from jpegproof.data.world import CLASS_NAMES
from jpegproof.exceptions import missing_extra
from jpegproof.models.world_classifier import WorldClassifier

if TYPE_CHECKING:
    from torchvision.models.detection import MaskRCNN, RetinaNet
    from torchvision.models.detection.backbone_utils import BackboneWithFPN

_CATEGORIES = len(CLASS_NAMES) + 1
"""Category ids are 1..10: 0 is the background of a Mask R-CNN, and is never said by a RetinaNet."""

_CHANNELS = 64
_RATIOS = (0.5, 1.0, 2.0)

# Where the classifier's features have shrunk the picture by 4, 8 and 16, and the channels that they have there.
_STAGES = {4: ("2", 24), 8: ("4", 48), 16: ("6", 96)}

# Pictures go in as they are: the objects' patterns are told by their size in pixels.
_PICTURES: dict[str, Any] = {
    "min_size": 128,
    "max_size": 160,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "_skip_resize": True,
}


def world_detector() -> RetinaNet:
    """A RetinaNet on the world classifier's features, not trained: one stage, levels of stride 8, 16 and 32.

    Raises:
        MissingExtraError: torchvision is not installed.

    Source: T.-Y. Lin et al., Focal loss for dense object detection, ICCV 2017 (the method; widths and anchors are
    ours); boxes are fitted by H. Rezatofighi et al.'s generalised intersection over union (CVPR 2019).
    """
    anchors, retinanet = _torchvision("anchor_utils"), _torchvision("retinanet")
    backbone = _pyramid(8, 16)
    sizes = ((16, 24), (32, 48), (64, 96))
    generator = anchors.AnchorGenerator(sizes, (_RATIOS,) * len(sizes))
    head = retinanet.RetinaNetHead(
        _CHANNELS, generator.num_anchors_per_location()[0], _CATEGORIES, norm_layer=_normalisation
    )
    head.regression_head._loss_type = "giou"
    return retinanet.RetinaNet(
        backbone, _CATEGORIES, anchor_generator=generator, head=head, topk_candidates=300, **_PICTURES
    )


def world_segmenter() -> MaskRCNN:
    """A Mask R-CNN on the world classifier's features, not trained: proposals at strides 4, 8, 16 and 32.

    Raises:
        MissingExtraError: torchvision is not installed.

    Source: K. He et al., Mask R-CNN, ICCV 2017 (the method; widths, anchors and counts are ours).
    """
    anchors, faster, mask = _torchvision("anchor_utils"), _torchvision("faster_rcnn"), _torchvision("mask_rcnn")
    levels = ["0", "1", "2"]
    sizes = ((16,), (28,), (48,), (80,))
    return mask.MaskRCNN(
        _pyramid(4, 8, 16),
        rpn_anchor_generator=anchors.AnchorGenerator(sizes, (_RATIOS,) * len(sizes)),
        rpn_pre_nms_top_n_train=300,
        rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_train=120,
        rpn_post_nms_top_n_test=60,
        box_roi_pool=_region(levels, 7),
        box_head=faster.TwoMLPHead(_CHANNELS * 7 * 7, 256),
        box_predictor=faster.FastRCNNPredictor(256, _CATEGORIES),
        box_batch_size_per_image=32,
        mask_roi_pool=_region(levels, 14),
        mask_head=mask.MaskRCNNHeads(_CHANNELS, (48, 48), dilation=1),
        mask_predictor=mask.MaskRCNNPredictor(48, 48, _CATEGORIES),
        **_PICTURES,
    )


def _pyramid(*strides: int) -> BackboneWithFPN:
    """The classifier's features at some strides as a pyramid, and one level more at twice the last stride."""
    backbones = _torchvision("backbone_utils")
    stages = [_STAGES[stride] for stride in strides]
    return backbones.BackboneWithFPN(
        WorldClassifier().features,
        return_layers={layer: str(level) for level, (layer, _) in enumerate(stages)},
        in_channels_list=[channels for _, channels in stages],
        out_channels=_CHANNELS,
        norm_layer=_normalisation,
    )


def _region(levels: list[str], size: int) -> nn.Module:
    """Cuts regions out of the pyramid, from stride 4 below 48 pixels, from stride 16 above 96."""
    from torchvision.ops import MultiScaleRoIAlign

    return MultiScaleRoIAlign(levels, size, sampling_ratio=1, canonical_scale=96, canonical_level=4)


def _normalisation(channels: int) -> nn.Module:
    # Levels of a pyramid share their layers and not their statistics, so a norm over the batch would not do.
    return nn.GroupNorm(8, channels)


def _torchvision(module: str) -> Any:
    try:
        return import_module(f"torchvision.models.detection.{module}")
    except ImportError as error:
        raise missing_extra("torchvision", "detection", "the world's detectors") from error
