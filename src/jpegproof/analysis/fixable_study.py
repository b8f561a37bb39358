"""A study's losses, split into what is recovered and what remains: gathered while its columns are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Values
from jpegproof.analysis.by_class import ClassMetric
from jpegproof.analysis.columns import Column
from jpegproof.analysis.drawn_halves import Drawn, drawn_means
from jpegproof.analysis.fixable import FixableRow, Split, split_loss
from jpegproof.analysis.halves import first_half
from jpegproof.analysis.pooled import Flags, PooledMetric, Resamples
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.plan import Edge, Plan

#: Of the halves and of classes, each of which costs as much as the whole: enough for percentiles.
HALVES_RESAMPLES = 500

_SIZES = ("small", "medium", "large")


@dataclass(frozen=True, slots=True, eq=False)
class _Share:
    """The share of the pictures that are of a part, as something that can be resampled."""

    part: Flags

    def values(self, weights: Values) -> Values:
        with np.errstate(invalid="ignore"):
            return weights @ self.part / weights.sum(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Along:
    """A column with what must be worked out of it while its evidence is at hand."""

    column: Column
    halves: Mapping[str, tuple[Flags, Drawn]]
    classes: Mapping[str, Mapping[str, tuple[int, Drawn]]]


class FixableLosses:
    """Takes the columns of a model as they are read, the reference first, and answers with rows.

    What counts is what every edge at a compression could use; of classes, what each edge could.

    Args:
        plan: the study's.
        model: its name in the plan.
        data: the model's data set.
        pictures: their names, in order.
        resamples: in which the metrics are worked out.
        ideals: the metrics whose numbers on the originals are known, with these.
        left_out: the metrics in which lower is better.
    """

    def __init__(
        self,
        plan: Plan,
        model: str,
        data: str,
        pictures: Sequence[str],
        resamples: Resamples,
        ideals: Mapping[str, float],
        left_out: frozenset[str],
    ) -> None:
        self._scope = {"task": plan.tasks[model], "dataset": data, "model": model, "seed": plan.seed}
        self._stage = plan.stage
        self._untreated = plan.edges[plan.reference_edge(model)]
        self._several = any(edge.model == model and edge != self._untreated for edge in plan.edges)
        self._resamples = resamples
        self._ideals = ideals
        self._left_out = left_out
        self._first = first_half(pictures, resamples.block)
        self._originals: _Along | None = None
        self._group: list[_Along] = []

    def add(self, column: Column, of_classes: Mapping[str, ClassMetric]) -> Iterator[FixableRow]:
        """Takes the next column; the rows of the compression before it, where it is the first of another."""
        if not self._several:
            return
        if column.compression.is_original:
            if column.edge == self._untreated:
                self._originals = _Along(column, {}, self._of_classes(of_classes))
            return
        if self._group and self._group[0].column.compression != column.compression:
            yield from self.rest()
        self._group.append(_Along(column, self._of_halves(column), self._of_classes(of_classes)))

    def rest(self) -> Iterator[FixableRow]:
        """The rows of the last compression."""
        group, self._group = self._group, []
        untreated = next((item for item in group if item.column.edge == self._untreated), None)
        cures = [item for item in group if item is not untreated]
        if self._originals is None or untreated is None or not cures:
            return
        names = ["none", *(_called(item.column.edge) for item in cures)]
        compression = untreated.column.compression
        for metric, split in self._splits(self._originals.column, [untreated, *cures]):
            by = "size" if metric.endswith(_SIZES) else "all"
            yield self._row(compression, metric, "all", by, split, names)
        share = self._resamples.drawn(_Share(self._first), np.ones_like(self._first), HALVES_RESAMPLES)
        for metric, known in untreated.classes.items():
            for label, (n, drawn) in known.items():
                along = [found[label][1] for item in cures if label in (found := item.classes.get(metric, {}))]
                original = self._originals.classes.get(metric, {}).get(label)
                if original is None or len(along) < len(cures):
                    continue
                split = split_loss(original[1].whole, drawn, along, share, n, n)
                if split is not None:
                    yield self._row(compression, metric, label, "class", split, names)

    def _of_halves(self, column: Column) -> dict[str, tuple[Flags, Drawn]]:
        found = {}
        for name, metric in column.metrics.items():
            if name not in self._left_out and not isinstance(metric, np.ndarray):
                found[name] = (metric.usable, self._drawn(metric, metric.usable))
        return found

    def _drawn(self, metric: PooledMetric, counted: Flags) -> Drawn:
        parts = [
            self._resamples.drawn(metric, counted & part, HALVES_RESAMPLES) for part in (self._first, ~self._first)
        ]
        return Drawn(self._resamples.values(metric, counted), *parts)

    def _of_classes(self, of_classes: Mapping[str, ClassMetric]) -> dict[str, dict[str, tuple[int, Drawn]]]:
        found: dict[str, dict[str, tuple[int, Drawn]]] = {}
        for name, metric in of_classes.items():
            parts = (np.ones_like(self._first), self._first, ~self._first)
            drawn = [self._resamples.drawn(metric, metric.usable & part, HALVES_RESAMPLES) for part in parts]
            found[name] = {
                label: (int(n), Drawn(*(values[:, place] for values in drawn)))
                for place, (label, n) in enumerate(zip(metric.names, metric.holding, strict=True))
            }
        return found

    def _splits(self, originals: Column, group: Sequence[_Along]) -> Iterator[tuple[str, Split]]:
        names = [
            name
            for name in group[0].column.metrics
            if name not in self._left_out
            and all(name in item.column.metrics for item in group)
            and (name in self._ideals or name in originals.metrics)
        ]
        means = [name for name in names if isinstance(group[0].column.metrics[name], np.ndarray)]
        of_means = self._means(originals, group, means) if means else {}
        for name in names:
            split = of_means[name] if name in of_means else self._pooled(name, originals, group)
            if split is not None:
                yield name, split

    def _pooled(self, name: str, originals: Column, group: Sequence[_Along]) -> Split | None:
        ideal = self._ideals.get(name)
        original = None if ideal is not None else _of_pool(originals, name)
        flags = [item.halves[name][0] for item in group] + ([] if original is None else [original.usable])
        counted: Flags = np.logical_and.reduce(flags)
        along = [
            drawn if (usable == counted).all() else self._drawn(_of_pool(item.column, name), counted)
            for item in group
            for usable, drawn in [item.halves[name]]
        ]
        share = self._resamples.drawn(_Share(self._first), counted, HALVES_RESAMPLES)
        known = float(ideal or 0.0) if original is None else self._resamples.values(original, counted)
        return split_loss(known, along[0], along[1:], share, int(counted.sum()), self._resamples.units(counted))

    def _means(self, originals: Column, group: Sequence[_Along], names: Sequence[str]) -> dict[str, Split | None]:
        tables = []
        for name in names:
            ideal = self._ideals.get(name)
            first = np.full(len(self._first), ideal) if ideal is not None else _of_pictures(originals, name)
            tables.append(np.stack([first, *(_of_pictures(item.column, name) for item in group)], axis=1))
        found = {}
        drawn = drawn_means(tables, self._first, self._resamples.seed, self._resamples.block)
        for name, (counted, share, (original, untreated, *cures)) in zip(names, drawn, strict=True):
            n, units = int(counted.sum()), self._resamples.units(counted)
            found[name] = split_loss(original.whole, untreated, cures, share, n, units) if n else None
        return found

    def _row(
        self, compression: Compression, metric: str, part: str, by: str, split: Split, names: Sequence[str]
    ) -> FixableRow:
        numbers: dict[str, Any] = {}
        for name in ("loss", "recovered", "remaining"):
            interval = getattr(split, name)
            numbers |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
        return FixableRow(
            **self._scope,
            slice=part,
            metric=metric,
            codec=compression.codec,
            subsampling=compression.subsampling,
            chain=compression.delivery,
            stage=self._stage,
            quality=compression.nominal_quality,
            by=by,
            **numbers,
            cures=len(names) - 1,
            chosen_first=names[1 + split.chosen[0]],
            chosen_second=names[1 + split.chosen[1]],
            n=split.loss.n,
        )


def _called(edge: Edge) -> str:
    return edge.mitigation if edge.corrector == "identity" else f"{edge.mitigation} ({edge.corrector})"


def _of_pictures(column: Column, name: str) -> NDArray[np.float64]:
    metric = column.metrics[name]
    assert isinstance(metric, np.ndarray)
    return metric


def _of_pool(column: Column, name: str) -> PooledMetric:
    metric = column.metrics[name]
    assert not isinstance(metric, np.ndarray)
    return metric
