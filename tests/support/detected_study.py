"""A results folder of a study of a detector, made of given truths and detections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.studies.cells import Cell, Cells
from jpegproof.studies.plan import DataFacts, Edge, Plan, Shard
from jpegproof.studies.predictions import prediction_bytes
from jpegproof.studies.run import PLAN_FILE
from jpegproof.studies.store import Store
from jpegproof.tasks.detection import Detection
from jpegproof.tasks.objects import Detections, Objects

NONE, CURE = ("none", "identity"), ("off_the_shelf", "default")

#: What a detector says of each picture, None where it was skipped, by edge and quality (None: the originals).
Answers = Mapping[tuple[tuple[str, str], int | None], Sequence[Detections | None]]


def detected_study(
    folder: Path,
    truths: Sequence[Objects | None],
    answers: Answers,
    task: str = "detection",
    model: str = "finder",
    shard_size: int = 16,
) -> Path:
    """Writes the plan and the prediction files; an entry of `answers` that is empty is planned and not finished."""
    edges = tuple(dict.fromkeys(Edge(model, *edge) for edge, _ in answers))
    qualities = sorted({quality for _, quality in answers if quality is not None})
    compressions = (ORIGINAL, *(Compression("jpeg", quality, "4:2:0") for quality in qualities))
    places = [range(at, min(at + shard_size, len(truths))) for at in range(0, len(truths), shard_size)]
    store = Store(folder)
    store.begin()
    cells = []
    for number, pictures in enumerate(places):
        for ((edge, quality), said), place in zip(answers.items(), range(len(answers)), strict=True):
            compression = 0 if quality is None else 1 + qualities.index(quality)
            cell = Cell(number, compression, edges.index(Edge(model, *edge)), f"{number:016x}{place:016x}")
            cells.append(cell)
            if said:
                reference = quality is None and edge == NONE
                content = _file(pictures, truths, said, quality, task == "instance_segmentation", reference)
                store.put_once(cell.name, content)
    shards = tuple(Shard("scenes", tuple(pictures), "") for pictures in places)
    facts = {"scenes": DataFacts(task, len(truths), ())}
    plan = Plan("made up", 0, "source", facts, {model: task}, edges, compressions, shards, Cells.of(cells))
    plan.save(folder / PLAN_FILE)
    return folder


def _file(
    pictures: Sequence[int],
    truths: Sequence[Objects | None],
    said: Sequence[Detections | None],
    quality: int | None,
    masks: bool,
    reference: bool,
) -> bytes:
    task = Detection(masks=masks)
    used = [(number, answer) for number in pictures if (answer := said[number]) is not None]
    true, answer = [truths[number] for number, _ in used], [answer for _, answer in used]
    columns = {**task.record(answer, true, answer)[0], **(task.keep(answer, true) if reference else {})}
    skipped = ["cannot be decoded" if said[number] is None else None for number in pictures]
    sizes = [None if quality is None or reason else 1000 for reason in skipped]
    rows = [number - pictures[0] for number, _ in used]
    return prediction_bytes(task, [f"{n}.png" for n in pictures], skipped, sizes, columns, rows, reference)
