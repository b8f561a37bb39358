"""One unit of work: the missing cells of one shard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from jpegproof.data.files import file_bytes
from jpegproof.studies.passage import Answered, Passage
from jpegproof.studies.plan import Cell, Edge, Plan
from jpegproof.studies.predictions import prediction_bytes, read_predictions
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.rows import grouped, places
from jpegproof.studies.tally import Tally
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.find import same_targets
from jpegproof.tasks.protocol import Target


@dataclass(slots=True)
class _Reference:
    """A model's answer on the originals of the shard, row by row of those it could use."""

    answer: Any
    rows: list[int]
    skipped: dict[int, str]


class Unit:
    """Computes missing cells of one shard.

    Args:
        plan: the whole plan.
        workshop: the things it names.
        store: where cells go, and where the answers on the originals are when they were computed before.
        cells: not yet finished ones, all of one shard, in plan order (the originals first).
        pool, loaders: as a `Passage` takes them.
    """

    def __init__(
        self,
        plan: Plan,
        workshop: Workshop,
        store: ResultStore,
        cells: Sequence[Cell],
        pool: ThreadPoolExecutor | None = None,
        loaders: ThreadPoolExecutor | None = None,
    ) -> None:
        self._plan = plan
        self._workshop = workshop
        self._store = store
        self._cells = cells
        shard = plan.shards[cells[0].shard]
        self._numbers = shard.pictures
        self._pictures = workshop.pictures(shard.data)
        self._passage = Passage(plan, workshop, shard.data, shard.pictures, pool, loaders)
        self._references: dict[str, _Reference] = {}

    @property
    def tally(self) -> Tally:
        """The work done so far."""
        return self._passage.tally

    @property
    def notes(self) -> list[str]:
        """What the user should know of it."""
        return self._passage.notes

    def begin(self) -> None:
        """Has the loaders read its pictures, while another unit is computed."""
        self._passage.begin()

    def run(self, on_cell: Callable[[Cell], None]) -> None:
        """Computes the cells and stores each as soon as it is whole.

        Args:
            on_cell: called after each is stored.

        Raises:
            JpegproofError: something is wrong with the study rather than with one picture.
        """
        sources = self._passage.read()
        groups = grouped(self._cells, lambda cell: cell.compression)
        for place, (compression, group) in enumerate(groups):
            for soon, _ in groups[place : place + 2]:  # the loaders are one compression ahead, not more
                self._passage.expect(sources, self._plan.compressions[soon])
            cells = {self._plan.edges[cell.edge]: cell for cell in group}
            unusable = partial(self._unusable, cells)
            for answered in self._passage.take(sources, self._plan.compressions[compression], list(cells), unusable):
                self._finish(cells[answered.edge], answered)
                on_cell(cells[answered.edge])

    def _unusable(self, cells: Mapping[Edge, Cell], edge: Edge) -> Mapping[int, str]:
        """What the model could not use of the originals is not used elsewhere either."""
        cell = cells[edge]
        return {} if self._plan.is_reference(cell) else self._reference(edge.model, cell).skipped

    def _finish(self, cell: Cell, answered: Answered) -> None:
        answer, rows, skipped = answered.answer, answered.rows, answered.skipped
        model = answered.edge.model
        reference = None if self._plan.is_reference(cell) else self._reference(model, cell)
        with self.tally.stage("store", 1), torch.inference_mode():
            task = self._workshop.model(model).task
            columns: dict[str, Sequence[Any]] = {}
            if rows:
                targets = self._targets(task.name, rows)
                like = answer if reference is None else task.select(reference.answer, places(reference.rows, rows))
                recorded, faults = task.record(answer, targets, like)
                columns |= recorded
                columns |= task.keep(answer, targets) if reference is None else {}
                skipped |= {row: fault for row, fault in zip(rows, faults, strict=True) if fault}
            kept = [place for place, row in enumerate(rows) if row not in skipped]
            columns = {name: [values[place] for place in kept] for name, values in columns.items()}
            kept_rows = [rows[place] for place in kept]
            everyone = range(len(self._numbers))
            content = prediction_bytes(
                task,
                self._passage.names,
                [skipped.get(row) for row in everyone],
                [None if row in skipped else answered.pictures.sizes.get(row) for row in everyone],
                columns,
                kept_rows,
                with_reference=reference is None,
                areas=[None if row in skipped else answered.pictures.areas.get(row) for row in everyone],
                file_sizes=[
                    file_bytes(self._pictures, number) if reference is None else None for number in self._numbers
                ],
            )
            self._store.put_once(cell.name, content)
        if reference is None:
            remembered = task.select(answer, kept) if rows else None
            self._references[model] = _Reference(remembered, kept_rows, skipped)

    def _reference(self, model: str, cell: Cell) -> _Reference:
        """The model's answers on the originals: from this unit, or from the store where they were finished before."""
        if model not in self._references:
            edge = self._plan.reference_edge(model)
            name = self._plan.original(cell.shard, edge).name
            table = read_predictions(self._store.get(name), self._store.where(name))
            reasons = table.column("skipped").to_pylist()
            rows = [row for row, reason in enumerate(reasons) if reason is None]
            task = self._workshop.model(model).task
            kept = task.restore(table.take(rows), self._workshop.device) if rows else None
            skipped = {row: reason for row, reason in enumerate(reasons) if reason is not None}
            self._references[model] = _Reference(kept, rows, skipped)
        return self._references[model]

    def _targets(self, task: str, rows: Sequence[int]) -> list[Target]:
        """What is true of the pictures; nothing where the data set speaks of something else than the task."""
        if not same_targets(self._pictures.task, task):
            return [None] * len(rows)
        return [self._pictures.target(self._numbers[row]) for row in rows]
