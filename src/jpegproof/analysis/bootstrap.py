"""Intervals by resampling pictures: one set of resamples for all columns, so that every comparison is paired."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
_CHUNK_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its bootstrap interval.

    Attributes:
        value: mean over the pictures that count; None where none does.
        low: lower end of the 95 % percentile interval; None with fewer than two pictures.
        high: upper end.
        n: pictures that count.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def mean_intervals(columns: Values, seed: int, resamples: int = RESAMPLES) -> list[Interval]:
    """Means over pictures with 95 % percentile bootstrap intervals.

    Every resample draws the same pictures in all columns. The draws depend on the number of pictures and the seed
    alone, so that columns handled in separate calls are paired as well.

    Args:
        columns: (pictures, columns); NaN where a picture does not count for a column.
        seed: of the draws.
        resamples: how many.

    Returns:
        One interval per column.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3 (percentile interval).
    """
    counted = np.isfinite(columns)
    filled = np.where(counted, columns, 0.0)
    n = counted.sum(axis=0)
    low, high = _percentiles(filled, counted.astype(np.float64), seed, resamples)
    intervals = []
    for column, count in enumerate(n):
        if count == 0:
            intervals.append(Interval(None, None, None, 0))
            continue
        value = float(filled[:, column].sum() / count)
        ends = (float(low[column]), float(high[column])) if count > 1 else (None, None)
        intervals.append(Interval(value, *ends, int(count)))
    return intervals


def _percentiles(values: Values, counted: Values, seed: int, resamples: int) -> tuple[Values, Values]:
    pictures, columns = values.shape
    if pictures == 0:
        nothing = np.full(columns, np.nan)
        return nothing, nothing
    random = np.random.Generator(np.random.PCG64([seed, pictures]))
    means = np.empty((resamples, columns))
    chunk = max(_CHUNK_BYTES // (8 * pictures), 1)
    for begin in range(0, resamples, chunk):
        count = min(chunk, resamples - begin)
        drawn = random.integers(0, pictures, size=(count, pictures))
        rows = np.arange(count)[:, None] * pictures
        weights = np.bincount((drawn + rows).ravel(), minlength=count * pictures).reshape(count, pictures)
        weights = weights.astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            means[begin : begin + count] = (weights @ values) / (weights @ counted)
    tail = (1 - LEVEL) / 2 * 100
    # A resample may miss every picture that counts for a column; it then says nothing about that column.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        low, high = np.nanpercentile(means, [tail, 100 - tail], axis=0)
    return low, high
