"""Detections in the form of an answer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from jpegproof.models.detectron2.box_head import Found
from jpegproof.models.detectron2.categories import Categories
from jpegproof.tasks.detector import Boxes


def answers(found: Sequence[Found], masks: Sequence[Tensor] | None, categories: Categories) -> list[Boxes]:
    """Per picture ``boxes``, ``labels``, ``scores``, and with masks ``mask_probabilities`` (D, 28, 28)."""
    answered = [
        {"boxes": picture.boxes, "labels": categories.labels(picture.classes), "scores": picture.scores}
        for picture in found
    ]
    if masks is not None:
        for answer, of_picture in zip(answered, masks, strict=True):
            answer["mask_probabilities"] = of_picture
    return list(answered)
