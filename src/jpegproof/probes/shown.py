"""What a model sees and says of single pictures, along several edges: the networks are asked again.

Cells keep what metrics need, and of a label map that is counts; what is looked at is made anew, on the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import torch

from jpegproof.analysis.by_picture import columns_of_scores, picture_scores
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.studies.passage import Answered, Passage
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.rows import places
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.find import same_targets
from jpegproof.tasks.protocol import Target


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture at the end of one edge.

    Attributes:
        edge: which way it went.
        pixels: (H, W, 3) uint8 RGB, as it came out of the corrector; None where it could not be corrected.
        answer: the task's answer about this picture alone; None where it could not be asked.
        score: the answer's, in percent; None without one.
        fault: why the picture could not be used; empty where it could.
    """

    edge: Edge
    pixels: Pixels | None
    answer: Any
    score: float | None
    fault: str


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """One picture, as it is and under a compression along several edges.

    Attributes:
        name: the picture's.
        model: the model that was asked.
        compression: how the picture was stored.
        metric: of which the scores are.
        original: the picture without any compression.
        looks: one per edge, in the order asked for.
        target: what is true of it; None without a label.
    """

    name: str
    model: str
    compression: Compression
    metric: str
    original: Look
    looks: tuple[Look, ...]
    target: Target


def show(
    plan: Plan, workshop: Workshop, data: str, numbers: Sequence[int], edges: Sequence[Edge], compression: Compression
) -> list[ShownPicture]:
    """Asks one model again about pictures of a data set, on the originals and under a compression.

    Args:
        plan: the study's.
        workshop: what it names, the trained things among it.
        data: the data set's name.
        numbers: of the pictures in it.
        edges: which end in the same model.
        compression: how the pictures are stored.

    Raises:
        DataError: pictures of the model's task are not scored one by one, or the model cannot use one at all.
        JpegproofError: something is wrong with the study rather than with one picture.
    """
    name = edges[0].model
    task = workshop.model(name).task
    columns = columns_of_scores(task.name)
    pictures = workshop.pictures(data)
    told = same_targets(pictures.task, task.name)
    targets = [pictures.target(number) if told else None for number in numbers]
    passage = Passage(plan, workshop, data, numbers)
    sources = passage.read()
    reference = plan.edges[plan.reference_edge(name)]
    (original,) = passage.take(sources, ORIGINAL, [reference], lambda edge: {})
    if original.skipped:
        row, reason = next(iter(original.skipped.items()))
        raise DataError(f"{passage.names[row]}: cannot be shown: {reason}")
    found = {a.edge: a for a in passage.take(sources, compression, edges, lambda edge: {})}

    def looks(answered: Answered) -> tuple[str, list[Look]]:
        rows, metric, scores = answered.rows, "", {}
        if rows:
            with torch.inference_mode():
                like = task.select(original.answer, places(original.rows, rows))
                recorded, faults = task.record(answered.answer, [targets[row] for row in rows], like)
            answered.skipped.update({row: fault for row, fault in zip(rows, faults, strict=True) if fault})
            stored = pa.table({key: pa.array(recorded[key], task.schema.field(key).type) for key in columns})
            scored = picture_scores(task.name, stored)
            metric, scores = scored.metric, dict(zip(rows, scored.values.tolist(), strict=True))
        each = []
        for row in range(len(numbers)):
            usable = row in scores and row not in answered.skipped
            said = task.select(answered.answer, [rows.index(row)]) if usable else None
            pixels = answered.pictures.pixels.get(row)
            fault = answered.skipped.get(row, "")
            each.append(Look(answered.edge, pixels, said, scores[row] if usable else None, fault))
        return metric, each

    metric, originals = looks(original)
    along = [looks(found[edge])[1] for edge in edges]
    return [
        ShownPicture(passage.names[row], name, compression, metric, originals[row], of_row, targets[row])
        for row, of_row in enumerate(zip(*along, strict=True))
    ]
