"""Classification's metrics, picture by picture, from stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.by_class import class_labels

Column = NDArray[np.float64]

#: The stored columns that the metrics are made of.
COLUMNS = ("top", "label", "label_log_probability", "distance")


def classification_metrics(answers: pa.Table, reference: pa.Table) -> dict[str, Column]:
    """Per picture: what counts towards each metric, NaN where it does not count.

    Args:
        answers: the stored answers on some compression, one row per picture.
        reference: the model's stored answers on the originals, the same pictures in the same order.

    Returns:
        ``top1``, ``top5`` and ``agreement`` as 0 or 100; ``true_label_log_probability`` in nats; ``distance`` in the
        model's own units. Without labels only the last two that need none.
    """
    best = _leading(answers.column("top"), 1)
    label = _numbers(answers.column("label"))
    metrics: dict[str, Column] = {}
    if np.isfinite(label).any():
        five = _leading(answers.column("top"), 5)
        known = np.isfinite(label) & np.isfinite(best[:, 0])
        metrics["top1"] = np.where(known, 100.0 * (best[:, 0] == label), np.nan)
        if five.shape[1] == 5:  # a model of fewer classes has no top 5 worth the name
            metrics["top5"] = np.where(known, 100.0 * (five == label[:, None]).any(axis=1), np.nan)
        metrics["true_label_log_probability"] = _numbers(answers.column("label_log_probability"))
    own = _leading(reference.column("top"), 1)
    both = np.isfinite(best[:, 0]) & np.isfinite(own[:, 0])
    metrics["agreement"] = np.where(both, 100.0 * (best[:, 0] == own[:, 0]), np.nan)
    metrics["distance"] = _numbers(answers.column("distance"))
    return metrics


def picture_log_probabilities(answers: pa.Table) -> tuple[str, Column]:
    """How sure a classifier is of each picture's label, or where no picture has one, how near it is to the original.

    Returns:
        ``true_label_log_probability`` in nats, or ``distance`` of the logits in the model's own units, less of which is
        better; and (N,) of them, NaN where a picture does not count. Agreement would say no more than yes or no.
    """
    sure = _numbers(answers.column("label_log_probability"))
    if np.isfinite(_numbers(answers.column("label"))).any():
        return "true_label_log_probability", sure
    return "distance", _numbers(answers.column("distance"))


@dataclass(frozen=True, slots=True, eq=False)
class ClassAccuracy:
    """The top-1 accuracy on the pictures of each class; a `ClassMetric`.

    Attributes:
        right: (N,) 0 or 100, NaN where a picture does not count.
        labels: (N,) whole numbers, NaN where there is none.
        called: names by label; a class without one goes by its number.
    """

    right: Column
    labels: Column
    called: Mapping[int, str]
    is_share = True

    @property
    def names(self) -> Sequence[str]:
        return class_labels(self._of_pictures()[1].tolist(), self.called)

    @property
    def usable(self) -> NDArray[np.bool_]:
        return np.isfinite(self.right)

    @property
    def holding(self) -> NDArray[np.int64]:
        return np.diff(np.append(self._of_pictures()[2], self.usable.sum()))

    def values(self, weights: Column) -> Column:
        order, _, begins = self._of_pictures()
        drawn = weights[:, order]
        right = np.add.reduceat(drawn * self.right[order], begins, axis=1)
        with np.errstate(invalid="ignore"):
            return right / np.add.reduceat(drawn, begins, axis=1)

    def _of_pictures(self) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.intp]]:
        """The pictures that count, class by class; the classes; where each begins."""
        counted = np.flatnonzero(self.usable)
        order = counted[np.argsort(self.labels[counted], kind="stable")]
        classes, begins = np.unique(self.labels[order].astype(np.int64), return_index=True)
        return order, classes, begins


def accuracy_of_classes(
    answers: pa.Table, reference: pa.Table, metrics: Mapping[str, Any], names: Mapping[int, str]
) -> dict[str, ClassAccuracy]:
    """``top1`` of each class, where there are labels."""
    del reference
    if not np.isfinite(metrics.get("top1", np.nan)).any():
        return {}
    return {"top1": ClassAccuracy(metrics["top1"], _numbers(answers.column("label")), names)}


def _numbers(column: pa.ChunkedArray) -> Column:
    return np.array([np.nan if value is None else value for value in column.to_pylist()], dtype=np.float64)


def _leading(column: pa.ChunkedArray, count: int) -> Column:
    """(pictures, up to count) of the best classes; NaN rows where a picture was skipped."""
    lists = column.to_pylist()
    width = min([count, *(len(item) for item in lists if item is not None)])
    return np.array([item[:width] if item is not None else [np.nan] * width for item in lists], dtype=np.float64)
