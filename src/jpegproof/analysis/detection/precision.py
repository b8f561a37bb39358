"""Average precision under picture weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import IOU_THRESHOLDS, RECALLS
from jpegproof.analysis.detection.compiled import compiled
from jpegproof.analysis.detection.ranking import Ranking

Values = NDArray[np.float64]

#: Resamples that a thread works on at once, so that the precisions of all classes are held of a few only.
_BLOCK = 32


def weighted_precision(ranking: Ranking, weights: NDArray[np.int32], reduce: Callable[[Values], Values]) -> Values:
    """Average precision in each of R resamples.

    A weight says how often the resample holds the picture. The result is that of COCO's own evaluation of a data set
    in which the picture stands so often, its copies one after the other.

    Args:
        ranking: of the detections of one size.
        weights: (R, N), 0 or more.
        reduce: makes of (r, K, T) precisions in [0, 1], NaN where the resample holds nothing to be found, what is
            wanted of each resample.

    Returns:
        (R, ...) what `reduce` answers.

    Raises:
        MissingExtraError: numba is not installed.
    """

    def block(begin: int) -> Values:
        some = np.ascontiguousarray(weights[begin : begin + _BLOCK])
        precisions = np.empty((len(some), len(ranking.classes), len(IOU_THRESHOLDS)))
        _resample(
            some,
            ranking.true_pictures,
            ranking.true_classes,
            ranking.base_pictures,
            ranking.base_begin,
            ranking.run_begin,
            ranking.run_picture,
            ranking.run_place,
            ranking.run_base,
            ranking.run_counted,
            ranking.right_begin,
            ranking.right_place,
            RECALLS,
            precisions,
        )
        return reduce(precisions)

    with ThreadPoolExecutor(_cores()) as threads:
        return np.concatenate(list(threads.map(block, range(0, max(len(weights), 1), _BLOCK))))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@compiled
def _resample(
    weights: NDArray[np.int32],
    true_pictures: NDArray[np.int32],
    true_classes: NDArray[np.int32],
    base_pictures: NDArray[np.int32],
    base_begin: NDArray[np.int32],
    run_begin: NDArray[np.int32],
    run_picture: NDArray[np.int32],
    run_place: NDArray[np.int32],
    run_base: NDArray[np.int32],
    run_counted: NDArray[np.int32],
    right_begin: NDArray[np.int32],
    right_place: NDArray[np.int32],
    recalls: NDArray[np.float64],
    precisions: NDArray[np.float64],
) -> None:
    resamples, classes, thresholds = precisions.shape
    least = np.spacing(1.0)  # COCO adds it to every denominator
    before = np.empty(len(base_pictures) + 1, np.int64)
    best = np.empty(len(recalls), np.float64)
    to_find = np.empty(classes, np.int64)
    for resample in range(resamples):
        weight = weights[resample]
        to_find[:] = 0
        for true in range(len(true_pictures)):
            to_find[true_classes[true]] += weight[true_pictures[true]]
        for chosen in range(classes):
            if to_find[chosen] == 0:
                precisions[resample, chosen] = np.nan
                continue
            before[0] = 0
            for place in range(base_begin[chosen + 1] - base_begin[chosen]):
                before[place + 1] = before[place] + weight[base_pictures[base_begin[chosen] + place]]
            for threshold in range(thresholds):
                # best[r]: the highest precision among the points between recall r and the next.
                best[:] = 0.0
                reached, right, beyond_base = 0, 0, 0
                for run in range(run_begin[threshold, chosen], run_begin[threshold, chosen + 1]):
                    copies = weight[run_picture[run]]
                    if copies == 0:
                        continue
                    counted = before[run_place[run]] + beyond_base
                    for _ in range(copies):
                        for place in range(right_begin[run], right_begin[run + 1]):
                            right += 1
                            recall = right / to_find[chosen]
                            while reached < len(recalls) and recalls[reached] <= recall:
                                reached += 1
                            precision = right / (counted + right_place[place] + least)
                            best[reached - 1] = max(best[reached - 1], precision)
                        counted += run_counted[run]
                    beyond_base += copies * (run_counted[run] - run_base[run])
                highest, total = 0.0, 0.0
                for place in range(len(recalls) - 1, -1, -1):
                    highest = max(highest, best[place])
                    total += highest
                precisions[resample, chosen, threshold] = total / len(recalls)
