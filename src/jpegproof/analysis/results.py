"""From stored predictions to rows: every metric with its interval, every comparison paired."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis import classification
from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.gaps import POOLED, gap_closed
from jpegproof.analysis.rows import Comparison, Gap, Result, Skip
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.plan import Cell, Edge, Plan
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.store import Store

Metrics = Callable[[pa.Table, pa.Table], dict[str, NDArray[np.float64]]]

#: Per task: its metrics, and the stored columns that they need.
METRICS: dict[str, tuple[Metrics, Sequence[str]]] = {
    "classification": (classification.classification_metrics, classification.COLUMNS),
}

#: The metrics that are shares of pictures, in percent, and what one picture can add to a share or to a difference.
SHARES = frozenset(["top1", "top5", "agreement"])
SHARE, CHANGE = (0.0, 100.0), (-100.0, 100.0)

#: The metrics that have a gap to close: those that are better when higher.
GAP_METRICS = ("top1", "top5", "true_label_log_probability", "agreement")

#: What the first edge of a comparison with the originals is called.
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that a study's tables and plots are made of."""

    results: list[Result]
    comparisons: list[Comparison]
    gaps: list[Gap]
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
    numbers = Numbers([], [], [], [])
    for model in plan.tasks:
        reference_edge = plan.reference_edge(model)
        reference = _predictions(plan, store, finished, plan.cells_of(reference_edge, 0))
        if reference is None:
            continue
        data = plan.shards[plan.cells_of(reference_edge, 0)[0].shard].data
        columns = list(_columns(plan, store, finished, model, reference))
        numbers.results.extend(_results(plan, model, data, columns))
        numbers.comparisons.extend(_comparisons(plan, model, data, columns))
        numbers.gaps.extend(_gaps(plan, model, data, columns))
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
    ranges = [SHARE if metric in SHARES else None for _, metric in named]
    intervals = _intervals([column.metrics[metric] for column, metric in named], plan.seed, ranges)
    for (column, metric), interval in zip(named, intervals, strict=True):
        original = column.compression.is_original
        if original and column.edge.mitigation == "none" and metric in ("agreement", "distance"):
            continue  # of the reference with itself
        yield Result(
            **_scope(plan, model, data, metric),
            mitigation=column.edge.mitigation,
            corrector=column.edge.corrector,
            codec=column.compression.codec,
            subsampling="" if original else column.compression.subsampling,
            stage="" if original else plan.stage,
            quality=column.compression.nominal_quality,
            value=interval.value,
            ci_low=interval.low,
            ci_high=interval.high,
            n=interval.n,
            n_skipped=len(column.skips),
            bytes_per_image=column.bytes_per_image,
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
    ranges = [CHANGE if metric in SHARES else None for _, metric in named]
    for ((mitigation, corrector, _, second), metric), interval in zip(
        named, _intervals(differences, plan.seed, ranges), strict=True
    ):
        if interval.value is None or interval.low is None or interval.high is None:
            continue
        yield Comparison(
            **_scope(plan, model, data, metric),
            codec=second.compression.codec,
            subsampling=second.compression.subsampling,
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
        )


def _gaps(plan: Plan, model: str, data: str, columns: Sequence[_Column]) -> Iterator[Gap]:
    """Each cure's share of the gap, quality by quality and pooled."""
    found = {(column.edge, column.compression): column.metrics for column in columns}
    untreated = plan.edges[plan.reference_edge(model)]
    originals = next((column.metrics for column in columns if column.compression.is_original), None)
    compressions = [item for item in plan.compressions if not item.is_original and (untreated, item) in found]
    if originals is None or not compressions:
        return
    pooled = [item for item in compressions if item.tables is None and item.quality in POOLED]
    for edge in dict.fromkeys(column.edge for column in columns if column.edge != untreated):
        for group in [*([item] for item in compressions), *([pooled] if len(pooled) > 1 else [])]:
            if any((edge, item) not in found for item in group):
                continue
            for metric in (name for name in GAP_METRICS if name in found[untreated, group[0]]):
                without = [found[untreated, item][metric] for item in group]
                ideal = np.where(np.isfinite(without[0]), 100.0, np.nan) if metric == "agreement" else originals[metric]
                share, gap = gap_closed(
                    [ideal] * len(group), without, [found[edge, item][metric] for item in group], plan.seed
                )
                yield Gap(
                    **_scope(plan, model, data, metric),
                    mitigation=edge.mitigation,
                    corrector=edge.corrector,
                    codec=group[0].codec,
                    subsampling=group[0].subsampling,
                    stage=plan.stage,
                    quality="+".join(str(item.nominal_quality) for item in group),
                    gap=gap,
                    share=share.value,
                    ci_low=share.low,
                    ci_high=share.high,
                    n=share.n,
                )


def _scope(plan: Plan, model: str, data: str, metric: str) -> dict[str, Any]:
    """What rows of every kind say alike of where they belong."""
    where = {"task": plan.tasks[model], "dataset": data, "slice": "all", "model": model, "metric": metric}
    return {**where, "chain": "", "seed": plan.seed}


def _intervals(
    columns: Sequence[NDArray[np.float64]], seed: int, ranges: Sequence[tuple[float, float] | None]
) -> list[Interval]:
    return mean_intervals(np.stack(columns, axis=1), seed, ranges=ranges) if columns else []
