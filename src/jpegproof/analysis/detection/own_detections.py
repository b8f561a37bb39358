"""A model's own detections on the originals, taken as true: agreement needs no labels."""

from __future__ import annotations

import numpy as np

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.detection.overlaps import areas_of
from jpegproof.tasks.objects import Detections, Objects

#: The score from which on a detection on the original is taken for an object.
CONFIDENT = 0.5


def own_objects(answer: Detections, kind: Kind = "boxes", confidence: float = CONFIDENT) -> Objects:
    """The confident detections of an answer as objects.

    The agreement of a second answer to the picture is its mAP against them; see `match_pictures`.

    Args:
        answer: to the original.
        kind: whether the areas are those of the boxes or of the masks.
        confidence: the score from which on a detection is taken for an object.

    Raises:
        ValueError: masks are asked for and there are none.
        MissingExtraError: masks are asked for and pycocotools is not installed.
    """
    rows = np.flatnonzero(answer.scores >= confidence)
    return Objects(
        answer.size,
        answer.boxes[rows].astype(np.float64),
        answer.labels[rows],
        np.zeros(len(rows), dtype=bool),
        areas_of(answer, kind)[rows],
        None if answer.masks is None else tuple(answer.masks[row] for row in rows),
    )
