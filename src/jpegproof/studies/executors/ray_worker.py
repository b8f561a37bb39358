"""The worker of a study that lives on a machine of a Ray cluster. Imported only where Ray is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import ray
import torch

from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.engine import Hands, quieten
from jpegproof.studies.environment import environment
from jpegproof.studies.executors.outcome import Outcome
from jpegproof.studies.executors.worker import SHARED_FOLDER_SECONDS, Worker
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.result_store import open_store
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop

#: What a worker tells while it works: finished cells, or steps of a training.
Told = list[Any]


#: Of the actor that a `RayWorker` becomes: what asks how far it is does not wait for the work.
GROUPS = {"ear": 1}


@dataclass(frozen=True, slots=True)
class Work:
    """What every worker must know; it travels once to each machine."""

    spec: StudySpec
    plan: Plan
    address: str
    hands: Hands
    allow_code: bool


class RayWorker:
    """A `Worker` that stays for the whole study, so that it loads a model once; it can be asked how far it is."""

    def __init__(self, work: Work) -> None:
        quieten()
        self._threads = work.hands.threads
        store = open_store(work.address)
        workshop = Workshop(work.spec, work.hands.device, allow_code=work.allow_code)
        workshop.use(artifact_paths(work.plan.artifacts, store))
        pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None
        loaders = ThreadPoolExecutor(work.hands.loaders) if work.hands.loaders else None
        self._worker = Worker(work.plan, workshop, store, pool, SHARED_FOLDER_SECONDS, loaders)
        self._told: Told = []
        self._environment = environment(work.hands.device, work.hands.workers, work.hands.threads)

    def environment(self) -> dict[str, str]:
        """What this machine computes with; answered once the worker can work."""
        return self._environment

    def do(self, cells: tuple[Cell, ...]) -> tuple[Outcome, Told]:
        """Does a unit; what became of it, and what `told` has not told yet."""
        torch.set_num_threads(self._threads)  # of the calling thread, which Ray chooses
        outcome = self._worker.do(cells, self._told.append)
        return outcome, self._rest()

    def train(self, artifact: Artifact, tensorboard: bool) -> tuple[None, Told]:
        """Does a training; what `told` has not told yet."""
        torch.set_num_threads(self._threads)
        self._worker.train(artifact, lambda *step: self._told.append(step), tensorboard)
        return None, self._rest()

    @ray.method(concurrency_group="ear")
    def told(self) -> Told:
        """What has been done since this was asked last; answered in the middle of the work."""
        return self._rest()

    def _rest(self) -> Told:
        told: Told = []
        while self._told:
            told.append(self._told.pop(0))
        return told
