"""What a large study of an instance segmenter takes: disk, and memory while it is written and while it is counted.

    python -m benchmarks.detection_storage [--pictures 5000] [--edges 2 4 8] [--out docs/results/detection_storage.json]

Synthetic pictures with about seven objects of 80 classes, and 100 detections with boxes and masks each, as in
`benchmarks.detection_bootstrap`; an original and one quality for each edge. No network runs: cells are written as a
study's worker writes them, then every number of the study is worked out from them (COCO's six metrics and agreement, of
boxes and of masks, by class, compared edge by edge, all with intervals). Each is done by a process of its own, whose
peak resident memory is told, and beside it what the same process takes once everything is imported.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detection_bootstrap import picture
from jpegproof.analysis.results import study_numbers
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.studies.cells import Cells
from jpegproof.studies.plan import SHARD_PICTURES, Cell, DataFacts, Edge, Plan, Shard
from jpegproof.studies.predictions import prediction_bytes
from jpegproof.studies.store import Store
from jpegproof.tasks.detection import Detection
from jpegproof.tasks.objects import Detections, Objects

MODEL = "segmenter"
NONE = Edge(MODEL, "none", "identity")
TASK = Detection(masks=True)


def planned(pictures: int, edges: int) -> Plan:
    """The cells of a study of so many edges, the one without a cure among them, at one quality."""
    rows = (NONE, *(Edge(MODEL, "off_the_shelf", f"corrector-{number}") for number in range(1, edges)))
    places = [range(at, min(at + SHARD_PICTURES, pictures)) for at in range(0, pictures, SHARD_PICTURES)]
    cells = [
        Cell(shard, compression, edge, f"{shard:04x}{compression:04x}{edge:04x}")
        for shard in range(len(places))
        for compression in (0, 1)
        for edge in range(edges)
        if compression or rows[edge] == NONE
    ]
    return Plan(
        "storage",
        0,
        "source",
        {"made up": DataFacts(TASK.name, pictures, ())},
        {MODEL: TASK.name},
        rows,
        (ORIGINAL, Compression(quality=10)),
        tuple(Shard("made up", tuple(place), "") for place in places),
        Cells.of(cells),
    )


def write_cells(folder: Path, pictures: int, edges: int) -> None:
    """Every prediction file of the study; a shard's pictures are made once and not kept."""
    plan, store = planned(pictures, edges), Store(folder)
    store.begin()
    for unit in plan.units():
        made = [picture(number, masked=True) for number in plan.shards[unit[0].shard].pictures]
        for cell in unit:
            store.put_once(cell.name, _file(plan, cell, made))


def count_cells(folder: Path, pictures: int, edges: int) -> None:
    """Every number of the study."""
    plan = planned(pictures, edges)
    numbers = study_numbers(plan, Store(folder), frozenset(cell.name for cell in plan.cells))
    assert len(numbers.results) > 14 * edges


def _file(plan: Plan, cell: Cell, made: list[tuple[Objects, Detections]]) -> bytes:
    truths, originals = [truth for truth, _ in made], [answer for _, answer in made]
    answers = originals if plan.is_reference(cell) else list(_said(plan, cell, originals))
    columns = {**TASK.record(answers, truths, originals)[0]}
    if plan.is_reference(cell):
        columns |= TASK.keep(answers, truths)
    names = [f"{number}.jpg" for number in plan.shards[cell.shard].pictures]
    nothing, rows = [None] * len(names), range(len(names))
    sizes = nothing if cell.compression == 0 else [20_000] * len(names)
    return prediction_bytes(TASK, names, nothing, sizes, columns, rows, plan.is_reference(cell))


def _said(plan: Plan, cell: Cell, originals: list[Detections]) -> Iterator[Detections]:
    """Other scores, other order, boxes a little off."""
    for number, answer in zip(plan.shards[cell.shard].pictures, originals, strict=True):
        random = np.random.Generator(np.random.PCG64([11, number, cell.edge]))
        scores = (answer.scores * random.uniform(0.5, 1, len(answer))).astype(np.float32)
        order = np.argsort(-scores, kind="stable")
        boxes = (answer.boxes + random.normal(0, 1, answer.boxes.shape)).astype(np.float32)
        assert answer.masks is not None
        masks = tuple(answer.masks[row] for row in order)
        yield Detections(answer.size, boxes[order], answer.labels[order], scores[order], masks)


def measured(work: Callable[[Path, int, int], None], folder: Path, pictures: int, edges: int) -> dict[str, float]:
    """Seconds of a process of its own, and its peak resident memory in megabytes."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_told, args=(sender, work, folder, pictures, edges))
    process.start()
    try:
        sender.close()
        return receiver.recv()
    finally:
        process.join()


def _told(sender: Any, work: Callable[[Path, int, int], None], folder: Path, pictures: int, edges: int) -> None:
    with tempfile.TemporaryDirectory() as few:  # imports and compiles everything
        write_cells(Path(few), 4, 2)
        count_cells(Path(few), 4, 2)
    before, clock, cpu = _peak_mb(), time.perf_counter(), time.process_time()
    work(folder, pictures, edges)
    sender.send(
        {
            "seconds": round(time.perf_counter() - clock, 1),
            "cpu_seconds": round(time.process_time() - cpu, 1),
            "imported_mb": before,
            "peak_mb": _peak_mb(),
        }
    )


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def disk_mb(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--edges", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    report: dict[str, Any] = {
        "pictures": arguments.pictures,
        "detections": 100 * arguments.pictures,
        "cores": len(os.sched_getaffinity(0)),
        "edges": {},
    }
    for edges in arguments.edges:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            written = measured(write_cells, folder, arguments.pictures, edges)
            disk = disk_mb(folder)
            counted = measured(count_cells, folder, arguments.pictures, edges)
        column = round(disk / (edges + 1), 1)
        report["edges"][edges] = {"disk_mb": disk, "disk_mb_per_column": column, "write": written, "count": counted}
        print(json.dumps({edges: report["edges"][edges]}), flush=True)
        if arguments.out is not None:
            arguments.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
