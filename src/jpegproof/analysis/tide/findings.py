"""What is right and what is wrong with the detections in one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.tide.faults import MAIN, Fault
from jpegproof.analysis.tide.overlaps import overlaps
from jpegproof.tasks.objects import Detections, Objects

#: So many of a picture's detections count, the best ones, as in COCO's own evaluation.
MOST_DETECTIONS = 100

#: Stands in `Findings.fault` for a detection that is right.
RIGHT = -1

_PLACE = {fault: place for place, fault in enumerate(MAIN)}


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """One picture's D detections, best first, and T true objects (crowd regions are none).

    Attributes:
        label: (D,) int64, what each detection is called.
        score: (D,) float64.
        fault: (D,) int8, place in `MAIN`, or `RIGHT`.
        counted: (D,) bool; False for a detection in a crowd region of its class, which is neither right nor wrong.
            Its fault is known nevertheless: mending may make it right.
        mendable: (D,) bool: whether mending the fault makes it right about an object that is not found otherwise. Of
            several detections that point to one object that is the best one; the others only go.
        mended_label: (D,) int64: what a mendable detection is called then.
        true_label: (T,) int64.
        found: (T,) bool: some detection is right about it.
        missed: (T,) bool: not found, and not what a mendable detection points to.
    """

    label: NDArray[np.int64]
    score: NDArray[np.float64]
    fault: NDArray[np.int8]
    counted: NDArray[np.bool_]
    mendable: NDArray[np.bool_]
    mended_label: NDArray[np.int64]
    true_label: NDArray[np.int64]
    found: NDArray[np.bool_]
    missed: NDArray[np.bool_]


def find_faults(true: Objects, said: Detections, kind: Kind, foreground: float, background: float) -> Findings:
    """Sorts a picture's detections into right ones and kinds of faults.

    Detections are taken by falling score; each is right about the object of its class that it overlaps most, of those
    that are not found yet, where that is at least the foreground threshold. What is not right is tested for a fault in
    place, in name, for a duplicate, for background, in this order; what is left is wrong in both place and name.

    Args:
        true: the picture's objects and crowd regions; not changed.
        said: the detections; not changed.
        kind: whether boxes or masks are compared.
        foreground: least overlap of a right detection, in (0, 1].
        background: an overlap up to this is none, in (0, 1).

    Raises:
        DataError: masks are asked for where there are none.
        MissingExtraError: pycocotools is not installed.

    Source: TIDE, section 2.2; the order of the tests, and what happens at a threshold, are those of tidecv 1.0.1.
    """
    best_first = np.argsort(-said.scores, kind="stable")[:MOST_DETECTIONS]
    label = said.labels[best_first].astype(np.int64)
    overlap = overlaps(said, true, kind)[best_first]
    true_label = true.labels[~true.crowd].astype(np.int64)
    with_objects, same = overlap[:, ~true.crowd], label[:, None] == true_label[None, :]

    right, found = _match(np.where(same, with_objects, 0.0), foreground)
    in_crowd = (overlap[:, true.crowd] > foreground) & (label[:, None] == true.labels[true.crowd][None, :])
    fault, target = _faults(with_objects, same, right, found, foreground, background)

    mendable = np.zeros(len(label), dtype=bool)
    pointed_at = np.zeros(len(true_label), dtype=bool)
    for detection in np.flatnonzero(target >= 0):
        if not found[target[detection]] and not pointed_at[target[detection]]:
            mendable[detection] = pointed_at[target[detection]] = True
    return Findings(
        label=label,
        score=said.scores[best_first].astype(np.float64),
        fault=fault,
        counted=right | ~in_crowd.any(axis=1),
        mendable=mendable,
        mended_label=np.where(mendable, true_label[target] if len(true_label) else 0, label),
        true_label=true_label,
        found=found,
        missed=~found & ~pointed_at,
    )


def _match(overlap: NDArray[np.float64], foreground: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which detections are right, and which objects are found; `overlap` is 0 between unlike classes."""
    right, found = (np.zeros(length, dtype=bool) for length in overlap.shape)
    for detection in np.flatnonzero((overlap >= foreground).any(axis=1)):
        free = np.where(found, 0.0, overlap[detection])
        nearest = int(free.argmax())
        if free[nearest] >= foreground:
            right[detection] = found[nearest] = True
    return right, found


def _faults(
    overlap: NDArray[np.float64],
    same: NDArray[np.bool_],
    right: NDArray[np.bool_],
    found: NDArray[np.bool_],
    foreground: float,
    background: float,
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Each detection's fault, and which object it would be right about but for a fault in name or place (-1: none)."""
    fault = np.full(len(overlap), _PLACE[Fault.BACKGROUND], dtype=np.int8)
    target = np.full(len(overlap), -1, dtype=np.int64)
    if len(found):
        every = np.arange(len(overlap))
        namesake, stranger = np.where(same, overlap, 0.0), np.where(same, 0.0, overlap)
        nearest_namesake, nearest_stranger = namesake.argmax(axis=1), stranger.argmax(axis=1)
        in_place = namesake[every, nearest_namesake]
        misplaced = (background <= in_place) & (in_place <= foreground)
        misnamed = stranger[every, nearest_stranger] >= foreground
        duplicate = (namesake * found).max(axis=1) >= foreground
        beside_all = overlap.max(axis=1) <= background
        fault = np.select(
            [misplaced, misnamed, duplicate, beside_all],
            [_PLACE[kind] for kind in (Fault.LOCALISATION, Fault.CLASSIFICATION, Fault.DUPLICATE, Fault.BACKGROUND)],
            default=_PLACE[Fault.BOTH],
        ).astype(np.int8)
        target = np.select([misplaced, misnamed], [nearest_namesake, nearest_stranger], default=-1)
    target[right] = -1
    fault[right] = RIGHT
    return fault, target
