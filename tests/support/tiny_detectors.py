"""Detectors small enough for tests: torchvision's own classes around a backbone of two convolutions, random weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN, MaskRCNN, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops import MultiScaleRoIAlign

CLASSES = 4
_SIZE: dict[str, Any] = {"min_size": 64, "max_size": 96}


class TinyBackbone(nn.Sequential):
    """One map of eight channels at an eighth of the size, with a batch norm to be left alone."""

    out_channels = 8

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 8, 5, stride=4, padding=2),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, stride=2, padding=1),
        )


def _anchors() -> AnchorGenerator:
    return AnchorGenerator(((16, 32),), ((0.5, 1.0, 2.0),))


def _spread_out(network: nn.Module) -> Any:
    """Weights large enough that the answers differ from place to place; in evaluation."""
    for name, parameter in network.named_parameters():
        if name.startswith("head"):
            nn.init.normal_(parameter, std=0.3)
        elif "cls" in name or "bbox" in name or "mask_fcn_logits" in name or name.startswith("rpn"):
            nn.init.normal_(parameter, std=0.1)
    return network.eval()


def tiny_faster_rcnn(seed: int = 0) -> FasterRCNN:
    """A Faster R-CNN for three kinds of objects."""
    torch.manual_seed(seed)
    pool = MultiScaleRoIAlign(["0"], 7, 2)
    return _spread_out(FasterRCNN(TinyBackbone(), CLASSES, rpn_anchor_generator=_anchors(), box_roi_pool=pool, **_SIZE))


def tiny_mask_rcnn(seed: int = 0) -> MaskRCNN:
    """A Mask R-CNN for three kinds of objects."""
    torch.manual_seed(seed)
    pools = {"box_roi_pool": MultiScaleRoIAlign(["0"], 7, 2), "mask_roi_pool": MultiScaleRoIAlign(["0"], 14, 2)}
    return _spread_out(
        MaskRCNN(TinyBackbone(), CLASSES, rpn_anchor_generator=_anchors(), box_detections_per_img=5, **pools, **_SIZE)
    )


def tiny_retinanet(seed: int = 0) -> RetinaNet:
    """A RetinaNet for three kinds of objects."""
    torch.manual_seed(seed)
    return _spread_out(RetinaNet(TinyBackbone(), CLASSES, anchor_generator=_anchors(), **_SIZE))


def random_picture(height: int = 64, width: int = 80, seed: int = 0) -> Tensor:
    """(3, H, W) in [0, 1]."""
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def some_target(masks: bool = False) -> dict[str, Tensor]:
    """Two objects of a picture of 64 x 80."""
    boxes = torch.tensor([[5.0, 6.0, 40.0, 50.0], [30.0, 10.0, 70.0, 60.0]])
    target = {"boxes": boxes, "labels": torch.tensor([1, 3])}
    if masks:
        drawn = torch.zeros(2, 64, 80, dtype=torch.uint8)
        drawn[0, 6:50, 5:40] = 1
        drawn[1, 10:60, 30:70] = 1
        target["masks"] = drawn
    return target
