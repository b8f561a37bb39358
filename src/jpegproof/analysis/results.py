"""From stored predictions to rows: every metric with its interval, every comparison paired."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis import classification
from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.rows import Comparison, Result, Skip
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.plan import Cell, Edge, Plan
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.store import Store

Metrics = Callable[[pa.Table, pa.Table], dict[str, NDArray[np.float64]]]

#: Per task: its metrics, and the stored columns that they need.
METRICS: dict[str, tuple[Metrics, Sequence[str]]] = {
    "classification": (classification.classification_metrics, classification.COLUMNS),
}

#: What the first edge of a comparison with the originals is called.
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that a study's tables and plots are made of."""

    results: list[Result]
    comparisons: list[Comparison]
    skips: list[Skip]


@dataclass(frozen=True, slots=True)
class _Column:
    """One edge at one compression: its metrics picture by picture."""

    edge: Edge
    compression: Compression
    metrics: dict[str, NDArray[np.float64]]
    bytes_per_image: float | None
    skips: list[tuple[str, str]]
    """(picture, reason) of the pictures that could not be used."""


def study_numbers(plan: Plan, store: Store, finished: frozenset[str]) -> Numbers:
    """Works out every number of a study from the predictions that are finished.

    An edge at a compression counts once all its cells are there: a part of the pictures would be another data set.

    Raises:
        StoreError: a prediction file is damaged.
    """
    numbers = Numbers([], [], [])
    for model in plan.tasks:
        reference_edge = plan.reference_edge(model)
        reference = _predictions(plan, store, finished, plan.cells_of(reference_edge, 0))
        if reference is None:
            continue
        data = plan.shards[plan.cells_of(reference_edge, 0)[0].shard].data
        columns = list(_columns(plan, store, finished, model, reference))
        numbers.results.extend(_results(plan, model, data, columns))
        numbers.comparisons.extend(_comparisons(plan, model, data, columns))
        known = {(skip.dataset, skip.picture) for skip in numbers.skips}
        for skip in (skip for column in columns for skip in column.skips):
            if (data, skip[0]) not in known:
                known.add((data, skip[0]))
                numbers.skips.append(Skip(data, *skip))
    return numbers


def _predictions(plan: Plan, store: Store, finished: frozenset[str], cells: Sequence[Cell]) -> pa.Table | None:
    """The predictions of one edge at one compression, all pictures in order; None while some are missing."""
    if not cells or any(cell.name not in finished for cell in cells):
        return None
    wanted = ["picture", "skipped", "bytes", *METRICS[plan.tasks[plan.edges[cells[0].edge].model]][1]]
    tables = [read_predictions(store.get(cell.name), str(store.path(cell.name)), wanted) for cell in cells]
    return pa.concat_tables(tables)


def _columns(plan: Plan, store: Store, finished: frozenset[str], model: str, reference: pa.Table) -> Iterator[_Column]:
    metrics_of, _ = METRICS[plan.tasks[model]]
    for number, compression in enumerate(plan.compressions):
        for edge_number, edge in enumerate(plan.edges):
            if edge.model != model:
                continue
            answers = _predictions(plan, store, finished, plan.cells_of(edge_number, number))
            if answers is None:
                continue
            sizes = [size for size in answers.column("bytes").to_pylist() if size is not None]
            yield _Column(
                edge,
                compression,
                metrics_of(answers, reference),
                float(np.mean(sizes)) if sizes else None,
                [
                    (name, reason)
                    for name, reason in zip(answers["picture"].to_pylist(), answers["skipped"].to_pylist(), strict=True)
                    if reason is not None
                ],
            )


def _results(plan: Plan, model: str, data: str, columns: Sequence[_Column]) -> Iterator[Result]:
    named = [(column, metric) for column in columns for metric in column.metrics]
    intervals = _intervals([column.metrics[metric] for column, metric in named], plan.seed)
    for (column, metric), interval in zip(named, intervals, strict=True):
        original = column.compression.is_original
        if original and metric in ("agreement", "distance"):
            continue  # of the reference with itself
        yield Result(
            task=plan.tasks[model],
            dataset=data,
            slice="all",
            model=model,
            metric=metric,
            mitigation=column.edge.mitigation,
            corrector=column.edge.corrector,
            codec=column.compression.codec,
            subsampling="" if original else column.compression.subsampling,
            chain="",
            stage="" if original else plan.stage,
            quality=column.compression.nominal_quality,
            value=interval.value,
            ci_low=interval.low,
            ci_high=interval.high,
            n=interval.n,
            n_skipped=len(column.skips),
            bytes_per_image=column.bytes_per_image,
            seed=plan.seed,
        )


def _comparisons(plan: Plan, model: str, data: str, columns: Sequence[_Column]) -> Iterator[Comparison]:
    """Each edge against the originals, and each two edges at the same compression."""
    originals = [column for column in columns if column.compression.is_original]
    pairs: list[tuple[str, str, _Column, _Column]] = []
    for column in columns:
        if not column.compression.is_original:
            pairs += [(REFERENCE, "", original, column) for original in originals if original.edge.mitigation == "none"]
    for place, second in enumerate(columns):
        for first in columns[:place]:
            if first.compression == second.compression and not first.compression.is_original:
                pairs.append((first.edge.mitigation, first.edge.corrector, first, second))
    named = [
        (pair, metric)
        for pair in pairs
        for metric in pair[3].metrics
        if metric in pair[2].metrics and not (pair[0] == REFERENCE and metric in ("agreement", "distance"))
    ]
    differences = [pair[3].metrics[metric] - pair[2].metrics[metric] for pair, metric in named]
    for ((mitigation, corrector, _, second), metric), interval in zip(
        named, _intervals(differences, plan.seed), strict=True
    ):
        if interval.value is None or interval.low is None or interval.high is None:
            continue
        yield Comparison(
            task=plan.tasks[model],
            dataset=data,
            slice="all",
            model=model,
            metric=metric,
            codec=second.compression.codec,
            subsampling=second.compression.subsampling,
            chain="",
            stage=plan.stage,
            quality=second.compression.nominal_quality,
            first_mitigation=mitigation,
            first_corrector=corrector,
            second_mitigation=second.edge.mitigation,
            second_corrector=second.edge.corrector,
            difference=interval.value,
            ci_low=interval.low,
            ci_high=interval.high,
            n=interval.n,
            seed=plan.seed,
        )


def _intervals(columns: Sequence[NDArray[np.float64]], seed: int) -> list[Interval]:
    return mean_intervals(np.stack(columns, axis=1), seed) if columns else []
