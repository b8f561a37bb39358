"""Intervals by resampling pictures: one set of resamples for all columns, so that every comparison is paired.

Pictures that follow each other, such as the frames of a video, are alike, and resampled one by one they would seem to
say more than they do. They are resampled in blocks instead: runs of so many pictures, in the order of the data set, of
which the last may be shorter.

Source of the blocks: Carlstein, The use of subseries values for estimating the variance of a general statistic from a
stationary sequence, Annals of Statistics 14 (1986).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
#: Of the weights of some resamples; about seven times as much is held while they are drawn.
_CHUNK_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its bootstrap interval.

    Attributes:
        value: mean over the pictures that count; None where none does.
        low: lower end of the 95 % percentile interval; None with fewer than two pictures, or blocks of them.
        high: upper end.
        n: pictures that count.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def mean_intervals(
    columns: Values,
    seed: int,
    resamples: int = RESAMPLES,
    ranges: Sequence[tuple[float, float] | None] | None = None,
    block: int = 1,
) -> list[Interval]:
    """Means over pictures with 95 % percentile bootstrap intervals.

    Every resample draws the same pictures in all columns. The draws depend on the number of pictures and the seed
    alone, so that columns handled in separate calls are paired as well.

    Args:
        columns: (pictures, columns); NaN where a picture does not count for a column.
        seed: of the draws.
        resamples: how many.
        ranges: per column the least and the greatest value that a picture can have, None where there is no bound.
            Where all pictures of such a column are alike, resampling says nothing; the interval is then as wide as the
            share of pictures (or blocks) that may be unlike and yet all have been missed (Clopper and Pearson, 1934).
        block: how many pictures are drawn together.

    Returns:
        One interval per column.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3 (percentile interval).
    """
    counted = np.isfinite(columns)
    filled = np.where(counted, columns, 0.0)
    n = counted.sum(axis=0)
    units = units_that_count(counted, block)
    low, high = _percentiles(filled, counted.astype(np.float64), seed, resamples, block)
    intervals = []
    for column, count in enumerate(n):
        if count == 0:
            intervals.append(Interval(None, None, None, 0))
            continue
        value = float(filled[:, column].sum() / count)
        ends = (float(low[column]), float(high[column])) if units[column] > 1 else (None, None)
        bounds = ranges[column] if ranges is not None else None
        if bounds is not None and units[column] > 1 and np.ptp(columns[counted[:, column], column]) == 0:
            missed = share_of_the_missed(int(units[column]))
            ends = (value - missed * (value - bounds[0]), value + missed * (bounds[1] - value))
        intervals.append(Interval(value, *ends, int(count)))
    return intervals


def share_of_the_missed(n: int) -> float:
    """The share of pictures that may be unlike n seen ones that are all alike, and yet all have been missed.

    Source: Clopper and Pearson (1934), the end of the two-sided 95 % interval where nothing was counted.
    """
    return 1 - ((1 - LEVEL) / 2) ** (1 / n)


def ratio_intervals(above: Values, below: Values, seed: int, resamples: int = RESAMPLES, block: int = 1) -> Interval:
    """A ratio of two means over the same pictures, with its 95 % percentile bootstrap interval.

    Args:
        above, below: (pictures,); NaN where a picture does not count, in both at once.
        seed: of the draws, which are those of `mean_intervals`.
        resamples: how many.
        block: how many pictures are drawn together.

    Returns:
        The ratio; no value where the lower mean is not above 0; no interval where its own interval reaches 0.
    """
    counted = np.isfinite(above) & np.isfinite(below)
    n = int(counted.sum())
    if n == 0 or not below[counted].sum() > 0:
        return Interval(None, None, None, n)
    value = float(above[counted].sum() / below[counted].sum())
    columns = np.where(counted[:, None], np.stack([above, below], axis=1), 0.0)
    means = _resampled(columns, np.repeat(counted[:, None], 2, axis=1).astype(np.float64), seed, resamples, block)
    tail = (1 - LEVEL) / 2 * 100
    if units_that_count(counted[:, None], block)[0] < 2 or np.nanpercentile(means[:, 1], tail) <= 0:
        return Interval(value, None, None, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanpercentile(means[:, 0] / means[:, 1], [tail, 100 - tail])
    return Interval(value, float(low), float(high), n)


def units_that_count(counted: NDArray[np.bool_], block: int) -> NDArray[np.int64]:
    """Per column of (pictures, columns) flags, how many blocks hold a picture that counts."""
    begins = np.arange(0, len(counted), block)
    return np.logical_or.reduceat(counted, begins, axis=0).sum(axis=0) if len(begins) else counted.sum(axis=0)


def _percentiles(values: Values, counted: Values, seed: int, resamples: int, block: int) -> tuple[Values, Values]:
    if len(values) == 0:
        nothing = np.full(values.shape[1], np.nan)
        return nothing, nothing
    means = _resampled(values, counted, seed, resamples, block)
    tail = (1 - LEVEL) / 2 * 100
    # A resample may miss every picture that counts for a column; it then says nothing about that column.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        low, high = np.nanpercentile(means, [tail, 100 - tail], axis=0)
    return low, high


def _resampled(values: Values, counted: Values, seed: int, resamples: int, block: int) -> Values:
    """(resamples, columns): the mean of each column in each resample."""
    pictures, columns = values.shape
    means = np.empty((resamples, columns))
    begin = 0
    for weights in resampling_weights(pictures, seed, resamples, block):
        with np.errstate(invalid="ignore", divide="ignore"):
            means[begin : begin + len(weights)] = (weights @ values) / (weights @ counted)
        begin += len(weights)
    return means


def resampling_weights(pictures: int, seed: int, resamples: int = RESAMPLES, block: int = 1) -> Iterator[Values]:
    """How often each picture comes in each resample: (some, pictures) whole numbers at a time, `resamples` in all.

    Fewer resamples are the first ones of more, so that whatever is worked out from them is paired. With blocks, whole
    blocks are drawn, as many as there are.
    """
    units = -(-pictures // block)
    random = np.random.Generator(np.random.PCG64([seed, units]))
    chunk = max(_CHUNK_BYTES // (8 * pictures), 1)
    for begin in range(0, resamples, chunk):
        count = min(chunk, resamples - begin)
        drawn = random.integers(0, units, size=(count, units))
        rows = np.arange(count)[:, None] * units
        weights = np.bincount((drawn + rows).ravel(), minlength=count * units).reshape(count, units)
        yield np.repeat(weights, block, axis=1)[:, :pictures].astype(np.float64)
