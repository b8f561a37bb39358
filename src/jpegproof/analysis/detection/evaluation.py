"""COCO's metrics of one detector's answers, as functions of picture weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import AREAS, IOU_THRESHOLDS
from jpegproof.analysis.detection.matches import Matches
from jpegproof.analysis.detection.precision import Values, weighted_precision
from jpegproof.analysis.detection.ranking import Ranking, ranking

#: Each metric's size of objects, and the thresholds that it is the mean over.
METRICS: dict[str, tuple[str, slice]] = {
    "mAP": ("all", slice(None)),
    "AP50": ("all", slice(0, 1)),
    "AP75": ("all", slice(5, 6)),
    "mAP_small": ("small", slice(None)),
    "mAP_medium": ("medium", slice(None)),
    "mAP_large": ("large", slice(None)),
}

#: Sets of weights whose means are kept, some kilobytes each: metrics of one size are asked for one after the other.
_KEPT = 32


class _Means(NamedTuple):
    by_threshold: Values
    by_class: Values


class Evaluation:
    """The matches of one set of answers, ranked: what all its metrics are worked out from.

    Args:
        matches: of all pictures; not held on to.
        areas: the sizes of objects that will be asked for, of `AREAS`; each costs time and memory.

    Attributes:
        usable: (N,) whether the picture is labelled and has an answer; the others count for nothing, whatever their
            weight.
        classes: (K,) category ids of the classes that have something to be found.
        holding: (K,) how many pictures hold something of each class that is to be found.
    """

    def __init__(self, matches: Matches, areas: Sequence[str] = tuple(AREAS)) -> None:
        self.usable = matches.usable
        self._rankings: dict[str, Ranking] = {area: ranking(matches, area) for area in areas}
        every = self._rankings["all"]
        self.classes = every.classes
        pairs = np.unique(np.stack([every.true_classes, every.true_pictures]), axis=1)
        self.holding = np.bincount(pairs[0], minlength=len(self.classes))
        self._kept: dict[tuple[str, bytes], _Means] = {}

    def metrics(self) -> dict[str, AveragePrecision]:
        """COCO's metrics by the names of `METRICS`, of the sizes that were asked for."""
        return {name: AveragePrecision(self, *parts) for name, parts in METRICS.items() if parts[0] in self._rankings}

    def precision_by_threshold(self, weights: NDArray[Any], area: str = "all") -> Values:
        """The mean over classes at each threshold of `IOU_THRESHOLDS`: (R, T) percent.

        Args:
            weights: (R, N) how often each resample holds each picture: whole numbers, 0 or more.
            area: one of `AREAS`.

        Returns:
            NaN in a resample that holds nothing to be found. Classes of which it holds nothing are left out.

        Raises:
            ValueError: weights are negative, broken, or of another number of pictures.
            MissingExtraError: numba is not installed.
        """
        return self._means(weights, area).by_threshold

    def precision_by_class(self, weights: NDArray[Any], area: str = "all") -> Values:
        """Each class's average precision over all thresholds: (R, K) percent, in the order of `classes`.

        Args, NaN and errors are those of `precision_by_threshold`. The classes are those that have something of that
        size to be found.
        """
        return self._means(weights, area).by_class

    def _means(self, weights: NDArray[Any], area: str) -> _Means:
        counts = self._counts(weights)
        key = (area, blake2b(counts.data, digest_size=16).digest() + bytes(str(counts.shape), "ascii"))
        if key not in self._kept:
            values = 100.0 * weighted_precision(self._rankings[area], counts, _both_means)
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = _Means(values[:, : len(IOU_THRESHOLDS)], values[:, len(IOU_THRESHOLDS) :])
        return self._kept[key]

    def _counts(self, weights: NDArray[Any]) -> NDArray[np.int32]:
        weights = np.asarray(weights)
        if weights.ndim != 2 or weights.shape[1] != len(self.usable):
            raise ValueError(f"weights of shape {weights.shape} for {len(self.usable)} pictures; (R, N) is needed")
        counts = np.ascontiguousarray(weights, dtype=np.int32)
        if (counts != weights).any() or (counts < 0).any():
            raise ValueError("weights say how often a picture is there: whole numbers, 0 or more")
        return counts


@dataclass(frozen=True, slots=True, eq=False)
class AveragePrecision:
    """One of COCO's metrics.

    Attributes:
        evaluation: of the answers.
        area: one of `AREAS`.
        thresholds: which of `IOU_THRESHOLDS` the mean is over.
    """

    evaluation: Evaluation
    area: str
    thresholds: slice

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return self.evaluation.usable

    def values(self, weights: NDArray[Any]) -> Values:
        """(R,) percent in resamples given by (R, N) whole-numbered weights; NaN where nothing is to be found."""
        return self.evaluation.precision_by_threshold(weights, self.area)[:, self.thresholds].mean(axis=1)


def average_precision(matches: Matches, weights: NDArray[Any] | None = None) -> Mapping[str, Values]:
    """All of COCO's metrics: (R,) percent by the names of `METRICS`.

    Args:
        matches: of all pictures.
        weights: (R, N) whole numbers; None takes each picture once.
    """
    evaluation = Evaluation(matches)
    if weights is None:
        weights = np.ones((1, len(matches.usable)))
    return {name: metric.values(weights) for name, metric in evaluation.metrics().items()}


def _both_means(precisions: Values) -> Values:
    """(r, T + K) of (r, K, T): the means over classes, then those over thresholds."""
    present = ~np.isnan(precisions)
    with np.errstate(invalid="ignore"):
        over_classes = np.where(present, precisions, 0.0).sum(axis=1) / present.sum(axis=1)
    return np.concatenate([over_classes, precisions.mean(axis=2)], axis=1)
