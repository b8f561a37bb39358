"""The box head: what a proposal is, and where exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from jpegproof.models.detectron2.boxes import FINE_OFFSETS, clipped, has_area
from jpegproof.models.detectron2.pyramid import WIDTH

#: Side of the features that the head takes.
SIDE = 7

_HIDDEN = 1024
_SCORE, _NMS = 0.05, 0.5
#: Detections of a picture.
MOST = 100


class Found(NamedTuple):
    """What was detected in a picture, best first.

    Attributes:
        boxes: (D, 4) xyxy in input pixels, inside the picture.
        classes: (D,) int64, the network's numbers.
        scores: (D,) probabilities, falling.
    """

    boxes: Tensor
    classes: Tensor
    scores: Tensor


class BoxHead(nn.Module):
    """Two fully connected layers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(WIDTH * SIDE * SIDE, _HIDDEN)
        self.fc2 = nn.Linear(_HIDDEN, _HIDDEN)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_uniform_(layer.weight, a=1)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(P, 256, 7, 7) to (P, 1024)."""
        return F.relu(self.fc2(F.relu(self.fc1(features.flatten(1)))))


class BoxPredictor(nn.Module):
    """Class logits, the background last, and offsets for each class but the background."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(_HIDDEN, classes + 1)
        self.bbox_pred = nn.Linear(_HIDDEN, 4 * classes)
        nn.init.normal_(self.cls_score.weight, std=0.01)
        nn.init.normal_(self.bbox_pred.weight, std=0.001)
        for layer in (self.cls_score, self.bbox_pred):
            nn.init.zeros_(layer.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(P, 1024) to logits (P, classes + 1) and offsets (P, 4 x classes)."""
        return self.cls_score(features), self.bbox_pred(features)


@torch.no_grad()
def found(logits: Tensor, offsets: Tensor, proposals: Tensor, size: tuple[int, int]) -> Found:
    """The detections among a picture's proposals, at most `MOST`; no gradients go through them.

    Args:
        logits: (P, classes + 1).
        offsets: (P, 4 x classes).
        proposals: (P, 4) in input pixels.
        size: (H, W) of the picture without padding.
    """
    scores = logits.softmax(-1)[:, :-1]
    boxes = FINE_OFFSETS.decode_single(offsets, proposals).reshape(-1, 4)
    boxes = clipped(boxes, size).reshape(*scores.shape, 4)
    rows, classes = torch.where(scores > _SCORE)
    boxes, scores = boxes[rows, classes], scores[rows, classes]
    chosen = batched_nms(boxes, scores, classes, _NMS)[:MOST]
    chosen = chosen[has_area(boxes[chosen])]
    return Found(boxes[chosen], classes[chosen], scores[chosen])


def box_losses(
    logits: Tensor, offsets: Tensor, proposals: Tensor, classes: Tensor, matched: Tensor
) -> dict[str, Tensor]:
    """Cross entropy of the classes (mean), L1 of the offsets of the proposals that are objects.

    Args:
        logits: (P, C + 1).
        offsets: (P, 4 C).
        proposals: (P, 4) in input pixels.
        classes: (P,) what each proposal is; C for background.
        matched: (P, 4) the true box of each proposal; read where it is an object.

    Returns:
        The L1 is divided by the number of all proposals, objects or not, so that every object counts the same.
    """
    count = logits.shape[1] - 1
    (objects,) = torch.where(classes < count)
    predicted = offsets.reshape(-1, count, 4)[objects, classes[objects]]
    wanted = FINE_OFFSETS.encode_single(matched[objects], proposals[objects])
    return {
        # A sum, since the mean over no proposals at all is none.
        "loss_cls": F.cross_entropy(logits, classes, reduction="sum") / max(len(classes), 1),
        "loss_box_reg": F.l1_loss(predicted, wanted, reduction="sum") / max(len(classes), 1),
    }


def split(tensor: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """The rows of several pictures, picture by picture; as many for each as it has boxes."""
    return list(tensor.split([len(boxes) for boxes in like]))
