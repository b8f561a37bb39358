"""One unit of work: the missing cells of one shard, each picture decoded, compressed and corrected once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch

from jpegproof.correctors.gate import gated
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.model import Model
from jpegproof.models.preparation import Preparation
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.studies.folds import fold_of
from jpegproof.studies.pictures import Pictures, sorted_out
from jpegproof.studies.plan import Cell, Edge, Plan
from jpegproof.studies.predictions import prediction_bytes, read_predictions
from jpegproof.studies.rows import grouped, places, runs_of_one_shape
from jpegproof.studies.store import Store
from jpegproof.studies.tally import Tally
from jpegproof.studies.workshop import IDENTITY, Workshop
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.find import same_targets
from jpegproof.tasks.protocol import Target

_T = TypeVar("_T")
_R = TypeVar("_R")


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
        on_cell: called after each is stored.
        pool: threads for the stages that leave Python's lock alone (coding and resizing); None for none.

    Attributes:
        tally: the work done so far.
    """

    def __init__(
        self,
        plan: Plan,
        workshop: Workshop,
        store: Store,
        cells: Sequence[Cell],
        on_cell: Callable[[Cell], None],
        pool: ThreadPoolExecutor | None = None,
    ) -> None:
        self.tally = Tally()
        self._plan = plan
        self._workshop = workshop
        self._store = store
        self._cells = cells
        self._on_cell = on_cell
        self._pool = pool
        shard = plan.shards[cells[0].shard]
        self._numbers = shard.pictures
        self._pictures = workshop.pictures(shard.data)
        self._names = [self._pictures.name(number) for number in shard.pictures]
        self._references: dict[str, _Reference] = {}
        self._sizes: dict[int, tuple[int, int]] = {}

    def run(self) -> None:
        """Computes the cells and stores each as soon as it is whole.

        Raises:
            JpegproofError: something is wrong with the study rather than with one picture.
        """
        sources = self._read()
        for compression, group in grouped(self._cells, lambda cell: cell.compression):
            if self._plan.compressions[compression].is_original:
                self._infer(group, sources, original=True)
            else:
                self._compressed(sources, self._plan.compressions[compression], group)

    def _read(self) -> Pictures:
        def one(number: int) -> Pixels | str:
            try:
                return self._pictures.pixels(number)
            except UnusablePictureError as error:
                return str(error)

        with self.tally.stage("read", len(self._numbers)):
            answers = dict(enumerate(self._map(one, self._numbers)))
        self._sizes = {row: pixels.shape[:2] for row, pixels in answers.items() if not isinstance(pixels, str)}
        return sorted_out(answers, {}, {})

    def _compressed(self, sources: Pictures, compression: Compression, cells: Sequence[Cell]) -> None:
        for frame, framed in self._frames(sources, cells):
            jpegs, sizes = self._through_jpeg(framed, compression)
            here = [cell for cell in cells if frame in ("", self._frame_of(cell))]
            for (corrector, downscales), group in grouped(here, self._correction_of):
                answers = self._corrected(corrector, downscales, jpegs)
                self._infer(group, sorted_out(answers, framed.skipped, sizes), original=False)

    def _frames(self, sources: Pictures, cells: Sequence[Cell]) -> Iterator[tuple[str, Pictures]]:
        """The pictures that are compressed: as stored, or (stage ``input``) once per distinct resize and crop."""
        if self._plan.stage == "source":
            yield "", sources
            return
        for frame, group in grouped(cells, self._frame_of):
            preparation = self._model_of(group[0]).preparation
            with self.tally.stage("prepare", len(sources.pixels)):
                framed = self._map(partial(_framed, preparation), sources.pixels.values())
            yield frame, sorted_out(dict(zip(sources.pixels, framed, strict=True)), sources.skipped, {})

    def _through_jpeg(
        self, sources: Pictures, compression: Compression
    ) -> tuple[dict[int, DecodedJpeg | str], dict[int, int]]:
        """Compresses and decodes; per row the JPEG, or why it could not be made, and its size in bytes."""

        def compress(pixels: Pixels) -> bytes | str:
            try:
                return encode(pixels, compression)
            except (OSError, ValueError) as error:
                return f"cannot be compressed: {error}"

        with self.tally.stage("encode", len(sources.pixels)):
            files = dict(zip(sources.pixels, self._map(compress, sources.pixels.values()), strict=True))
        sizes = {row: len(file) for row, file in files.items() if isinstance(file, bytes)}
        with self.tally.stage("decode", len(sizes)):
            decoded = self._map(_decode, files.values())
        return dict(zip(files, decoded, strict=True)), sizes

    def _correction_of(self, cell: Cell) -> tuple[str, tuple[float, ...] | None]:
        """The corrector, and where it stands behind the gate what the gate must know: the downscale of each row."""
        edge = self._plan.edges[cell.edge]
        if not edge.gated:
            return edge.corrector, None
        if self._plan.stage == "input":  # was shrunk before it was compressed
            return edge.corrector, (1.0,) * len(self._names)
        geometry = self._model_of(cell).preparation.geometry
        sizes = [self._sizes.get(row) for row in range(len(self._names))]
        return edge.corrector, tuple(geometry(size).downscale if size else 1.0 for size in sizes)

    def _corrected(
        self, name: str, downscales: tuple[float, ...] | None, jpegs: dict[int, DecodedJpeg | str]
    ) -> dict[int, Pixels | str]:
        """Per row the corrected picture, or why there is none; behind the gate where downscales are given."""
        if name == IDENTITY:
            return {row: item.pixels if isinstance(item, DecodedJpeg) else item for row, item in jpegs.items()}
        folds = self._workshop.folds(name)
        answers: dict[int, Pixels | str] = {}
        for row, item in jpegs.items():
            if isinstance(item, str):
                answers[row] = item
                continue
            corrector = self._corrector(name, row, folds)
            corrector = corrector if downscales is None else gated(corrector, downscales[row])
            with self.tally.stage("correct", 1):
                try:
                    answers[row] = to_pixels(corrector([item])[0])
                except JpegproofError:
                    raise
                except Exception as error:  # other people's networks fail in whatever way they like
                    reason = (str(error).splitlines() or [""])[0] or type(error).__name__
                    answers[row] = f"corrector {name}: {reason}"
        failures = [answer for answer in answers.values() if isinstance(answer, str)]
        if len(failures) == len(answers) > 1:
            raise ModelError(f"every picture of a shard failed, so the fault is not in one picture: {failures[0]}")
        return answers

    def _infer(self, cells: Sequence[Cell], pictures: Pictures, original: bool) -> None:
        """Runs each edge's model on the pictures and stores its cell; equal preparations are made once."""
        inputs: dict[str, dict[int, torch.Tensor | str]] = {}
        for cell in cells:
            name = self._plan.edges[cell.edge].model
            model = self._workshop.model(name)
            reference = None if self._plan.is_reference(cell) else self._reference(name, cell)
            key = fingerprint(dict(model.preparation.describe()))
            if key not in inputs:
                inputs[key] = self._prepared(model, pictures, framed=not original and self._plan.stage == "input")
            skipped = {**(reference.skipped if reference is not None else {}), **pictures.skipped}
            skipped |= {row: item for row, item in inputs[key].items() if isinstance(item, str)}
            tensors = {
                row: item for row, item in inputs[key].items() if row not in skipped and not isinstance(item, str)
            }
            rows = list(tensors)
            answer = self._observe(self._plan.edges[cell.edge], tensors) if rows else None
            self._finish(cell, model, answer, rows, skipped, pictures, reference)

    def _prepared(self, model: Model, pictures: Pictures, framed: bool) -> dict[int, torch.Tensor | str]:
        """The model's inputs by row, or why there is none."""

        def one(pixels: Pixels) -> torch.Tensor | str:
            shaped = pixels if framed else _framed(model.preparation, pixels)
            return shaped if isinstance(shaped, str) else model.preparation.normalise(shaped)

        with self.tally.stage("prepare", len(pictures.pixels)):
            return dict(zip(pictures.pixels, self._map(one, pictures.pixels.values()), strict=True))

    def _observe(self, edge: Edge, inputs: Mapping[int, torch.Tensor]) -> Any:
        """The answers of an edge's model, in the order of the rows; where it is cross-fitted, fold by fold."""
        folds = self._workshop.folds(edge.tuned)
        if not edge.tuned or folds is None:
            model = self._workshop.trained_model(edge.tuned, None) if edge.tuned else self._workshop.model(edge.model)
            return self._answers(edge.model, model, inputs)
        by_fold = grouped(list(inputs), lambda row: fold_of(self._names[row], folds))
        answers = []
        for fold, rows in by_fold:
            model = self._workshop.trained_model(edge.tuned, fold)
            answers.append(self._answers(edge.model, model, {row: inputs[row] for row in rows}))
        order = [row for _, rows in by_fold for row in rows]
        task = self._workshop.model(edge.model).task
        return task.select(task.join(answers), places(order, list(inputs)))

    def _answers(self, name: str, model: Model, inputs: Mapping[int, torch.Tensor]) -> Any:
        """A model's answers, batch by batch; the batches depend on the rows alone, never on what was done before."""
        answers: list[Any] = []
        with self.tally.stage("infer", len(inputs)), torch.inference_mode():
            for batch in self._batches(inputs, model.preparation, self._workshop.batch_size(name)):
                try:
                    answer = model.task.answer(model.network, batch.to(self._workshop.device))
                except JpegproofError:
                    raise
                except Exception as error:  # the user's own code may raise anything
                    raise ModelError(
                        f"model {name!r} failed on an input of shape {(len(batch), *batch.inputs[0].shape)}: "
                        f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
                    ) from error
                if same_targets(self._pictures.task, model.task.name):
                    model.task.check(answer, self._pictures.class_names)
                answers.append(answer)
            return model.task.join(answers)

    def _batches(self, inputs: Mapping[int, torch.Tensor], preparation: Preparation, size: int) -> Iterator[Batch]:
        """Neighbours of one shape together, as many as go through at once."""
        for rows in runs_of_one_shape(inputs, size):
            yield Batch(
                tuple(inputs[row] for row in rows),
                tuple(preparation.geometry(self._sizes[row]) for row in rows),
                tuple(self._names[row] for row in rows),
            )

    def _corrector(self, name: str, row: int, folds: int | None) -> Corrector:
        if name not in self._workshop.spec.trainings:
            return self._workshop.corrector(name)
        fold = fold_of(self._names[row], folds) if folds is not None else None
        return self._workshop.trained_corrector(name, fold)

    def _finish(
        self,
        cell: Cell,
        model: Model,
        answer: Any,
        rows: Sequence[int],
        skipped: dict[int, str],
        pictures: Pictures,
        reference: _Reference | None,
    ) -> None:
        with self.tally.stage("store", 1), torch.inference_mode():
            task = model.task
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
            everyone = range(len(self._names))
            content = prediction_bytes(
                task,
                self._names,
                [skipped.get(row) for row in everyone],
                [None if row in skipped else pictures.sizes.get(row) for row in everyone],
                columns,
                kept_rows,
                with_reference=reference is None,
            )
            self._store.put_once(cell.name, content)
        if reference is None:
            remembered = task.select(answer, kept) if rows else None
            self._references[self._plan.edges[cell.edge].model] = _Reference(remembered, kept_rows, skipped)
        self._on_cell(cell)

    def _reference(self, model: str, cell: Cell) -> _Reference:
        """The model's answers on the originals: from this unit, or from the store where they were finished before."""
        if model not in self._references:
            edge = self._plan.reference_edge(model)
            name = self._plan.original(cell.shard, edge).name
            table = read_predictions(self._store.get(name), str(self._store.path(name)))
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

    def _model_of(self, cell: Cell) -> Model:
        return self._workshop.model(self._plan.edges[cell.edge].model)

    def _frame_of(self, cell: Cell) -> str:
        return fingerprint(dict(self._model_of(cell).preparation.describe()))

    def _map(self, function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        return list(self._pool.map(function, items)) if self._pool else [function(item) for item in items]


def _framed(preparation: Preparation, pixels: Pixels) -> Pixels | str:
    try:
        return preparation.frame(pixels)[0]
    except (UnusablePictureError, MemoryError) as error:
        return str(error) or "does not fit into memory"


def _decode(file: bytes | str) -> DecodedJpeg | str:
    return file if isinstance(file, str) else decode(file)
