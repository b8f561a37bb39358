"""The pictures on which compression costs a model most, from stored predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.by_picture import (
    SCORED_TASKS,
    PictureScores,
    columns_of_scores,
    picture_scores,
    reference_columns_of_scores,
)
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.studies.plan import Cell, Edge, Plan
from jpegproof.studies.store import Store

#: How many pictures of each model are told.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class WorstPicture:
    """One picture along one edge. One row of ``worst_pictures.csv``.

    Attributes:
        metric: as in ``results.csv``, of this picture alone.
        quality: libjpeg quality; None for the original.
        value: in the metric's unit; None where the picture could not be used.

    The other columns are those of `Result`.
    """

    task: str
    dataset: str
    model: str
    metric: str
    picture: str
    quality: int | None
    mitigation: str
    corrector: str
    value: float | None


def study_worst(plan: Plan, store: Store, finished: frozenset[str], shown: int = SHOWN) -> list[WorstPicture]:
    """Of each model the pictures that lose most, the worst first: on the original, without a cure, and with each.

    A loss is the picture's own score on the original less that at the lowest quality without a cure; equal ones are in
    the order of the pictures. Models of tasks whose pictures are not scored one by one are left out, and so are those
    whose predictions there are not finished. Delivery chains do not count.

    Args:
        plan: the study's.
        store: its predictions.
        finished: fingerprints of those that are there.
        shown: how many pictures of each model.

    Raises:
        StoreError: a prediction file is damaged.
    """
    return [
        row
        for model, task in plan.tasks.items()
        if task in SCORED_TASKS
        for row in _worst_of(plan, store, finished, model, shown)
    ]


def _worst_of(plan: Plan, store: Store, finished: frozenset[str], model: str, shown: int) -> Iterator[WorstPicture]:
    task, reference = plan.tasks[model], plan.reference_edge(model)
    columns = columns_of_scores(task)
    original = plan.cells_of(reference, 0)
    by_quality = {
        item.quality: number
        for number, item in enumerate(plan.compressions)
        if item.quality
        and item.codec == "jpeg"
        and not item.chain
        and is_whole(plan.cells_of(reference, number), finished)
    }
    if not by_quality or not is_whole(original, finished):
        return
    lowest = min(by_quality)

    answers = read_cells(store, original, reference_columns_of_scores(task))

    def scored(cells: list[Cell]) -> PictureScores:
        return picture_scores(task, read_cells(store, cells, columns), answers)

    clean, compressed = scored(original), scored(plan.cells_of(reference, by_quality[lowest]))
    losses = -compressed.gains_over(clean)
    chosen = sorted(np.flatnonzero(losses > 0).tolist(), key=lambda row: (-losses[row], row))[:shown]
    names = answers["picture"].to_pylist()
    values: dict[tuple[int | None, Edge], NDArray[np.float64]] = {(None, plan.edges[reference]): clean.values}
    for number, edge in enumerate(plan.edges):
        cells = plan.cells_of(number, by_quality[lowest])
        if edge.model == model and is_whole(cells, finished):
            values[lowest, edge] = scored(cells).values
    for row in chosen:
        for (quality, edge), found in values.items():
            value = float(found[row]) if np.isfinite(found[row]) else None
            yield WorstPicture(
                task=task,
                dataset=plan.shards[original[0].shard].data,
                model=model,
                metric=clean.metric,
                picture=names[row],
                quality=quality,
                mitigation=edge.mitigation,
                corrector=edge.corrector,
                value=value,
            )
