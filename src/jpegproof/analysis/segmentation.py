"""Semantic segmentation's metrics from stored counts of pixels, as functions of picture weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Values
from jpegproof.analysis.by_class import class_labels
from jpegproof.tasks.segmentation_columns import SEGMENTATION_SCHEMA, StoredCounts

#: The stored columns that the metrics are made of, of the answers and of those on the originals alike.
COLUMNS = tuple(SEGMENTATION_SCHEMA.names)

#: What the official evaluation adds to each union before it divides, so that a class that is nowhere counts 0.
EPSILON = 1e-10


class Totals(NamedTuple):
    """Pixels of each class in each resample or picture, (R, K) whole numbers: said rightly, said, and true."""

    intersection: Values
    predicted: Values
    labelled: Values

    @property
    def union(self) -> Values:
        """Pixels that are said to be of the class, or are, or both: (R, K)."""
        return self.predicted + self.labelled - self.intersection


class SegmentationCounts:
    """The counts of one set of answers: what all their metrics are worked out from.

    Attributes:
        usable: (N,) whether the picture counts; the others count for nothing, whatever their weight.
        classes: how many the model knows.
    """

    def __init__(self, stored: StoredCounts) -> None:
        self.usable = stored.usable
        self.classes = stored.classes
        self._stored = stored

    def totals(self, weights: Values) -> Totals:
        """The sums over the pictures, each as often as each of R resamples holds it: `weights` is (R, N)."""
        return Totals(*(weights @ self._by_picture(counts) for counts in self._stored.counts))

    @property
    def each(self) -> Totals:
        """The counts of each picture by itself: R is the number of pictures."""
        return Totals(*map(self._by_picture, self._stored.counts))

    @property
    def labelled_pictures(self) -> NDArray[np.int64]:
        """(K,) on how many of the pictures that count each class is labelled."""
        stored = self._stored
        seen = (stored.counts[2] > 0) & stored.usable[stored.pictures]
        return np.bincount(stored.present[seen], minlength=self.classes)

    def _by_picture(self, counts: NDArray[np.int32]) -> Values:
        """(N, K). Made anew each time: kept for every edge and quality of a study it would fill the memory."""
        table = np.zeros((len(self.usable), self.classes))
        table[self._stored.pictures, self._stored.present] = counts
        return table


@dataclass(frozen=True, slots=True, eq=False)
class MeanIou:
    """Intersection over union, averaged over the classes, in percent.

    Attributes:
        counts: of the answers.
        absent_count: whether a class that is neither said nor true anywhere in the resample counts, as 0: the official
            ADE20K protocol, by which every class of the list counts. If not, the mean is over those that are.

    Source of the first: CSAILVision/semantic-segmentation-pytorch, ``eval.py``.
    """

    counts: SegmentationCounts
    absent_count: bool

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return self.counts.usable

    def values(self, weights: NDArray[Any]) -> Values:
        """(R,) percent in resamples given by (R, N) whole-numbered weights; NaN in one that holds no pixel."""
        return self.of(self.counts.totals(weights))

    def of(self, totals: Totals) -> Values:
        """(R,) percent of counts that were summed already; NaN where there is no pixel."""
        union = totals.union
        there = union > 0
        ious = totals.intersection / (union + EPSILON if self.absent_count else np.where(there, union, 1.0))
        classes = np.full(len(union), self.counts.classes) if self.absent_count else there.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(there.any(axis=1), 100.0 * ious.sum(axis=1) / classes, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class PixelAccuracy:
    """The share of the pixels that are right, in percent: pictures count by the pixels of which something is known.

    Source: CSAILVision/semantic-segmentation-pytorch, ``eval.py``.
    """

    counts: SegmentationCounts

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return self.counts.usable

    def values(self, weights: NDArray[Any]) -> Values:
        """(R,) percent in resamples given by (R, N) whole-numbered weights; NaN in one that holds no pixel."""
        totals = self.counts.totals(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            return 100.0 * totals.intersection.sum(axis=1) / totals.labelled.sum(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class ClassIous:
    """Intersection over union of each class that is labelled somewhere, in percent; a `ClassMetric`.

    Attributes:
        counts: of the answers.
        called: names by number; a class without one goes by its number.
    """

    counts: SegmentationCounts
    called: Mapping[int, str]
    is_share = False

    @property
    def names(self) -> Sequence[str]:
        """(K,) of the classes."""
        return class_labels(np.flatnonzero(self.counts.labelled_pictures).tolist(), self.called)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return self.counts.usable

    @property
    def holding(self) -> NDArray[np.int64]:
        """(K,) on how many pictures each is labelled."""
        held = self.counts.labelled_pictures
        return held[held > 0]

    def values(self, weights: Values) -> Values:
        """(R, K) percent in resamples given by (R, N) whole numbers; NaN where a class is neither said nor true."""
        totals = self.counts.totals(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            ious = 100.0 * totals.intersection / totals.union
        return ious[:, self.counts.labelled_pictures > 0]


def segmentation_metrics(answers: pa.Table, reference: pa.Table) -> dict[str, MeanIou | PixelAccuracy]:
    """Semantic segmentation's metrics, in percent.

    Args:
        answers: the stored answers on some compression, one row per picture.
        reference: the model's stored answers on the originals; they were counted against when the answers were stored.

    Returns:
        Where there are labels ``mIoU`` and ``pixel_accuracy`` by the official ADE20K protocol: pixels without a label
        count for nothing, every class of the list counts in the mean, one that is nowhere as 0. ``agreement`` is the
        mean IoU with the model's own map on the original, over the classes that either shows: a model may never say
        some of its classes, and would not agree with itself otherwise. ``pixel_agreement`` is the share of pixels
        that keep their class.
    """
    del reference
    metrics: dict[str, MeanIou | PixelAccuracy] = {}
    labelled = SegmentationCounts(StoredCounts.of(answers, "label"))
    if labelled.usable.any():
        metrics |= {"mIoU": MeanIou(labelled, absent_count=True), "pixel_accuracy": PixelAccuracy(labelled)}
    own = SegmentationCounts(StoredCounts.of(answers, "own"))
    return {**metrics, "agreement": MeanIou(own, absent_count=False), "pixel_agreement": PixelAccuracy(own)}


def iou_of_classes(
    answers: pa.Table, reference: pa.Table, metrics: Mapping[str, Any], names: Mapping[int, str]
) -> dict[str, ClassIous]:
    """``IoU`` of each class with the label; nothing where no picture has a label."""
    del answers, reference
    whole = metrics.get("mIoU")
    return {} if whole is None else {"IoU": ClassIous(whole.counts, names)}


def picture_ious(answers: pa.Table) -> tuple[str, NDArray[np.float64]]:
    """The mean IoU of each picture by itself, over the classes that it shows or is said to show.

    Returns:
        ``mIoU`` against the labels, or ``agreement`` where no picture has one, and (N,) percent; NaN where a picture
        does not count.
    """
    labelled = SegmentationCounts(StoredCounts.of(answers, "label"))
    counts = labelled if labelled.usable.any() else SegmentationCounts(StoredCounts.of(answers, "own"))
    alone = MeanIou(counts, absent_count=False).of(counts.each)
    return "mIoU" if counts is labelled else "agreement", np.where(counts.usable, alone, np.nan)
