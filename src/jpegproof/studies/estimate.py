"""How long a study will take and how much it will store, from doing a little of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.cells import Cells
from jpegproof.studies.engine import Hands, limited_threads
from jpegproof.studies.executors.here import Here
from jpegproof.studies.plan import Cell, Plan, Shard
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.store import Store
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.training_time import TrainingTime, training_time
from jpegproof.studies.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the missing cells of a study will cost.

    Attributes:
        cells: how many are missing.
        trainings: how many artifacts are not trained yet.
        training_seconds: wall time that these take, with the given workers.
        seconds: wall time of the cells, with the given workers.
        size_in_bytes: of the prediction files to come.
        most_seconds_lost: of one worker's time, when it is killed: what it has in hand is one shard at one compression.
    """

    cells: int
    trainings: int
    training_seconds: float
    seconds: float
    size_in_bytes: float
    most_seconds_lost: float


def estimate(plan: Plan, workshop: Workshop, store: ResultStore, hands: Hands) -> Estimate:
    """Times the plan on two pictures of each data set at one quality, and scales up.

    The first picture alone comes first and is not timed, so that loading and warming up do not count; its files
    against those of two pictures tell a file's fixed size from what each picture adds.
    """
    workshop.use(artifact_paths(plan.artifacts, store))
    workshop.stand_in = True
    missing_artifacts = [artifact for artifact in plan.artifacts if not store.has_artifact(artifact.name)]
    training_seconds = _training_seconds(missing_artifacts, workshop, hands)
    units = plan.units(store.finished_names())
    seconds = size = most_lost = 0.0
    for data in {plan.shards[cells[0].shard].data for cells in units}:
        here = [cells for cells in units if plan.shards[cells[0].shard].data == data]
        pictures = [number for shard in plan.shards if shard.data == data for number in shard.pictures]
        original, compressed = _sample_cells(here)
        one, two = pictures[len(pictures) // 3 :][:1], [pictures[len(pictures) // 3], pictures[2 * len(pictures) // 3]]
        _, small = _trial(plan, workshop, hands, data, one, [*original, *compressed])
        spent, large = _trial(plan, workshop, hands, data, two, [*original, *compressed])
        on_originals, _ = _trial(plan, workshop, hands, data, two, original) if original else (0.0, 0)
        share = {False: (spent - on_originals) / 2, True: on_originals / 2}
        for cells in here:
            count = len(plan.shards[cells[0].shard].pictures)
            for compression, missing in Counter(cell.compression for cell in cells).items():
                is_original = plan.compressions[compression].is_original
                sample = original if is_original else compressed
                in_hand = share[is_original] * count * missing / len(sample) if sample else 0.0
                seconds += in_hand
                most_lost = max(most_lost, in_hand)
            size += (
                len(cells) * ((2 * small - large) + (large - small) * count) / max(len(original) + len(compressed), 1)
            )
    cells = sum(len(cells) for cells in units)
    trainings = len(missing_artifacts)
    workers = hands.workers or 1  # how many a cluster has room for is not known before it is asked
    training_seconds /= min(workers, trainings or 1)
    return Estimate(cells, trainings, training_seconds, seconds / workers, size, most_lost)


def _training_seconds(artifacts: Sequence[Artifact], workshop: Workshop, hands: Hands) -> float:
    """Times a few steps of each training, once for all its folds, and scales up."""
    times: dict[str, TrainingTime] = {}
    with limited_threads(hands.threads):
        for artifact in artifacts:
            if artifact.training not in times:
                times[artifact.training] = training_time(artifact, workshop)
    return sum(times[artifact.training].seconds(artifact.steps) for artifact in artifacts)


def _sample_cells(units: Sequence[Sequence[Cell]]) -> tuple[list[Cell], list[Cell]]:
    """The missing cells of the fullest unit: those on the originals, and those at its middle quality."""
    fullest = max(units, key=len)
    numbers = sorted({cell.compression for cell in fullest if cell.compression != 0})
    middle = numbers[len(numbers) // 2] if numbers else None
    return (
        [cell for cell in fullest if cell.compression == 0],
        [cell for cell in fullest if cell.compression == middle],
    )


def _trial(
    plan: Plan, workshop: Workshop, hands: Hands, data: str, pictures: Sequence[int], cells: Sequence[Cell]
) -> tuple[float, int]:
    """Does the cells on a few pictures in a folder of its own; seconds and bytes that it took."""
    shard = Shard(data, tuple(pictures), "trial")
    edges = {cell.edge for cell in cells}
    # The answers on the originals are needed by every cell; where they are finished already, they are made here anew.
    references = {plan.reference_edge(plan.edges[edge].model) for edge in edges}
    have = {cell.edge for cell in cells if cell.compression == 0}
    wanted = [Cell(0, 0, edge, f"{0:06x}{edge:026x}") for edge in sorted(references - have)]
    wanted += [Cell(0, cell.compression, cell.edge, f"{cell.compression:06x}{cell.edge:026x}") for cell in cells]
    trial = replace(plan, shards=(shard,), cells=Cells.of(wanted))
    with TemporaryDirectory() as folder:
        begun = time.perf_counter()
        store = Store(Path(folder))
        store.begin()
        for _ in Here(trial, workshop, store, hands).do([tuple(wanted)], lambda cell: None):
            pass
        spent = time.perf_counter() - begun
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    return spent, size
