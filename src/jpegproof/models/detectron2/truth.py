"""What is true of a picture, as the losses take it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from jpegproof.models.detectron2.boxes import has_area
from jpegproof.models.detectron2.categories import Categories
from jpegproof.tasks.detector import Boxes


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The objects of a picture.

    Attributes:
        boxes: (M, 4) float xyxy in input pixels, none empty.
        classes: (M,) int64, the network's numbers.
        masks: (M, H, W) in input pixels, or None.
    """

    boxes: Tensor
    classes: Tensor
    masks: Tensor | None


def truth_of(target: Boxes, categories: Categories) -> Truth:
    """A target in the network's terms; boxes without an area are left out, as nothing can be learned from them.

    Raises:
        ModelError: a label is of no class of the network.
    """
    boxes = target["boxes"].float().reshape(-1, 4)
    kept = has_area(boxes)
    masks = target.get("masks")
    return Truth(boxes[kept], categories.classes(target["labels"][kept]), None if masks is None else masks[kept])
