"""From stored predictions to rows: every metric with its interval, every comparison paired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis import classification, forensics, segmentation, tensors
from jpegproof.analysis.blocks import BlockGain, blocks_of, by_block
from jpegproof.analysis.bootstrap import Interval
from jpegproof.analysis.by_class import ClassMetric, class_differences, class_intervals
from jpegproof.analysis.columns import Column, read_columns
from jpegproof.analysis.detection.study_metrics import (
    COLUMNS,
    REFERENCE_COLUMNS,
    box_and_mask_metrics,
    box_metrics,
    precision_of_classes,
)
from jpegproof.analysis.fixable import FixableRow
from jpegproof.analysis.fixable_study import FixableLosses
from jpegproof.analysis.flips import Flip, flips_along_chains
from jpegproof.analysis.gaps import POOLED, gap_closed
from jpegproof.analysis.metric_intervals import metric_intervals
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.rows import Comparison, Gap, Result, Skip
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.analysis.task_metrics import Metric, TaskMetrics
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.plan import Plan
from jpegproof.studies.store import Store

METRICS = {
    "classification": TaskMetrics(
        classification.classification_metrics,
        classification.COLUMNS,
        classification.COLUMNS,
        classification.accuracy_of_classes,
    ),
    "detection": TaskMetrics(box_metrics, COLUMNS, REFERENCE_COLUMNS, precision_of_classes),
    "instance_segmentation": TaskMetrics(box_and_mask_metrics, COLUMNS, REFERENCE_COLUMNS, precision_of_classes),
    "semantic_segmentation": TaskMetrics(
        segmentation.segmentation_metrics, segmentation.COLUMNS, segmentation.COLUMNS, segmentation.iou_of_classes
    ),
    "forensics": TaskMetrics(forensics.forensics_metrics, forensics.COLUMNS, forensics.COLUMNS),
    "tensors": TaskMetrics(tensors.tensors_metrics, tensors.COLUMNS, tensors.REFERENCE_COLUMNS),
}

#: The metrics that have no gap to close, since lower is better.
WITHOUT_GAP = frozenset(["distance", "relative_distance"])

#: Of more blocks than these, as where each is a picture and its fake, no table tells them one by one: hundreds of
#: megabytes that nobody reads.
MOST_BLOCKS = 200

#: Metrics whose losses are not split into recovered and remaining: detectors of fakes are told of by their accuracy,
#: and the average precision over all patches takes as long as everything else together.
NOT_SPLIT = WITHOUT_GAP | {"AP_fake", "AP_real", "patch_AP_real"}

#: The metrics that compare with the answers on the originals, and what they are on the originals themselves.
AGAINST_ORIGINALS = {
    "agreement": 100.0,
    "mask_agreement": 100.0,
    "pixel_agreement": 100.0,
    "patch_agreement": 100.0,
    "distance": 0.0,
    "relative_distance": 0.0,
}

#: What the first edge of a comparison with the originals is called.
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that a study's tables and plots are made of.

    Attributes:
        results, comparisons, gaps, skips: of all pictures.
        classes: numbers of each class, whose name is the slice and ``n`` the pictures that hold it.
        class_comparisons: the same less the numbers on the originals.
        blocks: of the data sets whose pictures are resampled in blocks.
        flips: of delivery chains.
        fixable: losses, split into what the best cure recovers and what remains.
    """

    results: list[Result] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    classes: list[Result] = field(default_factory=list)
    class_comparisons: list[Comparison] = field(default_factory=list)
    blocks: list[BlockGain] = field(default_factory=list)
    flips: list[Flip] = field(default_factory=list)
    fixable: list[FixableRow] = field(default_factory=list)


def study_numbers(plan: Plan, store: Store, finished: frozenset[str]) -> Numbers:
    """Works out every number of a study from the predictions that are finished.

    An edge at a compression counts once all its cells are there: a part of the pictures would be another data set.
    Memory does not grow with the number of edges and compressions where metrics are no means over pictures.

    Raises:
        StoreError: a prediction file is damaged.
    """
    numbers = Numbers()
    for model, task in plan.tasks.items():
        cells = plan.cells_of(plan.reference_edge(model), 0)
        if not is_whole(cells, finished):
            continue
        reference = read_cells(store, cells, METRICS[task].reference_columns)
        data = plan.shards[cells[0].shard].data
        resamples = Resamples(plan.seed, block=plan.data[data].block)
        pictures: list[str] = reference["picture"].to_pylist()
        losses = FixableLosses(plan, model, data, pictures, resamples, AGAINST_ORIGINALS, NOT_SPLIT)
        columns: list[Column] = []
        originals: Mapping[str, ClassMetric] = {}
        for column, of_classes in read_columns(plan, store, finished, model, METRICS[task], reference, resamples):
            columns.append(column)
            originals = originals or of_classes  # the first column is the reference itself
            numbers.classes.extend(_classes(plan, model, data, column, of_classes, resamples))
            numbers.class_comparisons.extend(_class_losses(plan, model, data, column, originals, of_classes, resamples))
            numbers.fixable.extend(losses.add(column, of_classes))
        numbers.fixable.extend(losses.rest())
        numbers.results.extend(_results(plan, model, data, columns, resamples))
        numbers.comparisons.extend(_comparisons(plan, model, data, columns, resamples))
        numbers.gaps.extend(_gaps(plan, model, data, columns, resamples))
        numbers.flips.extend(flips_along_chains(plan, model, data, columns, resamples))
        numbers.blocks.extend(_blocks(plan, model, data, columns, pictures))
        known = {(skip.dataset, skip.picture) for skip in numbers.skips}
        for skip in (skip for column in columns for skip in column.skips):
            if (data, skip[0]) not in known:
                known.add((data, skip[0]))
                numbers.skips.append(Skip(data, *skip))
    return numbers


