"""The constants of COCO's detection metrics.

Source: COCO's detection evaluation page, and the parameters of ``cocoeval.py`` in cocodataset/cocoapi.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

#: What is compared: the boxes, or the masks.
Kind = Literal["boxes", "masks"]

#: (10,): how much a detection must overlap what it is to have found.
IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)

#: (101,): where the precision curve is read.
RECALLS = np.linspace(0.0, 1.0, 101)

#: Sizes of objects in square pixels, both ends included.
AREAS: dict[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}

#: The best detections of a picture that count, for each class.
MOST_DETECTIONS = 100
