"""Metrics of each class: what they are, and their intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Interval, Values, share_of_the_missed
from jpegproof.analysis.pooled import Flags, PooledMetric, Resamples, interval_of


class ClassMetric(Protocol):
    """One number of each of K classes, as a function of how often each picture is there."""

    @property
    def names(self) -> Sequence[str]:
        """(K,) the classes, no two alike."""
        ...

    @property
    def usable(self) -> Flags:
        """(N,) the pictures that count."""
        ...

    @property
    def holding(self) -> NDArray[np.int64]:
        """(K,) how many of these hold something of the class."""
        ...

    @property
    def is_share(self) -> bool:
        """Whether each number is the share of the pictures of the class that are right, in percent."""
        ...

    def values(self, weights: Values) -> Values:
        """(R, K) the numbers in resamples given by (R, N) whole numbers; NaN where there is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OneByOne:
    """A metric of each class that is made of one pooled metric a class.

    Attributes:
        metrics: by the classes' names; at least one, of the same N pictures.
        holding: (K,) how many of the pictures that count hold something of the class.
    """

    metrics: Mapping[str, PooledMetric]
    holding: NDArray[np.int64]
    is_share: bool = False

    @property
    def names(self) -> Sequence[str]:
        return list(self.metrics)

    @property
    def usable(self) -> Flags:
        return np.logical_or.reduce([metric.usable for metric in self.metrics.values()])

    def values(self, weights: Values) -> Values:
        return np.stack([metric.values(weights) for metric in self.metrics.values()], axis=1)


def class_labels(ids: Sequence[int], names: Mapping[int, str]) -> list[str]:
    """The classes' names, their numbers where they have none; the number beside a name that several have."""
    shown = [names.get(number, str(number)) for number in ids]
    often = Counter(shown)
    return [f"{name} ({number})" if often[name] > 1 else name for name, number in zip(shown, ids, strict=True)]


def class_intervals(metric: ClassMetric, resamples: Resamples) -> dict[str, Interval]:
    """Each class's number with its 95 % interval; its ``n`` is how many pictures hold the class.

    A class that one picture alone holds has no interval: a resample has it or has it not, and says nothing more.
    """
    values, units = resamples.drawn(metric, metric.usable), resamples.units(metric.usable)
    found = {}
    for place, (name, n) in enumerate(zip(metric.names, metric.holding.tolist(), strict=True)):
        interval = interval_of(values[:, place], n, min(n, units))
        if metric.is_share and n > 1 and interval.value in (0.0, 100.0):
            missed = 100.0 * share_of_the_missed(n)
            ends = (0.0, missed) if interval.value == 0.0 else (100.0 - missed, 100.0)
            interval = Interval(interval.value, *ends, n)
        found[name] = interval
    return found


def class_differences(first: ClassMetric, second: ClassMetric, resamples: Resamples) -> dict[str, Interval]:
    """Second less first of each class that both have, over the pictures that count for both."""
    counted = first.usable & second.usable
    before, after = resamples.drawn(first, counted), resamples.drawn(second, counted)
    units = resamples.units(counted)
    holding = dict(zip(first.names, first.holding.tolist(), strict=True))
    places = {name: place for place, name in enumerate(first.names)}
    return {
        name: _difference(before[:, places[name]], after[:, place], min(holding[name], int(n)), units)
        for place, (name, n) in enumerate(zip(second.names, second.holding, strict=True))
        if name in places
    }


def _difference(before: Values, after: Values, n: int, units: int) -> Interval:
    return interval_of(after - before, n, min(n, units))
