"""From stored predictions to rows: every metric with its interval, every comparison paired."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis import classification, segmentation
from jpegproof.analysis.blocks import BlockGain, blocks_of, by_block
from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.detection.study_metrics import COLUMNS, REFERENCE_COLUMNS, box_and_mask_metrics, box_metrics
from jpegproof.analysis.gaps import POOLED, gap_closed
from jpegproof.analysis.pooled import PooledMetric, Resamples
from jpegproof.analysis.rows import Comparison, Gap, Result, Skip
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.plan import Cell, Edge, Plan
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.store import Store

#: A metric that is a mean over pictures is its column, picture by picture; others know how to be resampled.
Metric = NDArray[np.float64] | PooledMetric


class TaskMetrics(NamedTuple):
    """How a task's stored answers become metrics.

    Attributes:
        of: the metrics of answers, given the model's answers on the originals.
        columns: the stored columns that they need.
        reference_columns: those that they need of the answers on the originals.
    """

    of: Callable[[pa.Table, pa.Table], Mapping[str, Metric]]
    columns: Sequence[str]
    reference_columns: Sequence[str]


METRICS = {
    "classification": TaskMetrics(
        classification.classification_metrics, classification.COLUMNS, classification.COLUMNS
    ),
    "detection": TaskMetrics(box_metrics, COLUMNS, REFERENCE_COLUMNS),
    "instance_segmentation": TaskMetrics(box_and_mask_metrics, COLUMNS, REFERENCE_COLUMNS),
    "semantic_segmentation": TaskMetrics(segmentation.segmentation_metrics, segmentation.COLUMNS, segmentation.COLUMNS),
}

#: The metrics that are shares of pictures, in percent, and what one picture can add to a share or to a difference.
SHARES = frozenset(["top1", "top5", "agreement"])
SHARE, CHANGE = (0.0, 100.0), (-100.0, 100.0)

#: The metrics that have no gap to close, since lower is better.
WITHOUT_GAP = frozenset(["distance"])
#: The metrics that compare with the answers on the originals, and what they are on the originals themselves.
AGAINST_ORIGINALS = {"agreement": 100.0, "mask_agreement": 100.0, "pixel_agreement": 100.0, "distance": 0.0}

#: What the first edge of a comparison with the originals is called.
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that a study's tables and plots are made of."""

    results: list[Result]
    comparisons: list[Comparison]
    gaps: list[Gap]
    skips: list[Skip]
    blocks: list[BlockGain] = field(default_factory=list)
    """Of the data sets whose pictures are resampled in blocks."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One edge at one compression."""

    edge: Edge
    compression: Compression
    metrics: dict[str, Metric]
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
        wanted = METRICS[plan.tasks[model]].reference_columns
        reference = _predictions(plan, store, finished, plan.cells_of(reference_edge, 0), wanted)
        if reference is None:
            continue
        data = plan.shards[plan.cells_of(reference_edge, 0)[0].shard].data
        resamples = Resamples(plan.seed, block=plan.data[data].block)
        columns = list(_columns(plan, store, finished, model, reference))
        numbers.results.extend(_results(plan, model, data, columns, resamples))
        numbers.comparisons.extend(_comparisons(plan, model, data, columns, resamples))
        numbers.gaps.extend(_gaps(plan, model, data, columns, resamples))
        numbers.blocks.extend(_blocks(plan, model, data, columns, reference["picture"].to_pylist()))
        known = {(skip.dataset, skip.picture) for skip in numbers.skips}
        for skip in (skip for column in columns for skip in column.skips):
            if (data, skip[0]) not in known:
                known.add((data, skip[0]))
                numbers.skips.append(Skip(data, *skip))
    return numbers


def _predictions(
    plan: Plan, store: Store, finished: frozenset[str], cells: Sequence[Cell], columns: Sequence[str]
) -> pa.Table | None:
    """The predictions of one edge at one compression, all pictures in order; None while some are missing."""
    if not cells or any(cell.name not in finished for cell in cells):
        return None
    wanted = ["picture", "skipped", "bytes", *columns]
    tables = [read_predictions(store.get(cell.name), str(store.path(cell.name)), wanted) for cell in cells]
    return pa.concat_tables(tables)


def _columns(plan: Plan, store: Store, finished: frozenset[str], model: str, reference: pa.Table) -> Iterator[_Column]:
    task = METRICS[plan.tasks[model]]
    for number, compression in enumerate(plan.compressions):
        for edge_number, edge in enumerate(plan.edges):
            if edge.model != model:
                continue
            answers = _predictions(plan, store, finished, plan.cells_of(edge_number, number), task.columns)
            if answers is None:
                continue
            sizes = [size for size in answers.column("bytes").to_pylist() if size is not None]
            yield _Column(
                edge,
                compression,
                dict(task.of(answers, reference)),
                float(np.mean(sizes)) if sizes else None,
                [
                    (name, reason)
                    for name, reason in zip(answers["picture"].to_pylist(), answers["skipped"].to_pylist(), strict=True)
                    if reason is not None
                ],
            )


