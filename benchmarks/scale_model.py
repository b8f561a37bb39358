"""A model of the wall time and the price of the paper's study files on many GPUs, and what holds them up.

Each file is gone through as the program does it: one process names pictures and cells; trainings, one on a GPU at a
time, in their order; each worker loads what it needs; units, each on the next free GPU; one process makes the report.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from benchmarks.scale_work import NUMBER, Measured, Training, Unit, Work
from jpegproof.training.loop import CHECKPOINT_SECONDS

#: What a checkpoint keeps of each parameter: itself and two moments of the optimiser.
_KEPT = 3


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the study runs. Every field but the number of GPUs is an assumption.

    Attributes:
        gpus: how many; a worker for each.
        rate: multiply-adds a second that networks reach on one, in float32, as corrector, model or training.
        threads, loaders: cores of each worker, those that prepare and those that read and code ahead.
        store_bytes, store_puts: what the shared store takes or gives a second, in all.
        stream_bytes: what one reader or writer gets of it at most.
        open_seconds: until a file of the shared store answers.
        start_seconds: until a worker's libraries are loaded.
        gpu_hour, core_hour: prices.
    """

    gpus: int = 1
    rate: float = 5e12
    threads: int = 4
    loaders: int = 4
    store_bytes: float = 1e9
    store_puts: float = 500.0
    stream_bytes: float = 2e8
    open_seconds: float = 0.002
    start_seconds: float = 60.0
    gpu_hour: float = 2.0
    core_hour: float = 0.04

    @property
    def hour(self) -> float:
        """The price of an hour of all of it."""
        return self.gpus * (self.gpu_hour + (self.threads + self.loaders) * self.core_hour)


def schedule(durations: Sequence[float], workers: int) -> float:
    """When the last is done, where each is begun in order by whoever is free first."""
    free = [0.0] * min(workers, len(durations))
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free, default=0.0)


def training_seconds(training: Training, machine: Machine, at_once: int) -> float:
    """How long a training takes beside others that write their checkpoints to the same store."""
    steady = max(training.multiply_adds / machine.rate, training.feed)
    kept = training.parameters * NUMBER * _KEPT / min(machine.stream_bytes, machine.store_bytes / at_once)
    return steady * (1 + kept / CHECKPOINT_SECONDS)


def unit_seconds(unit: Unit, machine: Machine) -> float:
    """How long a unit takes: coding happens beside the networks, preparing and recording between them."""
    beside = unit.code / machine.loaders
    return max(beside, unit.multiply_adds / machine.rate + unit.prepare / machine.threads + unit.record)


def phases(work: Work, measured: Measured, machine: Machine, even: bool = False) -> dict[str, float]:
    """Seconds of each phase of a study, in their order.

    Args:
        work: the study's.
        measured: what naming costs.
        machine: where.
        even: as if trainings and units could be divided evenly among all GPUs.
    """
    at_once = min(machine.gpus, len(work.trainings))
    trainings = [training_seconds(training, machine, at_once) for training in work.trainings]
    units = [unit_seconds(unit, machine) for unit in work.units for _ in range(unit.shards)]
    puts = work.cells / machine.store_puts
    written = sum(unit.shards * unit.cells * unit.cell_bytes for unit in work.units) / machine.store_bytes

    def shared(durations: Sequence[float]) -> float:
        return sum(durations) / machine.gpus if even else schedule(durations, machine.gpus)

    return {
        "name": work.files * machine.open_seconds
        + work.file_bytes * max(measured.per_byte, 1 / machine.stream_bytes)
        + work.cells * measured.per_cell,
        "train": shared(trainings),
        "load": machine.start_seconds
        + work.weights * max(1 / machine.stream_bytes, machine.gpus / machine.store_bytes),
        "measure": max(shared(units), puts, written),
        "report": work.report,
    }


def longest_training(work: Work, machine: Machine) -> float:
    """Seconds of the training that takes the longest: no number of GPUs makes a study shorter than that."""
    at_once = min(machine.gpus, len(work.trainings))
    return max(training_seconds(training, machine, at_once) for training in work.trainings)


def busy(work: Work, measured: Measured, machine: Machine) -> float:
    """Which share of all GPUs' time is spent in trainings and units."""
    even, whole = phases(work, measured, machine, even=True), phases(work, measured, machine)
    return (even["train"] + even["measure"]) / wall(whole)


def wall(found: Mapping[str, float]) -> float:
    """Seconds of all phases."""
    return sum(found.values())


def held_up_by(work: Work, measured: Measured, machine: Machine) -> dict[str, float]:
    """By what: the share of the wall time that would be saved if it took no time at all, greatest first."""
    whole = wall(phases(work, measured, machine))
    free_units = replace(work, units=tuple(replace(unit, prepare=0.0, record=0.0) for unit in work.units))
    quick = replace(machine, store_bytes=inf, store_puts=inf, stream_bytes=inf)
    without: dict[str, dict[str, float]] = {
        "GPUs": phases(work, measured, replace(machine, rate=inf)),
        "reading and coding": phases(
            replace(
                work,
                units=tuple(replace(unit, code=0.0) for unit in work.units),
                trainings=tuple(replace(training, feed=0.0) for training in work.trainings),
            ),
            measured,
            machine,
        ),
        "preparing and recording": phases(free_units, measured, machine),
        "store": phases(work, measured, quick),
        "opening files": phases(work, measured, replace(machine, open_seconds=0.0)),
        "uneven shares": phases(work, measured, machine, even=True),
        "report": phases(replace(work, report=0.0), measured, machine),
    }
    saved = {name: 1 - wall(found) / whole for name, found in without.items()}
    return dict(sorted(saved.items(), key=lambda item: -item[1]))
