"""Box arithmetic that the networks share, on (N, 4) xyxy tensors."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder, Matcher
from torchvision.ops import box_iou, clip_boxes_to_image

#: Offsets of proposals and of RetinaNet's boxes in units of the anchor; those of the R-CNNs' boxes are finer. Both
#: limit the growth of width and height to 1000 / 16.
PLAIN_OFFSETS = BoxCoder((1.0, 1.0, 1.0, 1.0))
FINE_OFFSETS = BoxCoder((10.0, 10.0, 5.0, 5.0))

#: What `match` says of a box that is nobody's, and of one that is too near to a truth to be called so.
BACKGROUND, UNDECIDED = -1, -2


def has_area(boxes: Tensor) -> Tensor:
    """(N,) bool: which boxes are wider and higher than nothing."""
    return (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])


def clipped(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes cut off at the borders of a picture of (H, W) pixels."""
    return clip_boxes_to_image(boxes, size)


def match(truth: Tensor, boxes: Tensor, low: float, high: float, each_truth: bool = False) -> Tensor:
    """Which truth each box is about, by intersection over union.

    Args:
        truth: (M, 4); M may be 0.
        boxes: (N, 4).
        low, high: below `low` a box is `BACKGROUND`, from `high` it is the truth's that it covers best, between them
            it is `UNDECIDED`.
        each_truth: gives every truth the boxes that cover it best, however little that is.

    Returns:
        (N,) int64: numbers of truths, or one of the two.
    """
    if not len(truth) or not len(boxes):
        return torch.full((len(boxes),), BACKGROUND, dtype=torch.int64, device=boxes.device)
    return Matcher(high, low, allow_low_quality_matches=each_truth)(box_iou(truth, boxes))
