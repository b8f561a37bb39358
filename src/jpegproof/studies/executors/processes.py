"""Several processes of this machine do the work."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch

from jpegproof.exceptions import StoreError
from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.engine import Hands, quieten
from jpegproof.studies.executors.here import Here
from jpegproof.studies.executors.outcome import Begun, Outcome
from jpegproof.studies.executors.protocol import OnCell, OnStep
from jpegproof.studies.executors.worker import Worker
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.result_store import ResultStore, open_store
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop

_KILLED = (
    "a worker process ended before its work was done; finished predictions are kept. Most likely memory ran out: run "
    "again, with fewer --workers. In a script of your own, what asks for several workers must stand under "
    'if __name__ == "__main__":'
)


class Processes:
    """An `Executor` of processes that it starts; where there is one thing to do, this process does it.

    Args:
        plan: the whole plan.
        spec: the study, from which each process builds what it needs.
        store: where results go.
        hands: how many processes, of how many threads, on which device.
        allow_code: whether models may come from entry points.
        here: for what is not worth a process.
    """

    def __init__(
        self, plan: Plan, spec: StudySpec, store: ResultStore, hands: Hands, allow_code: bool, here: Here
    ) -> None:
        self._hands = hands
        self._here = here
        self._begin = (spec, plan, store.address, hands, allow_code)

    def facts(self) -> Mapping[str, str]:
        """See `Executor`."""
        return {"executor": "processes", "workers": str(self._hands.workers)}

    def train(self, artifacts: Sequence[Artifact], on_step: OnStep, tensorboard: bool = False) -> None:
        """See `Executor`. Raises StoreError as soon as one process was killed from outside."""
        if len(artifacts) <= 1:
            self._here.train(artifacts, on_step, tensorboard)
            return
        with self._pool(len(artifacts)) as (pool, heard):
            waiting, running = list(artifacts), dict[Future[None], Artifact]()
            while waiting or running:
                missing = {artifact.name for artifact in [*waiting, *running.values()]}
                for artifact in [item for item in waiting if not missing & set(item.needs)]:
                    waiting.remove(artifact)
                    running[pool.submit(_train, artifact, tensorboard)] = artifact
                finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                _announce(heard, lambda told: on_step(*told))
                for future in finished:
                    future.result()
                    del running[future]
            pool.shutdown()

    def do(self, units: Sequence[tuple[Cell, ...]], on_cell: OnCell) -> Iterator[Outcome]:
        """See `Executor`. Raises StoreError as soon as one process was killed from outside."""
        if len(units) <= 1:
            yield from self._here.do(units, on_cell)
            return
        with self._pool(len(units)) as (pool, heard):
            # Units are made when they are asked for, and each process has its next one waiting: no more than that are
            # in memory, however many there are.
            waiting = iter(units)
            pending = {pool.submit(_do, cells) for cells in islice(waiting, 2 * self._hands.workers)}
            silent = 0
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                silent -= _announce(heard, on_cell)
                pending |= {pool.submit(_do, cells) for cells in islice(waiting, len(finished))}
                for future in finished:
                    outcome = future.result()
                    silent += outcome.cells if outcome.error is None else outcome.tally.counts["store"]
                    yield outcome
            while silent > 0 and (told := _announce(heard, on_cell, patience=1.0)):
                silent -= told
            pool.shutdown()

    def close(self) -> None:
        """See `Executor`; processes live no longer than a call."""

    @contextmanager
    def _pool(self, tasks: int) -> Iterator[tuple[ProcessPoolExecutor, Any]]:
        """The processes, and the queue in which they tell how far they are."""
        context = multiprocessing.get_context("spawn")
        others = set(multiprocessing.active_children())  # the caller's own
        heard = context.Queue()
        pool = ProcessPoolExecutor(
            max_workers=min(self._hands.workers, tasks),
            mp_context=context,
            initializer=_begin,
            initargs=(*self._begin, heard),
        )
        try:
            yield pool, heard
        except BrokenProcessPool as error:
            raise StoreError(_KILLED) from error
        finally:
            # After a mistake or Ctrl-C nobody waits for work in hand: what was finished is stored, the rest is redone.
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            pool.shutdown(wait=False, cancel_futures=True)


def _announce(heard: Any, tell: Callable[[Any], None], patience: float = 0.0) -> int:
    """Passes on what the processes have told; how much that was, beginnings left out."""
    told = 0
    while True:
        try:
            item = heard.get(timeout=patience) if patience else heard.get_nowait()
            tell(item)
            told += not isinstance(item, Begun)
        except queue.Empty:
            return told


_here: dict[str, Any] = {}
"""What a process keeps between tasks."""


def _begin(spec: StudySpec, plan: Plan, address: str, hands: Hands, allow_code: bool, heard: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()
    torch.set_num_threads(hands.threads)
    quieten()
    store = open_store(address)
    workshop = Workshop(spec, hands.device, allow_code=allow_code)
    workshop.use(artifact_paths(plan.artifacts, store))
    pool = ThreadPoolExecutor(hands.threads) if hands.threads > 1 else None
    loaders = ThreadPoolExecutor(hands.loaders) if hands.loaders else None
    _here.update(worker=Worker(plan, workshop, store, pool, loaders=loaders), heard=heard)


def _do(cells: tuple[Cell, ...]) -> Outcome:
    return _here["worker"].do(cells, _here["heard"].put)


def _train(artifact: Artifact, tensorboard: bool) -> None:
    _here["worker"].train(artifact, lambda *step: _here["heard"].put(step), tensorboard)


def _die_with_parent() -> None:
    """A killed driver must not leave workers behind that wait forever for their next unit."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
