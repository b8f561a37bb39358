"""How far detections and true objects cover each other, as boxes or as masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.exceptions import DataError
from jpegproof.tasks.masks import coco_masks
from jpegproof.tasks.objects import Detections, Objects


def overlaps(said: Detections, true: Objects, kind: Kind) -> NDArray[np.float64]:
    """How far each detection and each true object of a picture cover each other.

    Args:
        said: N detections.
        true: M objects of the same picture.
        kind: by their boxes or by their masks.

    Returns:
        (N, M) in [0, 1]: intersection over union; with a crowd region intersection over the detection's own area,
        as COCO has it.

    Raises:
        DataError: masks are asked for where there are none, or where the two are masks of pictures of two sizes.
        MissingExtraError: pycocotools is not installed.
    """
    if len(said) == 0 or len(true) == 0:
        return np.zeros((len(said), len(true)))
    if kind == "masks" and said.size != true.size:
        raise DataError(
            f"a picture's masks are {said.size} (height, width) where they were detected and {true.size} where they "
            "are true; both must be masks of the picture as it is stored"
        )
    first, second = _regions(said, kind, "the detector draws"), _regions(true, kind, "the data set has")
    return np.asarray(coco_masks().iou(first, second, true.crowd.astype(np.uint8).tolist()), dtype=np.float64)


def _regions(items: Detections | Objects, kind: Kind, who: str) -> Any:
    """What pycocotools compares: boxes as (N, 4) x, y, width, height, or run-length masks."""
    if kind == "boxes":
        boxes = items.boxes.astype(np.float64)
        return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    if items.masks is None:
        raise DataError(f"{who} no masks; ask for boxes")
    return [{"size": list(items.size), "counts": counts} for counts in items.masks]
