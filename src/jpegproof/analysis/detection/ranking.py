"""Detections of all pictures in one order, laid out so that a resample is one pass over those that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import AREAS, IOU_THRESHOLDS
from jpegproof.analysis.detection.matches import Matches

_Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What a resample needs of the detections of one size, K classes one after the other, best first.

    A *run* is what one picture has at one score: in a resample it stands there as often as its picture was drawn. How
    many detections count before a run differs by threshold only by the few that some match takes in or out; so all
    thresholds share one list of the detections of this size (the *base*), and a threshold has only the runs in which
    something is right, or in which other detections count than in the base. T is the number of thresholds.

    Attributes:
        classes: (K,) int64 ids of the classes that have something to be found.
        true_pictures, true_classes: (G,) each object to be found: its picture, and its place among the classes.
        base_pictures: (B,) each base detection's picture.
        base_begin: (K + 1,) where each class begins in it.
        run_begin: (T, K + 1) where each threshold's and class's runs begin.
        run_picture: (U,) each run's picture.
        run_place: (U,) base detections of its class before the run.
        run_base: (U,) base detections within the run.
        run_counted: (U,) detections within the run that count at this threshold.
        right_begin: (U + 1,) where each run's right detections begin.
        right_place: (V,) the place of each right detection among those that count in its run, from 1.
    """

    classes: NDArray[np.int64]
    true_pictures: _Numbers
    true_classes: _Numbers
    base_pictures: _Numbers
    base_begin: _Numbers
    run_begin: _Numbers
    run_picture: _Numbers
    run_place: _Numbers
    run_base: _Numbers
    run_counted: _Numbers
    right_begin: _Numbers
    right_place: _Numbers


def ranking(matches: Matches, area: str) -> Ranking:
    """Ranks the detections of one size.

    Equal scores stand in the order of their pictures, within a picture as they were given.

    Args:
        matches: of all pictures.
        area: one of `AREAS`.
    """
    size = list(AREAS).index(area)
    to_find = matches.true_counted[size]
    classes = np.unique(matches.true_labels[to_find])
    order = _order(matches, classes)
    labels, pictures, base = matches.labels[order], matches.pictures[order], matches.in_area[size, order]
    class_begin = np.append(np.searchsorted(labels, classes), len(order))
    base_before = _counts_before(base)
    runs = _Runs.of(labels, matches.scores[order], pictures)
    run_class = np.searchsorted(classes, labels[runs.begin])

    begins, tables, rights = [], [], []
    for threshold in range(len(IOU_THRESHOLDS)):
        bit = np.uint16(1 << threshold)
        counts = (matches.ignored[size, order] & bit) == 0
        right = counts & ((matches.matched[size, order] & bit) != 0)
        counts_before = _counts_before(counts)
        chosen = np.unique(runs.of_detection[right | (counts != base)])
        begin, end = runs.begin[chosen], runs.end[chosen]
        places = np.flatnonzero(right)
        columns = {
            "picture": pictures[begin],
            "place": base_before[begin] - base_before[class_begin[run_class[chosen]]],
            "base": base_before[end] - base_before[begin],
            "counted": counts_before[end] - counts_before[begin],
            "right": np.searchsorted(places, end) - np.searchsorted(places, begin),
        }
        begins.append(np.searchsorted(run_class[chosen], np.arange(len(classes) + 1)))
        tables.append(columns)
        rights.append(counts_before[places] + 1 - counts_before[runs.begin[runs.of_detection[places]]])
    joined = {name: np.concatenate([table[name] for table in tables]).astype(np.int32) for name in tables[0]}
    earlier = _sums_before([len(table["picture"]) for table in tables])
    return Ranking(
        classes=classes,
        true_pictures=matches.true_pictures[to_find],
        true_classes=np.searchsorted(classes, matches.true_labels[to_find]).astype(np.int32),
        base_pictures=pictures[base],
        base_begin=base_before[class_begin].astype(np.int32),
        run_begin=(np.stack(begins) + earlier[:-1, None]).astype(np.int32),
        run_picture=joined["picture"],
        run_place=joined["place"],
        run_base=joined["base"],
        run_counted=joined["counted"],
        right_begin=_sums_before(joined["right"]).astype(np.int32),
        right_place=np.concatenate(rights).astype(np.int32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Where runs begin and end among the ranked detections, and which run each detection is in."""

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    of_detection: NDArray[np.int64]

    @classmethod
    def of(cls, *columns: NDArray[Any]) -> _Runs:
        """Runs of detections that are alike in all columns."""
        opens = np.ones(len(columns[0]), dtype=bool)
        opens[1:] = np.any([np.diff(column) != 0 for column in columns], axis=0)
        begin = np.flatnonzero(opens)
        return cls(begin, np.append(begin[1:], len(opens))[: len(begin)], np.cumsum(opens) - 1)


def _order(matches: Matches, classes: NDArray[np.int64]) -> NDArray[np.intp]:
    """The detections of some classes: class by class, best first, equal ones as they stand."""
    wanted = np.flatnonzero(np.isin(matches.labels, classes))
    return wanted[np.lexsort((-matches.scores[wanted], matches.labels[wanted]))]


def _counts_before(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(D + 1,): how many are set before each place, and in all."""
    return _sums_before(flags.astype(np.int64))


def _sums_before(numbers: Sequence[int] | NDArray[Any]) -> NDArray[np.int64]:
    """(D + 1,): the sum before each place, and of all."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(numbers, dtype=np.int64)])
