"""The scheduling of a study rehearsed: jpegproof's own executor, on a Ray cluster whose workers only wait.

Nodes are raylets of this machine with as many logical CPUs as a node would have GPUs. Trainings and units are those of
the model, shortened all alike; units vary, as real ones do. The clock is compared with the model.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from unittest.mock import patch

import numpy as np

from benchmarks import scale_stand_ins
from benchmarks.scale_model import Machine, schedule, training_seconds, unit_seconds
from benchmarks.scale_stand_ins import Rehearsal, Sleep, SleepingWorker
from benchmarks.scale_work import Work
from jpegproof.studies.engine import Hands
from jpegproof.studies.environment import environment
from jpegproof.studies.executors.ray_executor import RayExecutor
from jpegproof.studies.store import Store

#: GPUs of a simulated node, and bytes of shared memory that it gets: little travels.
GPUS_PER_NODE, _SHARED_MEMORY = 8, 80 * 2**20

#: Units that take no time, by which the executor's own pace is told.
_PACED = 500

_WORKER = "jpegproof.studies.executors.ray_worker"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal of one phase of a study found.

    Attributes:
        study: the study's name.
        phase: trainings or units.
        gpus, nodes: simulated.
        count: trainings or units that were handed out.
        shortened: a second of the rehearsal over one of the model.
        modelled: seconds of the rehearsal that the model says, with equal units.
        scheduled: what perfect scheduling makes of the units as they varied.
        clock: what it took.
        ratio: clock over modelled.
    """

    study: str
    phase: str
    gpus: int
    nodes: int
    count: int
    shortened: float
    modelled: float
    scheduled: float
    clock: float
    ratio: float


def varied(durations: Sequence[float], spread: float, seed: int) -> list[float]:
    """Durations as they vary: log-normal with the same mean, and `spread` times it as standard deviation."""
    sigma = log(1 + spread**2) ** 0.5
    factors = np.random.default_rng(seed).lognormal(-(sigma**2) / 2, sigma, len(durations))
    return [duration * float(factor) for duration, factor in zip(durations, factors, strict=True)]


def rehearse(works: Sequence[Work], machine: Machine, seconds: float, spread: float) -> tuple[float, list[Rehearsed]]:
    """Has each study's trainings and then its units handed out by `RayExecutor` on a cluster of its own.

    Args:
        works: of the studies.
        machine: how many GPUs, and how fast.
        seconds: how long the model is to think that each phase takes.
        spread: of the units' seconds, over their mean.

    Returns:
        How many units that take no time the executor hands out a second, and what each phase took.
    """
    from ray import cloudpickle
    from ray.cluster_utils import Cluster

    cloudpickle.register_pickle_by_value(scale_stand_ins)
    nodes = -(-machine.gpus // GPUS_PER_NODE)
    node: dict[str, Any] = {"num_cpus": min(machine.gpus, GPUS_PER_NODE), "object_store_memory": _SHARED_MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            cluster.add_node(**node)
        hands = Hands(workers=machine.gpus, executor="ray", address=str(cluster.address))
        with TemporaryDirectory() as scratch:
            gate = Path(scratch) / "gate"
            gate.mkdir()
            executor = _executor(hands, Store(Path(scratch) / "store"), gate)
            try:
                _hand_out(executor, [Sleep(f"gate {number}", 0.0, number) for number in range(machine.gpus)])
                pace = _PACED / _hand_out(executor, [Sleep(f"pace {number}", 0.0, number) for number in range(_PACED)])
                return pace, [
                    one for work in works for one in _rehearsed(work, machine, seconds, spread, executor, nodes)
                ]
            finally:
                executor.close()
    finally:
        cluster.shutdown()


def _executor(hands: Hands, store: Store, gate: Path) -> RayExecutor:
    """The executor as it is, with workers that wait."""
    there = environment(hands.device, hands.workers, hands.threads)

    def work(*_: Any) -> Rehearsal:
        return Rehearsal(there, gate, hands.workers)

    with patch(f"{_WORKER}.RayWorker", SleepingWorker), patch(f"{_WORKER}.Work", work):
        return RayExecutor(cast(Any, None), cast(Any, None), store, hands, False, print)


def _hand_out(executor: RayExecutor, sleeps: Sequence[Sleep]) -> float:
    """Has units done, each of one cell; seconds that it took."""
    begun = time.perf_counter()
    for _ in executor.do(cast(Any, [(sleep,) for sleep in sleeps]), lambda cell: None):
        pass
    return time.perf_counter() - begun


def _rehearsed(
    work: Work, machine: Machine, seconds: float, spread: float, executor: RayExecutor, nodes: int
) -> Iterator[Rehearsed]:
    at_once = min(machine.gpus, len(work.trainings))
    trainings = [training_seconds(training, machine, at_once) for training in work.trainings]
    units = [unit_seconds(unit, machine) for unit in work.units for _ in range(unit.shards)]
    for phase, durations, of_phase in (("trainings", trainings, 0.0), ("units", units, spread)):
        whole = schedule(durations, machine.gpus)
        real = varied([duration * seconds / whole for duration in durations], of_phase, seed=0)
        sleeps = [Sleep(f"{work.name} {phase} {number}", taken, number) for number, taken in enumerate(real)]
        begun = time.perf_counter()
        if phase == "trainings":
            executor.train(cast(Any, sleeps), lambda *step: None)
        else:
            _hand_out(executor, sleeps)
        clock = time.perf_counter() - begun
        yield Rehearsed(
            study=work.name,
            phase=phase,
            gpus=machine.gpus,
            nodes=nodes,
            count=len(real),
            shortened=seconds / whole,
            modelled=seconds,
            scheduled=schedule(real, machine.gpus),
            clock=clock,
            ratio=clock / seconds,
        )
