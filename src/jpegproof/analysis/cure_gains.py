"""What one cure gains over no cure, and over the cure that it began from: quality by quality, and over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jpegproof.analysis.bootstrap import Interval
from jpegproof.analysis.columns import read_columns
from jpegproof.analysis.metric_intervals import mean_interval
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.results import METRICS
from jpegproof.analysis.stored import read_cells
from jpegproof.analysis.task_metrics import Metric
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.store import Store

#: What a task's answers are judged by where labels count; without labels it is agreement for all of them.
LABELLED = {
    "classification": "top1",
    "detection": "mAP",
    "instance_segmentation": "mask_mAP",
    "semantic_segmentation": "mIoU",
    "forensics": "accuracy",
}
AGREEMENT = "agreement"

#: In the table, the row over all qualities.
ALL_QUALITIES = "mean"


@dataclass(frozen=True, slots=True)
class CureGain:
    """One row of ``before_after.csv``: one way to use the model, at one quality or over all of them.

    Attributes:
        quality: libjpeg quality, or ``mean`` for the mean of all qualities that were measured.
        metric: ``agreement``, or the task's metric against labels; in percent.
        mitigation: ``none``, or the cure's row name.
        corrector: as in ``results.csv``.
        tuned: the training whose outcome takes the model's place; empty for none.
        value, ci_low, ci_high: the metric with its 95 % interval.
        gain, gain_low, gain_high: over no cure, picture by picture; None for the row without a cure.
        over_start, over_start_low, over_start_high: what the new cure gains over the one it began from; None elsewhere.
        n: pictures that count.
    """

    quality: str
    metric: str
    mitigation: str
    corrector: str
    tuned: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    over_start: float | None
    over_start_low: float | None
    over_start_high: float | None
    n: int

    @property
    def over_none(self) -> Interval:
        """The gain over no cure as an interval."""
        return Interval(self.gain, self.gain_low, self.gain_high, self.n)

    @property
    def over_the_start(self) -> Interval:
        """The gain over the cure that it began from as an interval."""
        return Interval(self.over_start, self.over_start_low, self.over_start_high, self.n)


_NOTHING = Interval(None, None, None, 0)


def cure_gains(
    plan: Plan, store: Store, finished: frozenset[str], metric: str, cure: Edge, start: Edge | None
) -> list[CureGain]:
    """What a cure gains in a study of one model whose cells are finished.

    Args:
        plan, store, finished: the study's.
        metric: which.
        cure: the edge of the new cure.
        start: the edge of what it began from; None where that is no cure of its own.

    Returns:
        Rows by quality, and last those over all qualities; in each none, the start and the new cure. Empty where the
        metric cannot be told of these pictures.

    Raises:
        StoreError: a prediction file is damaged.
    """
    model = cure.model
    task = METRICS[plan.tasks[model]]
    none = plan.edges[plan.reference_edge(model)]
    cells = plan.cells_of(plan.reference_edge(model), 0)
    reference = read_cells(store, cells, task.reference_columns)
    resamples = Resamples(plan.seed, block=plan.data[plan.shards[cells[0].shard].data].block)
    found: dict[tuple[Edge, int], Metric] = {}
    for column, _ in read_columns(plan, store, finished, model, task, reference, resamples):
        quality = column.compression.quality
        if quality is not None and metric in column.metrics:
            found[column.edge, quality] = column.metrics[metric]
    edges = [none, *([start] if start is not None else []), cure]
    qualities = sorted({quality for _, quality in found})
    whole = [quality for quality in qualities if all((edge, quality) in found for edge in edges)]
    groups = {str(quality): [quality] for quality in whole}
    if len(whole) > 1:
        groups[ALL_QUALITIES] = whole
    return [
        _row(name, group, metric, edge, none, start if edge == cure else None, found, resamples)
        for name, group in groups.items()
        for edge in edges
    ]


def _row(
    name: str,
    qualities: Sequence[int],
    metric: str,
    edge: Edge,
    none: Edge,
    start: Edge | None,
    found: Mapping[tuple[Edge, int], Metric],
    resamples: Resamples,
) -> CureGain:
    def of(one: Edge) -> list[Metric]:
        return [found[one, quality] for quality in qualities]

    value = mean_interval(of(edge), None, metric, resamples)
    gain = _NOTHING if edge == none else mean_interval(of(edge), of(none), metric, resamples)
    over = _NOTHING if start is None else mean_interval(of(edge), of(start), metric, resamples)
    return CureGain(
        quality=name,
        metric=metric,
        mitigation=edge.mitigation,
        corrector=edge.corrector,
        tuned=edge.tuned,
        value=value.value,
        ci_low=value.low,
        ci_high=value.high,
        gain=gain.value,
        gain_low=gain.low,
        gain_high=gain.high,
        over_start=over.value,
        over_start_low=over.low,
        over_start_high=over.high,
        n=value.n,
    )
