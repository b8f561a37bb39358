"""What a model sees and says of single pictures, along several edges: the networks are asked again.

Cells keep what metrics need, and of a label map that is counts; what is looked at is made anew, on the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import pyarrow as pa
import torch

from jpegproof.analysis.by_picture import columns_of_scores, picture_scores, reference_columns_of_scores
from jpegproof.analysis.detection.own_detections import CONFIDENT
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.models.model import Model
from jpegproof.studies.passage import Answered, Passage
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.rows import places
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.find import same_targets
from jpegproof.tasks.protocol import Target, Task

#: Left, top, right, bottom in pixels of the stored picture, in whose terms answers are; may reach beyond it.
Window = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture at the end of one edge.

    Attributes:
        edge: which way it went.
        pixels: (H, W, 3) uint8 RGB, as it came out of the corrector; None where it could not be corrected.
        shown: what of the stored picture the pixels show.
        given: what of it the model's input shows.
        answer: the task's answer about this picture alone; None where it could not be asked.
        score: the answer's, in its metric's unit; None without one.
        fault: why the picture could not be used; empty where it could.
    """

    edge: Edge
    pixels: Pixels | None
    shown: Window
    given: Window
    answer: Any
    score: float | None
    fault: str


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """One picture, as it is and under a compression along several edges.

    Attributes:
        name: the picture's.
        model: the model that was asked.
        task: its task.
        compression: how the picture was stored.
        metric: of which the scores are.
        original: the picture without any compression.
        looks: one per edge, in the order asked for.
        target: what is true of it; None without a label: scores then compare with the answer on the original.
    """

    name: str
    model: str
    task: str
    compression: Compression
    metric: str
    original: Look
    looks: tuple[Look, ...]
    target: Target


def show(
    plan: Plan,
    workshop: Workshop,
    data: str,
    numbers: Sequence[int],
    edges: Sequence[Edge],
    compression: Compression,
    confidence: float = CONFIDENT,
) -> list[ShownPicture]:
    """Asks one model again about pictures of a data set, on the originals and under a compression.

    Args:
        plan: the study's.
        workshop: what it names, the trained things among it.
        data: the data set's name.
        numbers: of the pictures in it.
        edges: which end in the same model.
        compression: how the pictures are stored.
        confidence: the score from which on a detection counts.

    Raises:
        DataError: pictures of the model's task are not scored one by one, or the model cannot use one at all.
        JpegproofError: something is wrong with the study rather than with one picture.
    """
    name = edges[0].model
    task = workshop.model(name).task
    pictures = workshop.pictures(data)
    told = same_targets(pictures.task, task.name)
    targets = [pictures.target(number) if told else None for number in numbers]
    passage = Passage(plan, workshop, data, numbers)
    sources = passage.read()
    reference = plan.edges[plan.reference_edge(name)]
    (original,) = passage.take(sources, ORIGINAL, [reference], lambda edge: {})
    like = _Like(task, targets, original, passage.names)
    found = {a.edge: a for a in passage.take(sources, compression, edges, lambda edge: {})}

    def look(answered: Answered, row: int, score: float | None) -> Look:
        pixels = answered.pictures.pixels.get(row)
        moves = answered is not original and compression.moves
        size = _size(pixels if moves and pixels is not None else sources.pixels[row])
        given = _given(workshop.model(name), size)
        framed = answered is not original and plan.stage == "input"
        usable = row in answered.rows and row not in answered.skipped
        said = task.select(answered.answer, [answered.rows.index(row)]) if usable else None
        whole = (0.0, 0.0, float(size[1]), float(size[0]))
        fault = answered.skipped.get(row, "")
        return Look(answered.edge, pixels, given if framed else whole, given, said, score, fault)

    scores = {id(a): like.scores(a, confidence) for a in (original, *found.values())}
    return [
        ShownPicture(
            passage.names[row],
            name,
            task.name,
            compression,
            scores[id(original)][row].metric,
            look(original, row, scores[id(original)][row].value),
            tuple(look(found[edge], row, scores[id(found[edge])][row].value) for edge in edges),
            targets[row],
        )
        for row in range(len(numbers))
    ]


class _Score(NamedTuple):
    metric: str
    value: float | None


class _Like:
    """A model's answers on the originals, with which others are compared as cells are.

    Raises:
        DataError: the model cannot use one of the originals.
    """

    def __init__(
        self, task: Task[Any, Any], targets: Sequence[Target], original: Answered, names: Sequence[str]
    ) -> None:
        self._task, self._targets, self._original = task, targets, original
        faults = dict(original.skipped)
        columns = reference_columns_of_scores(task.name)
        if not faults:
            recorded, found = self._recorded(original)
            faults = {row: fault for row, fault in enumerate(found) if fault}
            recorded = {**recorded, **task.keep(original.answer, targets)}
            schema = pa.unify_schemas([task.schema, task.reference_schema])
            self._reference = _table(recorded, columns, schema)
        for row, reason in sorted(faults.items()):
            raise DataError(f"{names[row]}: cannot be shown: {reason}")

    def scores(self, answered: Answered, confidence: float) -> dict[int, _Score]:
        """Every picture's own score; why there is none is noted in what is skipped."""
        none = dict.fromkeys(range(len(self._targets)), _Score("", None))
        if not answered.rows:
            return none
        recorded, faults = self._recorded(answered)
        stored = _table(recorded, columns_of_scores(self._task.name), self._task.schema)
        found = {}
        for place, (row, fault) in enumerate(zip(answered.rows, faults, strict=True)):
            if fault:
                answered.skipped[row] = fault
                continue
            # One by one: of two pictures one may have a label and the other none.
            own = stored.slice(place, 1), self._reference.slice(row, 1)
            scored = picture_scores(self._task.name, *own, confidence)
            value = float(scored.values[0])
            found[row] = _Score(scored.metric, value if isfinite(value) else None)
        return {**none, **found}

    def _recorded(self, answered: Answered) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        rows = answered.rows
        with torch.inference_mode():
            like = self._task.select(self._original.answer, places(self._original.rows, rows))
            return self._task.record(answered.answer, [self._targets[row] for row in rows], like)


def _table(columns: Mapping[str, Sequence[Any]], names: Sequence[str], schema: pa.Schema) -> pa.Table:
    kept = {name: pa.array(columns[name], schema.field(name).type) for name in names}
    length = len(next(iter(columns.values())))
    return pa.table(kept) if kept else pa.table({"": pa.nulls(length)})


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[0], pixels.shape[1]


def _given(model: Model, size: tuple[int, int]) -> Window:
    geometry = model.preparation.geometry(size)
    high, wide = model.preparation.framed_size(size)
    (down, right), (top, left) = geometry.scale, geometry.offset
    return -left / right, -top / down, (wide - left) / right, (high - top) / down
