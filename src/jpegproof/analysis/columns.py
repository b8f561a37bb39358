"""The columns of a study: one edge at one compression each, with its metrics, read one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from jpegproof.analysis.by_class import ClassMetric
from jpegproof.analysis.file_sizes import Sizes
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.recalled import Recalled, Shelf
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.analysis.task_metrics import Metric, TaskMetrics
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.plan import Cell, Edge, Plan
from jpegproof.studies.store import Store


@dataclass(frozen=True, slots=True)
class Column:
    """One edge at one compression.

    Attributes:
        edge: the corrector and the model.
        compression: of the pictures.
        metrics: by their names.
        bytes_per_image: mean size of the compressed file; None for the originals.
        bits_per_pixel: of the compressed files together; None for the originals, or where pixels were not counted.
        skips: (picture, reason) of the pictures that could not be used.
    """

    edge: Edge
    compression: Compression
    metrics: dict[str, Metric]
    bytes_per_image: float | None
    bits_per_pixel: float | None
    skips: list[tuple[str, str]]


def read_columns(
    plan: Plan,
    store: Store,
    finished: frozenset[str],
    model: str,
    task: TaskMetrics,
    reference: pa.Table,
    resamples: Resamples,
) -> Iterator[tuple[Column, Mapping[str, ClassMetric]]]:
    """The columns of a model that are finished, the reference first, each with its metrics by class.

    What makes the pooled metrics of a column is let go with the next one, after they were worked out in all resamples
    over the pictures that count for the column; see `Recalled`. The metrics by class are for at once, not for keeping.

    Args:
        plan: of the study.
        store: its predictions.
        finished: fingerprints of the finished cells.
        model: its name in the plan.
        task: what is made of its answers.
        reference: its answers on the originals.
        resamples: in which the metrics are worked out.

    Raises:
        StoreError: a prediction file is damaged.
    """
    shelf = Shelf()
    first = plan.reference_edge(model)
    names = plan.data[plan.shards[plan.cells_of(first, 0)[0].shard].data].class_names
    for number, compression in enumerate(plan.compressions):
        for edge_number in (first, *(place for place in range(len(plan.edges)) if place != first)):
            edge = plan.edges[edge_number]
            cells = plan.cells_of(edge_number, number)
            if edge.model != model or not is_whole(cells, finished):
                continue
            answers = read_cells(store, cells, task.columns)
            shelf.clear()
            metrics = dict(task.of(answers, reference))
            again = partial(_metrics, store, cells, task, reference)
            shelf.put(again, metrics)
            held: dict[str, Metric] = {
                name: metric if isinstance(metric, np.ndarray) else Recalled(metric, name, again, shelf)
                for name, metric in metrics.items()
            }
            for metric in held.values():
                if isinstance(metric, Recalled):
                    resamples.interval(metric)
            sizes = Sizes.of(answers)
            yield (
                Column(edge, compression, held, sizes.bytes_per_image, sizes.bits_per_pixel, _skips(answers)),
                task.by_class(answers, reference, metrics, names),
            )


def _metrics(store: Store, cells: list[Cell], task: TaskMetrics, reference: pa.Table) -> Mapping[str, Metric]:
    return task.of(read_cells(store, cells, task.columns), reference)


def _skips(answers: pa.Table) -> list[tuple[str, str]]:
    pairs = zip(answers["picture"].to_pylist(), answers["skipped"].to_pylist(), strict=True)
    return [(name, reason) for name, reason in pairs if reason is not None]
