"""Metrics of a set of pictures as a whole, such as mAP or mIoU, which are no means over pictures: their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import LEVEL, Interval, Values, resampling_weights, units_that_count

#: Fewer than for means, since each resample may take as long as the metric itself.
POOLED_RESAMPLES = 1000

#: Draws of more than so many bytes are drawn anew for each metric rather than kept: memory must not grow with pictures.
_KEPT_BYTES = 64_000_000

Flags = NDArray[np.bool_]


class Resampled(Protocol):
    """What can be worked out from how often each picture is there."""

    def values(self, weights: Values) -> Values:
        """(R, ...) in resamples given by (R, N) whole numbers."""
        ...


class PooledMetric(Protocol):
    """One number of a set of pictures, as a function of how often each picture is there."""

    @property
    def usable(self) -> Flags:
        """(N,) the pictures that count."""
        ...

    def values(self, weights: Values) -> Values:
        """(R,) the metric in resamples given by (R, N) whole numbers; NaN where it cannot be computed."""
        ...


class Resamples:
    """Pooled metrics in the same resamples, so that all their comparisons are paired. Each is worked out once.

    Args:
        seed: of the draws, which are the first ones of `mean_intervals`.
        resamples: how many.
        block: how many pictures are drawn together.

    Attributes:
        seed, block: as above.
    """

    def __init__(self, seed: int, resamples: int = POOLED_RESAMPLES, block: int = 1) -> None:
        self.seed = seed
        self.block = block
        self._resamples = resamples
        self._drawn: tuple[int, list[NDArray[Any]]] = (0, [])
        self._known: dict[tuple[int, bytes], tuple[PooledMetric, Values]] = {}

    def interval(self, metric: PooledMetric) -> Interval:
        """The metric with its 95 % percentile interval."""
        counted = metric.usable
        return self._interval(self._of(metric, counted), counted)

    def difference(self, first: PooledMetric, second: PooledMetric) -> Interval:
        """Second less first, over the pictures that count for both."""
        counted = first.usable & second.usable
        return self._interval(self._of(second, counted) - self._of(first, counted), counted)

    def gap_closed(
        self, originals: Sequence[PooledMetric | float], without: Sequence[PooledMetric], cured: Sequence[PooledMetric]
    ) -> tuple[Interval, float | None]:
        """Share of the gap that a cure closes, in percent, pooled over qualities: see `gaps.gap_closed`.

        Args:
            originals: per quality the metric on the originals, or a number that is known without measuring.
            without: the same on the JPEGs, without a cure.
            cured: the same with it.
        """
        metrics = [item for item in (*originals, *without, *cured) if not isinstance(item, float | int)]
        counted = np.logical_and.reduce([metric.usable for metric in metrics])
        n = int(counted.sum())
        ideal = sum(item if isinstance(item, float | int) else self._of(item, counted) for item in originals)
        untreated = sum(self._of(item, counted) for item in without)
        gap = np.asarray(ideal - untreated)
        gain = np.asarray(sum(self._of(item, counted) for item in cured) - untreated)
        if n == 0 or not np.isfinite(gap[0]):
            return Interval(None, None, None, n), None
        mean_gap = float(gap[0]) / len(without)
        if not gap[0] > 0:
            return Interval(None, None, None, n), mean_gap
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = 100.0 * gain / gap
        told_apart = self.units(counted) > 1 and np.nanpercentile(gap[1:], _TAIL) > 0
        whole = self._interval(shares, counted)
        return whole if told_apart else Interval(whole.value, None, None, n), mean_gap

    def values(self, metric: PooledMetric, counted: Flags) -> Values:
        """(1 + resamples,): the metric itself, then in each resample, over some pictures; worked out once and kept."""
        return self._of(metric, counted)

    def drawn(self, metric: Resampled, counted: Flags, most: int | None = None) -> Values:
        """(1 + resamples, ...): the metric itself, then in each resample, over some pictures; not kept.

        Args:
            metric: one that answers (R, N) weights with (R, ...) values.
            counted: (N,) the pictures.
            most: so many resamples, the first ones; all unless given.
        """
        found = [metric.values(counted[None].astype(np.float64))]
        left = self._resamples if most is None else min(most, self._resamples)
        for weights in self._draws(len(counted)) if counted.any() else ():
            if left > 0:
                found.append(metric.values(weights[:left] * counted))
                left -= len(weights)
        return np.concatenate(found)

    def units(self, counted: Flags) -> int:
        """How many blocks hold a picture that counts; without blocks, how many pictures do."""
        return int(units_that_count(counted[:, None], self.block)[0])

    def _of(self, metric: PooledMetric, counted: Flags) -> Values:
        """(1 + resamples,): the metric itself, then in each resample, over the pictures that count."""
        key = (id(metric), counted.tobytes())
        if key not in self._known:
            # The metric too, since its id must not be given to another.
            self._known[key] = (metric, self.drawn(metric, counted))
        return self._known[key][1]

    def _draws(self, pictures: int) -> Iterator[Values]:
        """The weights of all resamples; those of the last number of pictures are kept for the next metric."""
        drawn = resampling_weights(pictures, self.seed, self._resamples, self.block)
        if pictures * self._resamples > _KEPT_BYTES:
            return drawn
        if self._drawn[0] != pictures:
            # Hardly a picture comes more than 255 times: a byte is enough.
            self._drawn = (pictures, [weights.astype(np.min_scalar_type(int(weights.max()))) for weights in drawn])
        return (weights.astype(np.float64) for weights in self._drawn[1])

    def _interval(self, values: Values, counted: Flags) -> Interval:
        return interval_of(values, int(counted.sum()), self.units(counted))


_TAIL = (1 - LEVEL) / 2 * 100


def interval_of(values: Values, n: int, units: int) -> Interval:
    """The interval of (1 + R,) values: the number itself, then the number in each resample, NaN where it has none.

    Args:
        values: as `Resamples.drawn` answers with.
        n: pictures that count.
        units: pictures, or blocks of them, that were drawn; fewer than two say nothing of how sure the number is.
    """
    if not np.isfinite(values[0]):
        return Interval(None, None, None, n)
    drawn = values[1:][np.isfinite(values[1:])]
    if units < 2 or not len(drawn):
        return Interval(float(values[0]), None, None, n)
    low, high = np.percentile(drawn, [_TAIL, 100 - _TAIL])
    return Interval(float(values[0]), float(low), float(high), n)
