"""Which detections are right, picture by picture: worked out once, the same in every resample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import AREAS, IOU_THRESHOLDS, MOST_DETECTIONS, Kind
from jpegproof.analysis.detection.compiled import compiled
from jpegproof.analysis.detection.overlaps import areas_of, overlaps
from jpegproof.tasks.objects import Detections, Objects


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Detections and objects of N pictures in flat arrays, by picture, within a picture by falling score.

    A is the number of `AREAS`; in the bits, bit t stands for threshold t of `IOU_THRESHOLDS`.

    Attributes:
        usable: (N,) whether the picture is labelled and has an answer; the others have no entries.
        pictures: (D,) int32, each detection's picture.
        labels: (D,) int64 category ids.
        scores: (D,) float32.
        in_area: (A, D) whether the detection itself is of that size.
        matched: (A, D) uint16 bits: an object was found.
        ignored: (A, D) uint16 bits: the detection is neither right nor wrong (in a crowd, or of another size).
        true_pictures: (G,) int32, each object's picture.
        true_labels: (G,) int64 category ids.
        true_counted: (A, G) whether the object is one to be found: of that size, and no crowd.
    """

    usable: NDArray[np.bool_]
    pictures: NDArray[np.int32]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    in_area: NDArray[np.bool_]
    matched: NDArray[np.uint16]
    ignored: NDArray[np.uint16]
    true_pictures: NDArray[np.int32]
    true_labels: NDArray[np.int64]
    true_counted: NDArray[np.bool_]


def match_pictures(
    truths: Iterable[Objects | None], answers: Iterable[Detections | None], kind: Kind = "boxes"
) -> Matches:
    """Matches detections with objects as COCO does, one picture at a time.

    Best first, a detection takes the free object of its class that it overlaps most (of equals the last), at each
    threshold and size; only where there is none, an ignored one. A crowd is never used up. Of each class the best
    `MOST_DETECTIONS` of a picture count; equal scores stand in the order in which they were given.

    Args:
        truths: per picture; None where it is unlabelled.
        answers: per picture; None where there is no answer. Both may be generators: no picture is held on to.
        kind: whether boxes or masks are compared. A detection's own size is that of the same thing.

    Raises:
        ValueError: masks are asked for where there are none, or not as many truths as answers.
        MissingExtraError: numba is not installed; for masks, pycocotools.
    """
    usable: list[bool] = []
    found: list[dict[str, NDArray[Any]]] = []
    for number, (truth, answer) in enumerate(zip(truths, answers, strict=True)):
        usable.append(truth is not None and answer is not None)
        if truth is not None and answer is not None:
            found.append(_match(number, truth, answer, kind))
    nothing = _match(0, *_NOTHING, "boxes")
    joined = {name: np.concatenate([part[name] for part in [nothing, *found]], axis=-1) for name in nothing}
    return Matches(np.array(usable, dtype=bool), **joined)


def _match(number: int, truth: Objects, answer: Detections, kind: Kind) -> dict[str, NDArray[Any]]:
    rows = _counted_rows(answer)
    labels, areas = answer.labels[rows], areas_of(answer, kind)[rows]
    in_area = np.stack([(low <= areas) & (areas <= high) for low, high in AREAS.values()])
    counted = np.stack([(low <= truth.areas) & (truth.areas <= high) for low, high in AREAS.values()]) & ~truth.crowd
    matched, ignored = np.zeros(in_area.shape, np.uint16), np.zeros(in_area.shape, np.uint16)
    if len(rows):
        shared = overlaps(truth, answer, kind)[rows]
        same_class = labels[:, None] == truth.labels[None, :]
        _match_greedily(shared, same_class, truth.crowd, counted, in_area, IOU_THRESHOLDS, matched, ignored)
    return {
        "pictures": np.full(len(rows), number, np.int32),
        "labels": labels.astype(np.int64),
        "scores": answer.scores[rows].astype(np.float32),
        "in_area": in_area,
        "matched": matched,
        "ignored": ignored,
        "true_pictures": np.full(len(truth), number, np.int32),
        "true_labels": truth.labels.astype(np.int64),
        "true_counted": counted,
    }


def _counted_rows(answer: Detections) -> NDArray[np.intp]:
    """The detections that count, best first."""
    order = np.argsort(-answer.scores, kind="stable")
    if len(order) <= MOST_DETECTIONS:
        return order
    by_class = np.argsort(answer.labels[order], kind="stable")
    labels = answer.labels[order][by_class]
    rank = np.arange(len(order)) - np.searchsorted(labels, labels, side="left")
    return order[np.sort(by_class[rank < MOST_DETECTIONS])]


_NOTHING = (
    Objects((0, 0), np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0)),
    Detections((0, 0), np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32)),
)


@compiled
def _match_greedily(
    shared: NDArray[np.float64],
    same_class: NDArray[np.bool_],
    crowd: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    in_area: NDArray[np.bool_],
    thresholds: NDArray[np.float64],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
) -> None:
    areas, found = in_area.shape
    true = len(crowd)
    for area in range(areas):
        for place in range(len(thresholds)):
            bit = np.uint16(1 << place)
            taken = np.zeros(true, np.bool_)
            for row in range(found):
                match = -1
                for to_find in (True, False):
                    least = min(thresholds[place], 1 - 1e-10)
                    for column in range(true):
                        if not same_class[row, column] or counted[area, column] != to_find:
                            continue
                        if (taken[column] and not crowd[column]) or shared[row, column] < least:
                            continue
                        least = shared[row, column]
                        match = column
                    if match >= 0:
                        break
                if match >= 0:
                    taken[match] = True
                    matched[area, row] |= bit
                if (match >= 0 and not counted[area, match]) or (match < 0 and not in_area[area, row]):
                    ignored[area, row] |= bit
