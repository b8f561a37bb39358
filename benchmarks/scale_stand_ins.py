"""What stands in for a study's work in a simulation: things that take as long as their names say.

Nothing of this package or of torch is imported, so that many workers fit into the memory of one small machine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray


@dataclass(frozen=True, slots=True)
class Sleep:
    """A cell or a training; to do it is to wait for `seconds`.

    Attributes:
        name: told apart by it.
        seconds: how long it takes.
        shard, needs: as cells and artifacts have them.
    """

    name: str
    seconds: float
    shard: int = 0
    needs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What becomes of a unit that always succeeds."""

    shard: int
    error: None = None
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What every worker must know.

    Attributes:
        environment: what it says of itself.
        gate: a folder in which each worker leaves a file when it is there.
        workers: how many there will be; nobody begins before.
    """

    environment: Mapping[str, str]
    gate: Path
    workers: int


class SleepingWorker:
    """A worker with the methods of `RayWorker` that waits instead of working."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        (rehearsal.gate / str(id(self))).with_suffix(f".{time.monotonic_ns()}").touch()

    def environment(self) -> Mapping[str, str]:
        """See `RayWorker.environment`."""
        return self._rehearsal.environment

    def do(self, cells: Sequence[Sleep]) -> tuple[Done, list[Any]]:
        """Waits as long as the unit's cells say, but not before all workers are there."""
        while sum(1 for _ in self._rehearsal.gate.iterdir()) < self._rehearsal.workers:
            time.sleep(0.05)
        time.sleep(sum(cell.seconds for cell in cells))
        return Done(cells[0].shard), []

    def train(self, artifact: Sleep, tensorboard: bool) -> tuple[None, list[Any]]:
        """Waits as long as a training takes."""
        time.sleep(artifact.seconds)
        return None, []

    @ray.method(concurrency_group="ear")
    def told(self) -> list[Any]:
        """Nothing is ever told."""
        return []
