"""Other codecs against JPEG at equal bytes: what each gains, and how nearly equal the bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.file_sizes import Sizes
from jpegproof.analysis.metric_intervals import CHANGE, SHARES
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.results import METRICS
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.analysis.task_metrics import Metric
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.store import Store

#: The metrics that are compared, where there are they.
COMPARED = ("top1", "accuracy", "mAP", "mIoU", "agreement")


@dataclass(frozen=True, slots=True)
class CodecRow:
    """Another codec at the bytes of one JPEG quality. One row of ``codecs.csv``.

    Attributes:
        quality: libjpeg's, whose bytes each picture was given.
        value: the metric with the codec, in percent.
        jpeg: the metric with JPEG, over the same pictures.
        difference: the first less the second, in points, with its 95 % interval of the paired bootstrap.
        bytes_per_image: mean size of the codec's files.
        jpeg_bytes_per_image: of the JPEGs.
        off: by how much a picture's bytes miss the JPEG's, in percent, on average over the pictures, whatever the sign.
        off_most: the most that they miss them by.

    The other columns are those of `jpegproof.analysis.rows.Result`.
    """

    task: str
    dataset: str
    model: str
    metric: str
    mitigation: str
    corrector: str
    codec: str
    subsampling: str
    stage: str
    quality: int
    value: float
    jpeg: float
    difference: float
    ci_low: float | None
    ci_high: float | None
    n: int
    bytes_per_image: float | None
    jpeg_bytes_per_image: float | None
    bits_per_pixel: float | None
    off: float
    off_most: float
    seed: int


def study_codecs(plan: Plan, store: Store, finished: frozenset[str]) -> list[CodecRow]:
    """Each codec beside JPEG, at every quality and along every edge that both have; none where JPEG is all there is.

    Raises:
        StoreError: a prediction file is damaged.
    """
    rows: list[CodecRow] = []
    for number, compression in enumerate(plan.compressions):
        if compression.codec in ("", "jpeg"):
            continue
        twin = plan.compressions.index(replace(compression, codec="jpeg"))
        for place, edge in enumerate(plan.edges):
            if all(is_whole(plan.cells_of(place, which), finished) for which in (number, twin)):
                rows += _rows(plan, store, finished, edge, (place, number), (place, twin))
    return rows


def _rows(
    plan: Plan,
    store: Store,
    finished: frozenset[str],
    edge: Edge,
    other: tuple[int, int],
    jpeg: tuple[int, int],
) -> Iterator[CodecRow]:
    task = METRICS[plan.tasks[edge.model]]
    originals = plan.cells_of(plan.reference_edge(edge.model), 0)
    if not is_whole(originals, finished):
        return
    data, compression = plan.shards[originals[0].shard].data, plan.compressions[other[1]]
    reference = read_cells(store, originals, task.reference_columns)
    tables = [read_cells(store, plan.cells_of(*column), task.columns) for column in (other, jpeg)]
    now, then = (task.of(table, reference) for table in tables)
    sizes, jpegs = (Sizes.of(table) for table in tables)
    missed = 100.0 * np.abs(sizes.compressed / jpegs.compressed - 1.0)
    resamples = Resamples(plan.seed, block=plan.data[data].block)
    scope: dict[str, Any] = {"task": plan.tasks[edge.model], "dataset": data, "model": edge.model, "seed": plan.seed}
    for metric in (name for name in COMPARED if name in now and name in then):
        value, before, difference = _compared(now[metric], then[metric], metric, resamples)
        if value is None or before is None or difference.value is None:
            continue
        yield CodecRow(
            **scope,
            metric=metric,
            mitigation=edge.mitigation,
            corrector=edge.corrector,
            codec=compression.codec,
            subsampling=compression.subsampling,
            stage=plan.stage,
            quality=compression.quality or 0,
            value=value,
            jpeg=before,
            difference=difference.value,
            ci_low=difference.low,
            ci_high=difference.high,
            n=difference.n,
            bytes_per_image=sizes.bytes_per_image,
            jpeg_bytes_per_image=jpegs.bytes_per_image,
            bits_per_pixel=sizes.bits_per_pixel,
            off=float(np.nanmean(missed)),
            off_most=float(np.nanmax(missed)),
        )


def _compared(
    now: Metric, then: Metric, name: str, resamples: Resamples
) -> tuple[float | None, float | None, Interval]:
    """The metric with each, and the difference with its interval, over the pictures that count for both."""
    if isinstance(now, np.ndarray) and isinstance(then, np.ndarray):
        both = np.isfinite(now) & np.isfinite(then)
        if not both.any():
            return None, None, Interval(None, None, None, 0)
        (difference,) = mean_intervals(
            (now - then)[:, None],
            resamples.seed,
            ranges=[CHANGE if name in SHARES else None],
            block=resamples.block,
        )
        return float(now[both].mean()), float(then[both].mean()), difference
    assert not isinstance(now, np.ndarray)
    assert not isinstance(then, np.ndarray)
    both = now.usable & then.usable
    first, second = (float(resamples.values(metric, both)[0]) for metric in (now, then))
    return first, second, resamples.difference(then, now)
