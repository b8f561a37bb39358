"""The metrics of a task that is not known, from stored predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Values
from jpegproof.analysis.task_metrics import Metric

#: The stored columns that the metrics are made of.
COLUMNS = ("distance",)
REFERENCE_COLUMNS = ("distance", "apart")


@dataclass(frozen=True, slots=True, eq=False)
class RelativeDistance:
    """How far answers moved, in percent of how far those to different pictures lie apart; a `PooledMetric`.

    Attributes:
        moved: (N,) of each picture; NaN where it does not count.
        apart: (N,) of each picture's answer on the original, to other pictures' there.
        kept: whether what is told is what is left of 100 instead.
    """

    moved: Values
    apart: Values
    kept: bool = False

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return np.isfinite(self.moved) & np.isfinite(self.apart)

    def values(self, weights: Values) -> Values:
        """(R,) percent in resamples given by (R, N) whole numbers; NaN where different pictures lie nowhere apart."""
        usable = self.usable
        with np.errstate(invalid="ignore", divide="ignore"):
            share = 100.0 * (weights[:, usable] @ self.moved[usable]) / (weights[:, usable] @ self.apart[usable])
        share[~np.isfinite(share)] = np.nan
        return 100.0 - share if self.kept else share


def tensors_metrics(answers: pa.Table, reference: pa.Table) -> dict[str, Metric]:
    """The metrics of tensors whose meaning is not known.

    Args:
        answers: the stored answers on some compression, one row per picture.
        reference: the model's stored answers on the originals, the same pictures in the same order.

    Returns:
        ``distance``: the mean of the distances to the answers on the originals, in their own spreads (see `Tensors`).
        ``relative_distance``: the same in percent of the mean distance between the answers to different pictures, so
        that it can be read without knowing the network: 0 where nothing moved, 100 where an answer on the JPEG is as
        far from its own as another picture's answer is. ``agreement`` is 100 less that, the share that is kept of what
        tells pictures apart; below 0 the answers say nothing of the picture any more.
    """
    moved, apart = _numbers(answers, "distance"), _numbers(reference, "apart")
    metrics: dict[str, Metric] = {}
    if np.isfinite(moved).any() and np.nansum(apart) > 0:
        metrics["agreement"] = RelativeDistance(moved, apart, kept=True)
        metrics["relative_distance"] = RelativeDistance(moved, apart)
    metrics["distance"] = moved
    return metrics


def picture_distances(answers: pa.Table) -> tuple[str, Values]:
    """What one picture by itself is judged by, and (N,) how far its tensors are from the original's, in spreads."""
    return "distance", _numbers(answers, "distance")


def _numbers(table: pa.Table, name: str) -> Values:
    """(N,) float64, NaN where nothing is stored."""
    return table.column(name).cast(pa.float64()).fill_null(np.nan).to_numpy()
