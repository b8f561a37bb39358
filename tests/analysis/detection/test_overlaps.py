"""Overlaps by hand, and what cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.detection.overlaps import areas_of, overlaps
from jpegproof.tasks.masks import encode_mask
from jpegproof.tasks.objects import Detections, Objects

SIZE = (10, 20)
SQUARES = [[0, 0, 4, 4], [2, 0, 6, 4], [10, 5, 14, 9]]


def masks(boxes: list[list[int]]) -> tuple[bytes, ...]:
    drawn = []
    for left, top, right, bottom in boxes:
        mask = np.zeros(SIZE, dtype=bool)
        mask[top:bottom, left:right] = True
        drawn.append(encode_mask(mask))
    return tuple(drawn)


def truth(crowd: bool = False, masked: bool = True, size: tuple[int, int] = SIZE) -> Objects:
    boxes = np.array(SQUARES[:1], dtype=np.float64)
    return Objects(
        size, boxes, np.ones(1, np.int64), np.array([crowd]), np.ones(1), masks(SQUARES[:1]) if masked else None
    )


def answer(masked: bool = True) -> Detections:
    labels = np.array([1, 1, 1, 2])
    boxes = [*SQUARES, SQUARES[0]]
    scores = np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32)
    return Detections(SIZE, np.array(boxes, dtype=np.float32), labels, scores, masks(boxes) if masked else None)


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_overlap_is_over_the_union_and_in_crowds_over_the_detection(kind: Kind):
    assert overlaps(truth(), answer(), kind)[:, 0] == pytest.approx([1, 8 / 24, 0, 0])
    assert overlaps(truth(crowd=True), answer(), kind)[:, 0] == pytest.approx([1, 8 / 16, 0, 0])
    assert areas_of(answer(), kind).tolist() == [16] * 4


def test_masks_are_not_made_of_boxes():
    with pytest.raises(ValueError, match="the Objects hold boxes alone"):
        overlaps(truth(masked=False), answer(), "masks")
    with pytest.raises(ValueError, match="the Detections hold boxes alone"):
        overlaps(truth(), answer(masked=False), "masks")


def test_masks_of_pictures_of_two_sizes_are_not_compared():
    with pytest.raises(ValueError, match=r"truth of a picture of \(20, 10\) .* detections in one of \(10, 20\)"):
        overlaps(truth(size=(20, 10)), answer(), "masks")
