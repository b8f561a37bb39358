"""Two Ray nodes of one core each, against two independent processes, each pinned to a core of its own.

Both do the same units of the same study (squeezenet on photograph-like pictures at five qualities), round by round, one
after the other: first both processes at the same time, each half of the units in a folder of its own; then a Ray
cluster of two nodes on this machine, all of them. The first six units are not timed, so that starting and loading do
not count; from then on everything does, up to the last file. The rate of the processes is the sum of both rates. The
goal is Ray's rate / processes' rate >= 0.93. Run it on a machine with two idle cores.

    python -m benchmarks.ray_scaling --units 24 --rounds 3 --out docs/results/ray_scaling.json
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.study_overhead import MODEL, QUALITIES, photographs
from jpegproof.studies.engine import Hands
from jpegproof.studies.executors.here import Here
from jpegproof.studies.executors.ray_executor import RayExecutor
from jpegproof.studies.plan import SHARD_PICTURES, Cell, Plan, make_plan
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.store import Store
from jpegproof.studies.workshop import Workshop

NODES = 2

#: Units before the clock starts: enough for both workers to have begun.
WARM_UP = 6


def study(pictures: Path) -> StudySpec:
    """What is computed: one model, as it is, at every quality."""
    return StudySpec.model_validate(
        {
            "name": "scaling",
            "data": {"photographs": {"path": str(pictures), "layout": "folder"}},
            "models": {"squeezenet": {"from": MODEL, "weights": "random"}},
            "compression": {"qualities": list(QUALITIES)},
            "mitigations": ["none"],
        }
    )


def pictures_of(plan: Plan, units: Sequence[tuple[Cell, ...]]) -> int:
    """How many pictures the units are about."""
    return sum(len(plan.shards[cells[0].shard].pictures) for cells in units)


def independent(spec: StudySpec, out: Path, number: int, barrier: Any, answers: Any) -> None:
    """One of the processes: its half of the units, on its own core."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[number]})
    workshop, store = Workshop(spec), Store(out)
    plan = make_plan(spec, workshop)
    store.begin()
    units = list(plan.units())[number::NODES]
    here = Here(plan, workshop, store, Hands())
    list(here.do(units[: WARM_UP // NODES], lambda cell: None))
    barrier.wait()
    begun = time.perf_counter()
    list(here.do(units[WARM_UP // NODES :], lambda cell: None))
    answers.put(pictures_of(plan, units[WARM_UP // NODES :]) / (time.perf_counter() - begun))


def rate_of_processes(spec: StudySpec, folder: Path) -> float:
    """Pictures per second of both processes together."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(NODES), context.Queue()
    both = [
        context.Process(target=independent, args=(spec, folder / str(number), number, barrier, answers))
        for number in range(NODES)
    ]
    for process in both:
        process.start()
    rates = [answers.get() for _ in both]
    for process in both:
        process.join()
    return sum(rates)


def rate_of_ray(spec: StudySpec, out: Path, address: str) -> tuple[float, float]:
    """Pictures per second of the cluster, and which share of their time its workers spent in units, end included."""
    plan, store = make_plan(spec, Workshop(spec)), Store(out)
    store.begin()
    units = list(plan.units())
    executor = RayExecutor(plan, spec, store, Hands(workers=NODES, executor="ray", address=address), False, print)
    try:
        list(executor.do(units[:WARM_UP], lambda cell: None))
        begun = time.perf_counter()
        spent = sum(sum(done.tally.seconds.values()) for done in executor.do(units[WARM_UP:], lambda cell: None))
        seconds = time.perf_counter() - begun
        return pictures_of(plan, units[WARM_UP:]) / seconds, spent / (NODES * seconds)
    finally:
        executor.close()


def measure(units: int, rounds: int) -> dict[str, Any]:
    """The rates of both in each round, and their ratio.

    Raises:
        RuntimeError: there are fewer cores than nodes.
    """
    from ray.cluster_utils import Cluster

    if len(os.sched_getaffinity(0)) < NODES:
        raise RuntimeError(f"{NODES} cores are needed, one for each")
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        spec = study(photographs(folder / "pictures", (units + WARM_UP) * SHARD_PICTURES))
        for number in range(rounds):
            processes = rate_of_processes(spec, folder / f"processes{number}")
            cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
            try:
                cluster.add_node(num_cpus=1)
                ray, busy = rate_of_ray(spec, folder / f"ray{number}", str(cluster.address))
            finally:
                cluster.shutdown()
            found.append({"processes": processes, "ray": ray, "ray / processes": ray / processes, "busy": busy})
            print(found[-1], flush=True)
    return {"pictures per second": found, "ray / processes, median": median(one["ray / processes"] for one in found)}


def main() -> None:
    """Runs it and writes what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--units", type=int, default=24, help="timed units of 32 pictures, in both arms together")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    before = os.getloadavg()[0]
    found = measure(arguments.units, arguments.rounds)
    command = f"python -m benchmarks.ray_scaling --units {arguments.units} --rounds {arguments.rounds}"
    found = {"command": command, "load average before": before, **found}
    print(json.dumps(found, indent=2))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
