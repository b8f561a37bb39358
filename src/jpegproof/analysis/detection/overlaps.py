"""How much detections overlap what is true: boxes and masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.tasks.masks import coco_masks
from jpegproof.tasks.objects import Detections, Objects


def overlaps(truth: Objects, answer: Detections, kind: Kind) -> NDArray[np.float64]:
    """Intersection over union of each detection with each object of its class; over the detection alone for crowds.

    Returns:
        (D, G) in [0, 1]; 0 where the classes differ.

    Raises:
        ValueError: masks are asked for and one side has none, or the two are about pictures of different sizes.
        MissingExtraError: masks are asked for and pycocotools is not installed.
    """
    if kind == "boxes":
        same_class = answer.labels[:, None] == truth.labels[None, :]
        return np.where(same_class, _box_overlaps(truth, answer), 0.0)
    return _mask_overlaps(truth, answer)


def areas_of(answer: Detections, kind: Kind) -> NDArray[np.float64]:
    """(D,) square pixels of each detection's box or mask.

    Raises:
        ValueError: masks are asked for and there are none.
        MissingExtraError: masks are asked for and pycocotools is not installed.
    """
    if kind == "boxes":
        return _box_areas(answer.boxes.astype(np.float64).reshape(-1, 4))
    masks = _masks_of(answer)
    return np.asarray(coco_masks().area(masks), dtype=np.float64) if masks else np.zeros(0)


def _box_overlaps(truth: Objects, answer: Detections) -> NDArray[np.float64]:
    found = answer.boxes.astype(np.float64).reshape(-1, 1, 4)
    true = truth.boxes.reshape(1, -1, 4)
    width = np.minimum(found[..., 2], true[..., 2]) - np.maximum(found[..., 0], true[..., 0])
    height = np.minimum(found[..., 3], true[..., 3]) - np.maximum(found[..., 1], true[..., 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    alone = _box_areas(found)
    whole = np.where(truth.crowd, alone, alone + _box_areas(true) - shared)
    return np.divide(shared, whole, out=np.zeros_like(shared), where=shared > 0)


def _box_areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _mask_overlaps(truth: Objects, answer: Detections) -> NDArray[np.float64]:
    found, true = _masks_of(answer), _masks_of(truth)
    shared = np.zeros((len(found), len(true)))
    if found and true and truth.size != answer.size:
        raise ValueError(f"truth of a picture of {truth.size} (H, W), but detections in one of {answer.size}")
    for label in np.intersect1d(answer.labels, truth.labels):
        rows, columns = np.flatnonzero(answer.labels == label), np.flatnonzero(truth.labels == label)
        shared[np.ix_(rows, columns)] = coco_masks().iou(
            [found[row] for row in rows], [true[column] for column in columns], truth.crowd[columns].tolist()
        )
    return shared


def _masks_of(things: Objects | Detections) -> list[dict[str, object]]:
    if len(things) == 0:
        return []
    if things.masks is None:
        raise ValueError(f"masks are to be compared, but the {type(things).__name__} hold boxes alone")
    return [{"size": list(things.size), "counts": counts} for counts in things.masks]
