"""What is lost of a metric: over all pictures, over each class and over each size of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.budget.bounds import (
    Bounds,
    Question,
    bounds_of_changes,
    bounds_of_differences,
    bounds_of_draws,
)
from jpegproof.analysis.by_class import ClassMetric, class_labels
from jpegproof.analysis.pooled import PooledMetric, Resamples
from jpegproof.analysis.results import AGAINST_ORIGINALS
from jpegproof.analysis.task_metrics import Metric, Names

Values = NDArray[np.float64]

#: What a class is called by, for each metric that is told of classes too.
_OF_CLASSES = {"mAP": "mAP", "mask_mAP": "mask_mAP", "mIoU": "IoU"}
_SIZES = ("small", "medium", "large")
_KINDS = {"accuracy": {"real": "real_accuracy", "fake": "fake_accuracy"}}


class Lost(Protocol):
    """Something lost, of which there are bounds."""

    def bounds(self, question: Question) -> Bounds:
        """In points."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """Of which pictures or objects something is lost.

    Attributes:
        by: ``all``, ``class`` (what the label says), ``answer`` (what the model says of the original, where there are
            no labels) or ``size`` (of objects).
        name: which class or size; ``all``.
        lost: what is lost.
    """

    by: str
    name: str
    lost: Lost


@dataclass(frozen=True, slots=True, eq=False)
class _Changed:
    """(N,) how far each picture's answer is another one, 0 to 1."""

    values: Values
    block: int

    def bounds(self, question: Question) -> Bounds:
        return bounds_of_changes(self.values, question, self.block)


@dataclass(frozen=True, slots=True, eq=False)
class _Fewer:
    """(N,) how much less each picture counts than before, -1 to 1."""

    values: Values
    block: int

    def bounds(self, question: Question) -> Bounds:
        return bounds_of_differences(self.values, question, self.block)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """(1 + R,) the loss, then in each resample."""

    values: Values
    n: int
    units: int

    def bounds(self, question: Question) -> Bounds:
        return bounds_of_draws(self.values, self.n, self.units, question)


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What a model says under one compression, or of the originals.

    Attributes:
        metrics: by name.
        by_class: by name.
        table: the stored answers.
    """

    metrics: Mapping[str, Metric]
    by_class: Mapping[str, ClassMetric]
    table: pa.Table


def parts_of(
    metric: str, originals: Answered, answered: Answered, task: str, names: Names, resamples: Resamples
) -> Iterator[Part]:
    """What is lost of a metric in all parts; the first is the whole.

    Args:
        metric: one that is there, in percent.
        originals: what the model says of the originals.
        answered: what it says now.
        task: the model's.
        names: of classes by their labels.
        resamples: for what is no mean over pictures.
    """
    whole = _lost(metric, originals.metrics, answered.metrics, resamples)
    yield Part("all", "all", whole)
    if isinstance(whole, _Changed | _Fewer) and task == "classification":
        yield from _of_labels(whole, originals.table, names)
    for kind, name in _KINDS.get(metric, {}).items():
        if name in answered.metrics and name in originals.metrics:
            yield Part("class", kind, _lost(name, originals.metrics, answered.metrics, resamples))
    for size in _SIZES:
        name = f"{metric}_{size}"
        if name in answered.metrics and name in originals.metrics:
            yield Part("size", size, _lost(name, originals.metrics, answered.metrics, resamples))
    of_classes = _OF_CLASSES.get(metric, "")
    if of_classes in answered.by_class and of_classes in originals.by_class:
        yield from _of_classes(originals.by_class[of_classes], answered.by_class[of_classes], resamples)


def _lost(name: str, before: Mapping[str, Metric], after: Mapping[str, Metric], resamples: Resamples) -> Lost:
    now, ideal = after[name], AGAINST_ORIGINALS.get(name)
    if isinstance(now, np.ndarray):
        if ideal is not None:
            return _Changed((ideal - now) / 100.0, resamples.block)
        then = before[name]
        assert isinstance(then, np.ndarray)
        return _Fewer((then - now) / 100.0, resamples.block)
    if ideal is not None:
        counted = now.usable
        drawn = ideal - resamples.drawn(now, counted)
    else:
        then = _pooled(before[name])
        counted = now.usable & then.usable
        drawn = resamples.values(then, counted) - resamples.drawn(now, counted)
    return _Drawn(drawn, int(counted.sum()), resamples.units(counted))


def _of_labels(whole: _Changed | _Fewer, originals: pa.Table, names: Names) -> Iterator[Part]:
    """The pictures of each class by themselves; without labels, of each answer on the originals."""
    labels = originals.column("label").to_pylist()
    by = "class" if any(label is not None for label in labels) else "answer"
    if by == "answer":
        labels = [None if top is None else top[0] for top in originals.column("top").to_pylist()]
    known = np.array([np.nan if label is None else label for label in labels], dtype=np.float64)
    classes = np.unique(known[np.isfinite(known) & np.isfinite(whole.values)]).astype(np.int64).tolist()
    for label, name in zip(classes, class_labels(classes, names), strict=True):
        yield Part(by, name, type(whole)(np.where(known == label, whole.values, np.nan), whole.block))


def _of_classes(before: ClassMetric, after: ClassMetric, resamples: Resamples) -> Iterator[Part]:
    counted = before.usable & after.usable
    then, now, units = resamples.drawn(before, counted), resamples.drawn(after, counted), resamples.units(counted)
    places = {name: place for place, name in enumerate(after.names)}
    for place, (name, n) in enumerate(zip(before.names, before.holding.tolist(), strict=True)):
        if name in places:
            yield Part("class", name, _Drawn(then[:, place] - now[:, places[name]], n, min(n, units)))


def _pooled(metric: Metric) -> PooledMetric:
    assert not isinstance(metric, np.ndarray)
    return metric