def _results(plan: Plan, model: str, data: str, columns: Sequence[Column], resamples: Resamples) -> Iterator[Result]:
    named = [(column, metric) for column in columns for metric in column.metrics]
    intervals = metric_intervals([(column.metrics[metric], None, metric) for column, metric in named], resamples)
    for (column, metric), interval in zip(named, intervals, strict=True):
        if column.compression.is_original and column.edge.mitigation == "none" and metric in AGAINST_ORIGINALS:
            continue  # of the reference with itself
        yield _result(plan, _scope(plan, model, data, metric), column, interval)


def _result(plan: Plan, scope: dict[str, Any], column: Column, interval: Interval) -> Result:
    original = column.compression.is_original
    return Result(
        **scope,
        mitigation=column.edge.mitigation,
        corrector=column.edge.corrector,
        codec=column.compression.codec,
        subsampling="" if original else column.compression.subsampling,
        chain=column.compression.delivery,
        stage="" if original else plan.stage,
        quality=column.compression.nominal_quality,
        value=interval.value,
        ci_low=interval.low,
        ci_high=interval.high,
        n=interval.n,
        n_skipped=len(column.skips),
        bytes_per_image=column.bytes_per_image,
        bits_per_pixel=column.bits_per_pixel,
    )


def _classes(
    plan: Plan, model: str, data: str, column: Column, metrics: Mapping[str, ClassMetric], resamples: Resamples
) -> Iterator[Result]:
    for name, metric in metrics.items():
        for label, interval in class_intervals(metric, resamples).items():
            yield _result(plan, _scope(plan, model, data, name, label), column, interval)


def _class_losses(
    plan: Plan,
    model: str,
    data: str,
    column: Column,
    originals: Mapping[str, ClassMetric],
    metrics: Mapping[str, ClassMetric],
    resamples: Resamples,
) -> Iterator[Comparison]:
    """Each class on JPEGs against the same on the originals, without a cure."""
    for name in () if column.compression.is_original else [name for name in metrics if name in originals]:
        for label, interval in class_differences(originals[name], metrics[name], resamples).items():
            scope = _scope(plan, model, data, name, label)
            yield from _comparison(plan, scope, (REFERENCE, ""), column, interval)


def _comparisons(
    plan: Plan, model: str, data: str, columns: Sequence[Column], resamples: Resamples
) -> Iterator[Comparison]:
    """Each edge against the originals, and each two edges at the same compression."""
    originals = [column for column in columns if column.compression.is_original]
    pairs: list[tuple[str, str, Column, Column]] = []
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
    for ((mitigation, corrector, _, second), metric), interval in zip(
        named, metric_intervals(both, resamples), strict=True
    ):
        yield from _comparison(plan, _scope(plan, model, data, metric), (mitigation, corrector), second, interval)


def _comparison(
    plan: Plan, scope: dict[str, Any], first: tuple[str, str], second: Column, interval: Interval
) -> Iterator[Comparison]:
    """The row, where the difference has an interval."""
    if interval.value is None or interval.low is None or interval.high is None:
        return
    yield Comparison(
        **scope,
        codec=second.compression.codec,
        subsampling=second.compression.subsampling,
        chain=second.compression.delivery,
        stage=plan.stage,
        quality=second.compression.nominal_quality,
        first_mitigation=first[0],
        first_corrector=first[1],
        second_mitigation=second.edge.mitigation,
        second_corrector=second.edge.corrector,
        difference=interval.value,
        ci_low=interval.low,
        ci_high=interval.high,
        n=interval.n,
    )


def _gaps(plan: Plan, model: str, data: str, columns: Sequence[Column], resamples: Resamples) -> Iterator[Gap]:
    """Each cure's share of the gap, quality by quality and pooled."""
    found = {(column.edge, column.compression): column.metrics for column in columns}
    untreated = plan.edges[plan.reference_edge(model)]
    originals = next((column.metrics for column in columns if column.compression.is_original), None)
    compressions = [item for item in plan.compressions if not item.is_original and (untreated, item) in found]
    if originals is None or not compressions:
        return
    pooled = [item for item in compressions if _is_plain(item) and item.quality in POOLED]
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
                    chain=group[0].delivery,
                    stage=plan.stage,
                    quality="+".join(str(item.nominal_quality) for item in group),
                    gap=gap,
                    share=share.value,
                    ci_low=share.low,
                    ci_high=share.high,
                    n=share.n,
                )


def _blocks(
    plan: Plan, model: str, data: str, columns: Sequence[Column], pictures: Sequence[str]
) -> Iterator[BlockGain]:
    """What each cure gains in each block, against no cure at the same compression; nothing where blocks are many."""
    size = plan.data[data].block
    if size == 1 or len(pictures) > MOST_BLOCKS * size:
        return
    untreated = plan.edges[plan.reference_edge(model)]
    without = {column.compression: column.metrics for column in columns if column.edge == untreated}
    for column in columns:
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
                    chain=column.compression.delivery,
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


def _is_plain(compression: Compression) -> bool:
    """Whether it is a single save as JPEG with the standard's tables."""
    return compression.codec == "jpeg" and not (compression.tables or compression.chain)


def _counted(metric: Metric) -> NDArray[np.bool_]:
    """(N,) the pictures that count for a metric."""
    return np.isfinite(metric) if isinstance(metric, np.ndarray) else metric.usable


def _scope(plan: Plan, model: str, data: str, metric: str, part: str = "all") -> dict[str, Any]:
    """What rows of every kind say alike of where they belong."""
    where = {"task": plan.tasks[model], "dataset": data, "slice": part, "model": model, "metric": metric}
    return {**where, "seed": plan.seed}


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
