"""Metrics whose evidence is let go and gathered again where it is needed: a study may have hundreds of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jpegproof.analysis.bootstrap import Values
from jpegproof.analysis.pooled import Flags, PooledMetric
from jpegproof.analysis.task_metrics import Metric

Gather = Callable[[], Mapping[str, Metric]]


class Shelf:
    """Holds the metrics of the columns that were asked for last.

    The matches of 5,000 pictures of 100 masks are a hundred megabytes. What is compared is mostly worked out already
    when it is asked for a second time; where it is not (some pictures count along one edge alone), it is gathered anew.

    Args:
        room: how many columns; a comparison is of two.
    """

    def __init__(self, room: int = 2) -> None:
        self._room = room
        self._held: dict[int, tuple[Gather, Mapping[str, Metric]]] = {}

    def metrics(self, gather: Gather) -> Mapping[str, Metric]:
        """What `gather` answers with, which is asked only if that is not at hand."""
        held = self._held.pop(id(gather), None)
        return self.put(gather, gather() if held is None else held[1])

    def clear(self) -> None:
        """Lets all go."""
        self._held.clear()

    def put(self, gather: Gather, metrics: Mapping[str, Metric]) -> Mapping[str, Metric]:
        """Holds what `gather` would answer with, as the last that was asked for."""
        while len(self._held) >= self._room:
            del self._held[next(iter(self._held))]
        self._held[id(gather)] = (gather, metrics)  # `gather` too: its id must not be given to another
        return metrics


class Recalled:
    """A pooled metric that knows where it comes from instead of what it is made of.

    Attributes:
        usable: (N,) the pictures that count.
    """

    def __init__(self, metric: PooledMetric, name: str, gather: Gather, shelf: Shelf) -> None:
        self.usable: Flags = metric.usable
        self._name = name
        self._gather = gather
        self._shelf = shelf

    def values(self, weights: Values) -> Values:
        """See `PooledMetric.values`."""
        metric: Any = self._shelf.metrics(self._gather)[self._name]
        return metric.values(weights)