def _results(plan: Plan, model: str, data: str, columns: Sequence[_Column], resamples: Resamples) -> Iterator[Result]:
    named = [(column, metric) for column in columns for metric in column.metrics]
    intervals = _intervals([(column.metrics[metric], None, metric) for column, metric in named], resamples)
    for (column, metric), interval in zip(named, intervals, strict=True):
        original = column.compression.is_original
        if original and column.edge.mitigation == "none" and metric in AGAINST_ORIGINALS:
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


def _comparisons(
    plan: Plan, model: str, data: str, columns: Sequence[_Column], resamples: Resamples
) -> Iterator[Comparison]:
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
        if metric in pair[2].metrics and not (pair[0] == REFERENCE and metric in AGAINST_ORIGINALS)
    ]
    both = [(pair[3].metrics[metric], pair[2].metrics[metric], metric) for pair, metric in named]
    for ((mitigation, corrector, _, second), metric), interval in zip(named, _intervals(both, resamples), strict=True):
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


def _gaps(plan: Plan, model: str, data: str, columns: Sequence[_Column], resamples: Resamples) -> Iterator[Gap]:
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
            for metric in (name for name in found[untreated, group[0]] if name not in WITHOUT_GAP):
                without = [found[untreated, item][metric] for item in group]
                cured = [found[edge, item][metric] for item in group]
                ideal = AGAINST_ORIGINALS[metric] if metric in AGAINST_ORIGINALS else originals[metric]
                share, gap = _gap_closed(ideal, without, cured, resamples)
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


def _blocks(
    plan: Plan, model: str, data: str, columns: Sequence[_Column], pictures: Sequence[str]
) -> Iterator[BlockGain]:
    """What each cure gains in each block, against no cure at the same compression."""
    size = plan.data[data].block
    untreated = plan.edges[plan.reference_edge(model)]
    without = {column.compression: column.metrics for column in columns if column.edge == untreated}
    for column in columns if size > 1 else ():
        base = without.get(column.compression, {})
        for metric in (name for name in column.metrics if name in base and column.edge != untreated):
            counted = _counted(base[metric]) & _counted(column.metrics[metric])
            before, after = (by_block(item, counted, size) for item in (base[metric], column.metrics[metric]))
            for number, places in enumerate(blocks_of(len(pictures), size)):
                if not np.isfinite(before[number]) or not np.isfinite(after[number]):
                    continue
                yield BlockGain(
                    **_scope(plan, model, data, metric),
                    mitigation=column.edge.mitigation,
                    corrector=column.edge.corrector,
                    codec=column.compression.codec,
                    subsampling="" if column.compression.is_original else column.compression.subsampling,
                    stage="" if column.compression.is_original else plan.stage,
                    quality=column.compression.nominal_quality,
                    block=number + 1,
                    first=pictures[places[0]],
                    last=pictures[places[-1]],
                    untreated=float(before[number]),
                    value=float(after[number]),
                    gain=float(after[number] - before[number]),
                    n=int(counted[places].sum()),
                )


def _counted(metric: Metric) -> NDArray[np.bool_]:
    """(N,) the pictures that count for a metric."""
    return np.isfinite(metric) if isinstance(metric, np.ndarray) else metric.usable


def _scope(plan: Plan, model: str, data: str, metric: str) -> dict[str, Any]:
    """What rows of every kind say alike of where they belong."""
    where = {"task": plan.tasks[model], "dataset": data, "slice": "all", "model": model, "metric": metric}
    return {**where, "chain": "", "seed": plan.seed}


def _intervals(asked: Sequence[tuple[Metric, Metric | None, str]], resamples: Resamples) -> list[Interval]:
    """The interval of each metric, or of its difference from the second one, by the metric's name."""
    means = [(a, b, name) for a, b, name in asked if isinstance(a, np.ndarray)]
    columns = [a - b if isinstance(b, np.ndarray) else a for a, b, _ in means]
    ranges = [None if name not in SHARES else SHARE if b is None else CHANGE for _, b, name in means]
    seed, block = resamples.seed, resamples.block
    of_means = iter(mean_intervals(np.stack(columns, axis=1), seed, ranges=ranges, block=block) if columns else [])
    found = []
    for metric, other, _ in asked:
        if isinstance(metric, np.ndarray):
            found.append(next(of_means))
        elif other is None:
            found.append(resamples.interval(metric))
        else:
            assert not isinstance(other, np.ndarray)
            found.append(resamples.difference(other, metric))
    return found


def _gap_closed(
    ideal: Metric | float, without: Sequence[Metric], cured: Sequence[Metric], resamples: Resamples
) -> tuple[Interval, float | None]:
    if isinstance(without[0], np.ndarray):
        columns = [column for column in without if isinstance(column, np.ndarray)]
        whole = np.where(np.isfinite(columns[0]), ideal, np.nan) if isinstance(ideal, float) else ideal
        assert isinstance(whole, np.ndarray)
        treated = [column for column in cured if isinstance(column, np.ndarray)]
        return gap_closed([whole] * len(columns), columns, treated, resamples.seed, resamples.block)
    assert not isinstance(ideal, np.ndarray)
    untreated = [metric for metric in without if not isinstance(metric, np.ndarray)]
    healed = [metric for metric in cured if not isinstance(metric, np.ndarray)]
    return resamples.gap_closed([ideal] * len(untreated), untreated, healed)
