"""The way of pictures along the edges of a study: read, compressed, decoded, corrected, prepared, asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch

from jpegproof.correctors.gate import gated
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.data.scenes import scene_name
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.model import Model
from jpegproof.models.preparation import Preparation
from jpegproof.out_of_memory import is_out_of_memory
from jpegproof.studies.ahead import Ahead
from jpegproof.studies.coded import Coded, Decoded, coded, compressed, decompressed, delivered
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.studies.folds import fold_of
from jpegproof.studies.pictures import Pictures, sorted_out
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.rows import grouped, places, runs_of_one_shape
from jpegproof.studies.tally import Tally
from jpegproof.studies.workshop import IDENTITY, Workshop
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.find import same_targets

_T = TypeVar("_T")
_R = TypeVar("_R")

#: Which pictures an edge leaves out from the start, by row, and why.
Unusable = Callable[[Edge], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model at the end of an edge says of pictures under one compression.

    Attributes:
        edge: the edge.
        pictures: as they came out of the corrector, before the model's preparation.
        answer: the model's answer about `rows`; None where no row is left.
        rows: the pictures that were asked about, rising.
        skipped: why each of the others was not.
    """

    edge: Edge
    pictures: Pictures
    answer: Any
    rows: list[int]
    skipped: dict[int, str]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Pictures under one compression at the end of an edge, before its model is asked.

    Attributes:
        edge: the edge.
        pictures: as they came out of the corrector, before the model's preparation.
        inputs: what goes into the model, (3, H, W) by row.
        skipped: why each of the others is not there.
    """

    edge: Edge
    pictures: Pictures
    inputs: dict[int, torch.Tensor]
    skipped: dict[int, str]


class Passage:
    """Takes pictures of one data set along edges: each decoded, compressed and corrected once for all of them.

    Args:
        plan: whose edges and compressions they are.
        workshop: the things it names.
        data: the data set's name.
        numbers: of the pictures in it; what is said of row r is of ``numbers[r]``.
        pool: threads for the stages that leave Python's lock alone (coding and resizing); None for none.
        loaders: threads that read and code ahead, where `begin` and `expect` are called; None for none.

    Attributes:
        names: of the pictures, by row.
        tally: the work done so far.
        notes: what the user should know of it.
    """

    def __init__(
        self,
        plan: Plan,
        workshop: Workshop,
        data: str,
        numbers: Sequence[int],
        pool: ThreadPoolExecutor | None = None,
        loaders: ThreadPoolExecutor | None = None,
    ) -> None:
        self.tally = Tally()
        self.notes: list[str] = []
        self._ahead = Ahead(loaders)
        self._plan = plan
        self._workshop = workshop
        self._pool = pool
        self._numbers = numbers
        self._pictures = workshop.pictures(data)
        self.names = [self._pictures.name(number) for number in numbers]
        self._stored_sizes: dict[int, tuple[int, int]] = {}
        self._sizes = self._stored_sizes  # of what is saved last
        self._scenes = [scene_name(self._pictures, number) for number in numbers]

    def begin(self) -> None:
        """Has the loaders read the pictures, for `read` to come."""
        self._ahead.begin("read", self._read_one, dict(enumerate(self._numbers)))

    def expect(self, sources: Pictures, compression: Compression) -> None:
        """Has the loaders compress and decode pictures, for `take` or `bring` to come with the same."""
        if self._plan.stage == "source" and not compression.is_original:
            self._ahead.begin(compression, partial(coded, compression), sources.pixels)

    def read(self) -> Pictures:
        """The pictures as the data set holds them."""
        with self.tally.stage("read", len(self._numbers)):
            answers = self._ahead.take("read")
            if answers is None:
                answers = dict(enumerate(self._map(self._read_one, self._numbers)))
        self._stored_sizes = {row: pixels.shape[:2] for row, pixels in answers.items() if not isinstance(pixels, str)}
        return sorted_out(answers, {}, {}, {row: height * width for row, (height, width) in self._stored_sizes.items()})

    def take(
        self, sources: Pictures, compression: Compression, edges: Sequence[Edge], unusable: Unusable
    ) -> Iterator[Answered]:
        """Takes pictures along edges under one compression, and asks the models.

        Args:
            sources: what `read` answered.
            compression: how each is stored.
            edges: which way.
            unusable: asked once before each edge's model is.

        Yields:
            One answer per edge, as soon as it is known, in an order of the passage's own.

        Raises:
            JpegproofError: something is wrong with the study rather than with one picture.
        """
        for arrived in self.bring(sources, compression, edges, unusable):
            answer = self._observe(arrived.edge, arrived.inputs) if arrived.inputs else None
            yield Answered(arrived.edge, arrived.pictures, answer, list(arrived.inputs), arrived.skipped)

    def bring(
        self, sources: Pictures, compression: Compression, edges: Sequence[Edge], unusable: Unusable
    ) -> Iterator[Arrived]:
        """Takes pictures along edges up to the models' inputs; otherwise as `take`.

        `batch_of` is about the compression in hand, so that it is asked before the next one is taken.
        """
        self._sizes = self._stored_sizes
        if compression.is_original:
            yield from self._prepare(edges, sources, unusable, framed=False)
            return
        for frame, framed in self._frames(sources, edges):
            here = [edge for edge in edges if frame in ("", self._frame_of(edge))]
            saved, files = self._through_codec(framed, compression)
            moved = {row: pixels.shape[:2] for row, pixels in saved.pixels.items()} if compression.moves else {}
            self._sizes = {**self._stored_sizes, **moved}
            for (corrector, downscales), group in grouped(here, self._correction_of):
                answers = self._corrected(corrector, downscales, files)
                pictures = sorted_out(answers, saved.skipped, saved.sizes, saved.areas)
                yield from self._prepare(group, pictures, unusable, framed=self._plan.stage == "input")

    def model_for(self, edge: Edge, row: int) -> Model:
        """The model at the end of an edge for a picture: of a cross-fitted one that which has not seen it."""
        if not edge.tuned:
            return self._model_of(edge)
        folds = self._workshop.folds(edge.tuned)
        fold = fold_of(self._scenes[row], folds) if folds is not None else None
        return self._workshop.trained_model(edge.tuned, fold)

    def batch_of(self, edge: Edge, inputs: Mapping[int, torch.Tensor]) -> Batch:
        """Inputs of an edge's model as it takes them, on its device."""
        return self._batch(list(inputs), inputs, self._model_of(edge).preparation).to(self._workshop.device)

    def _read_one(self, number: int) -> Pixels | str:
        try:
            return self._pictures.pixels(number)
        except UnusablePictureError as error:
            return str(error)

    def _frames(self, sources: Pictures, edges: Sequence[Edge]) -> Iterator[tuple[str, Pictures]]:
        """The pictures that are compressed: as stored, or (stage ``input``) once per distinct resize and crop."""
        if self._plan.stage == "source":
            yield "", sources
            return
        for frame, group in grouped(edges, self._frame_of):
            preparation = self._model_of(group[0]).preparation
            with self.tally.stage("prepare", len(sources.pixels)):
                framed = self._map(partial(_framed, preparation), sources.pixels.values())
            yield frame, sorted_out(dict(zip(sources.pixels, framed, strict=True)), sources.skipped, {})

    def _through_codec(self, sources: Pictures, compression: Compression) -> tuple[Pictures, dict[int, Decoded]]:
        """The pictures as they come to their last save, and by row what is decoded of it, or why nothing is."""
        steps = self._coded(sources, compression)
        sizes = {row: len(one.file) for row, one in steps.items() if isinstance(one.file, bytes)}
        saved = sorted_out({row: one.saved for row, one in steps.items()}, sources.skipped, sizes)
        saved.areas = {row: pixels.shape[0] * pixels.shape[1] for row, pixels in saved.pixels.items()}
        return saved, {row: steps[row].decoded for row in saved.pixels}

    def _coded(self, sources: Pictures, compression: Compression) -> dict[int, Coded]:
        """Each picture on its way through a codec; the loaders' work where they have begun it."""
        with self.tally.stage("encode", 0):  # what is waited for
            ready = self._ahead.take(compression)
        if ready is not None:
            saves = sum(one.is_saved for one in ready.values())
            self.tally.counts["encode"] += saves + (len(ready) if compression.before else 0)
            self.tally.counts["decode"] += sum(isinstance(one.file, bytes) for one in ready.values())
            return ready
        saved: list[Pixels | str] = list(sources.pixels.values())
        if compression.before:
            with self.tally.stage("encode", len(saved)):
                saved = self._map(partial(delivered, compression), saved)
        with self.tally.stage("encode", sum(not isinstance(one, str) for one in saved)):
            files = self._map(partial(compressed, compression), saved)
        with self.tally.stage("decode", sum(isinstance(file, bytes) for file in files)):
            decoded = self._map(partial(decompressed, compression), files)
        return dict(zip(sources.pixels, map(Coded, saved, files, decoded), strict=True))

    def _correction_of(self, edge: Edge) -> tuple[str, tuple[float, ...] | None]:
        """The corrector, and where it stands behind the gate what the gate must know: the downscale of each row."""
        if not edge.gated:
            return edge.corrector, None
        if self._plan.stage == "input":  # was shrunk before it was compressed
            return edge.corrector, (1.0,) * len(self.names)
        geometry = self._model_of(edge).preparation.geometry
        sizes = [self._sizes.get(row) for row in range(len(self.names))]
        return edge.corrector, tuple(geometry(size).downscale if size else 1.0 for size in sizes)

    def _corrected(
        self, name: str, downscales: tuple[float, ...] | None, files: Mapping[int, Decoded]
    ) -> dict[int, Pixels | str]:
        """Per row the corrected picture, or why there is none; behind the gate where downscales are given."""
        if name == IDENTITY:
            return {row: item.pixels if isinstance(item, DecodedJpeg) else item for row, item in files.items()}
        folds = self._workshop.folds(name)
        answers: dict[int, Pixels | str] = {}
        for row, item in files.items():
            if not isinstance(item, DecodedJpeg):
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

    def _prepare(
        self, edges: Sequence[Edge], pictures: Pictures, unusable: Unusable, framed: bool
    ) -> Iterator[Arrived]:
        """The inputs of each edge's model; equal preparations are made once."""
        inputs: dict[str, dict[int, torch.Tensor | str]] = {}
        for edge in edges:
            skipped = {**unusable(edge), **pictures.skipped}
            key = self._frame_of(edge)
            if key not in inputs:
                inputs[key] = self._prepared(self._model_of(edge), pictures, framed)
            skipped |= {row: item for row, item in inputs[key].items() if isinstance(item, str)}
            tensors = {
                row: item for row, item in inputs[key].items() if row not in skipped and not isinstance(item, str)
            }
            yield Arrived(edge, pictures, tensors, skipped)

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
        by_fold = grouped(list(inputs), lambda row: fold_of(self._scenes[row], folds))
        answers = []
        for fold, rows in by_fold:
            model = self._workshop.trained_model(edge.tuned, fold)
            answers.append(self._answers(edge.model, model, {row: inputs[row] for row in rows}))
        order = [row for _, rows in by_fold for row in rows]
        task = self._workshop.model(edge.model).task
        return task.select(task.join(answers), places(order, list(inputs)))

    def _answers(self, name: str, model: Model, inputs: Mapping[int, torch.Tensor]) -> Any:
        """A model's answers; the batches depend on the rows alone, and on memory where that runs out."""
        answers: list[Any] = []
        with self.tally.stage("infer", len(inputs)), torch.inference_mode():
            waiting = list(runs_of_one_shape(inputs, self._workshop.batch_size(name)))
            while waiting:
                rows = waiting.pop(0)
                batch = self._batch(rows, inputs, model.preparation)
                try:
                    answer = model.task.answer(model.network, batch.to(self._workshop.device))
                except JpegproofError:
                    raise
                except Exception as error:  # the user's own code may raise anything
                    if is_out_of_memory(error) and len(rows) > 1:
                        self._note_memory(name, len(rows))
                        waiting[:0] = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
                        continue
                    raise ModelError(
                        f"model {name!r} failed on an input of shape {(len(batch), *batch.inputs[0].shape)}: "
                        f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
                    ) from error
                if same_targets(self._pictures.task, model.task.name):
                    model.task.check(answer, self._pictures.class_names)
                answers.append(answer)
            return model.task.join(answers)

    def _note_memory(self, name: str, count: int) -> None:
        """Makes room, and has the user told: another batch may move an answer in its last digits."""
        if self._workshop.device.type == "cuda":
            torch.cuda.empty_cache()
        note = f"memory ran out with {count} pictures in model {name!r} at once: asked in halves"
        if note not in self.notes:
            self.notes.append(note)

    def _batch(self, rows: Sequence[int], inputs: Mapping[int, torch.Tensor], preparation: Preparation) -> Batch:
        return Batch(
            tuple(inputs[row] for row in rows),
            tuple(preparation.geometry(self._sizes[row]) for row in rows),
            tuple(self.names[row] for row in rows),
        )

    def _corrector(self, name: str, row: int, folds: int | None) -> Corrector:
        if name not in self._workshop.spec.trainings:
            return self._workshop.corrector(name)
        fold = fold_of(self._scenes[row], folds) if folds is not None else None
        return self._workshop.trained_corrector(name, fold)

    def _model_of(self, edge: Edge) -> Model:
        return self._workshop.model(edge.model)

    def _frame_of(self, edge: Edge) -> str:
        return fingerprint(dict(self._model_of(edge).preparation.describe()))

    def _map(self, function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        return list(self._pool.map(function, items)) if self._pool else [function(item) for item in items]


def _framed(preparation: Preparation, pixels: Pixels) -> Pixels | str:
    try:
        return preparation.frame(pixels)[0]
    except (UnusablePictureError, MemoryError) as error:
        return str(error) or "does not fit into memory"
