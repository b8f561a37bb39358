"""Classification's metrics, picture by picture, from stored predictions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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


def _numbers(column: pa.ChunkedArray) -> Column:
    return np.array([np.nan if value is None else value for value in column.to_pylist()], dtype=np.float64)


def _leading(column: pa.ChunkedArray, count: int) -> Column:
    """(pictures, up to count) of the best classes; NaN rows where a picture was skipped."""
    lists = column.to_pylist()
    width = min([count, *(len(item) for item in lists if item is not None)])
    return np.array([item[:width] if item is not None else [np.nan] * width for item in lists], dtype=np.float64)
