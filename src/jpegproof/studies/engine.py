"""Who does the units: this process, or several on this machine. The files are the same either way."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.store import Store
from jpegproof.studies.tally import Tally
from jpegproof.studies.train_artifact import artifact_paths, train_artifact
from jpegproof.studies.unit import Unit
from jpegproof.studies.workshop import Workshop
from jpegproof.training.sharing import WHOLE, Sharing
from jpegproof.training.training_log import require_tensorboard as require_tensorboard

#: The folder of TensorBoard's event files in a results folder.
TENSORBOARD = "tensorboard"

OnCell = Callable[[Cell], None]
OnStep = Callable[[str, int, int, float], None]

_KILLED = (
    "a worker process ended before its work was done; finished predictions are kept. Most likely memory ran out: run "
    "again, with fewer --workers. In a script of your own, what asks for several workers must stand under "
    'if __name__ == "__main__":'
)


@dataclass(frozen=True, slots=True)
class Hands:
    """How the work is shared out.

    Attributes:
        device: where networks run.
        workers: processes; 1 is this one.
        threads: of each worker.
    """

    device: str = "cpu"
    workers: int = 1
    threads: int = 1


def find_hands(device: str = "auto", workers: int | None = None, threads: int | None = None) -> Hands:
    """Decides how to use this machine, where the user has not.

    On a processor every core becomes a worker of one thread, since coding and resizing pictures use one core each; on
    a GPU one worker keeps the device and the cores serve it.

    Raises:
        JpegproofError: the device is not there, or a number is below 1.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device).tolist()  # meta, on which nothing can be computed, fails here
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise JpegproofError(f"device {device!r} cannot be used: {str(error).splitlines()[0]}") from error
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    on_processor = torch.device(device).type == "cpu"
    workers = workers if workers is not None else (cores // (threads or 1) or 1 if on_processor else 1)
    threads = threads if threads is not None else max(cores // max(workers, 1), 1)
    for what, number in (("workers", workers), ("threads", threads)):
        if number < 1:
            raise JpegproofError(f"{number} {what} cannot do anything; use 1 or more")
    return Hands(device, workers, threads)


def run_here(
    plan: Plan, units: Sequence[tuple[Cell, ...]], workshop: Workshop, store: Store, hands: Hands, on_cell: OnCell
) -> Iterator[Tally]:
    """Does the units in this process, one after the other; yields the tally of each."""
    with limited_threads(hands.threads) as pool:
        for cells in units:
            unit = Unit(plan, workshop, store, cells, on_cell, pool)
            unit.run()
            yield unit.tally


def run_in_processes(
    plan: Plan,
    units: Sequence[tuple[Cell, ...]],
    spec: StudySpec,
    store: Store,
    hands: Hands,
    allow_code: bool,
    on_cell: OnCell,
) -> Iterator[Tally]:
    """Does the units in several processes of this machine; yields the tally of each as it is done.

    Raises:
        StoreError: a process was killed from outside.
        JpegproofError: whatever a unit raises; the other processes then stop after the unit in hand.
    """
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())  # the caller's own
    done = context.Queue()
    pool = ProcessPoolExecutor(
        max_workers=min(hands.workers, len(units)) or 1,
        mp_context=context,
        initializer=_begin,
        initargs=(spec, plan, str(store.root), hands, allow_code, done),
    )
    silent = sum(len(cells) for cells in units)
    try:
        pending: set[Future[Tally]] = {pool.submit(_do, cells) for cells in units}
        while pending:
            finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            silent -= _announce(done, on_cell)
            for future in finished:
                yield future.result()
        while silent and (heard := _announce(done, on_cell, patience=1.0)):
            silent -= heard
        pool.shutdown()
    except BrokenProcessPool as error:
        raise StoreError(_KILLED) from error
    finally:
        # After a mistake or Ctrl-C nobody waits for units in hand: what they finished is stored, the rest is redone.
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        pool.shutdown(wait=False, cancel_futures=True)


def train_here(
    artifacts: Sequence[Artifact],
    workshop: Workshop,
    store: Store,
    hands: Hands,
    on_step: OnStep,
    tensorboard: bool = False,
    sharing: Sharing = WHOLE,
) -> None:
    """Trains artifacts in this process, one after the other; together with others, where batches are shared out."""
    with limited_threads(hands.threads):
        for artifact in artifacts:
            logs = _logs_of(artifact, store) if tensorboard else None
            train_artifact(artifact, workshop, store, _Steps(label_of(artifact), on_step), logs, sharing)


def train_in_processes(
    artifacts: Sequence[Artifact],
    plan: Plan,
    spec: StudySpec,
    store: Store,
    hands: Hands,
    allow_code: bool,
    on_step: OnStep,
    tensorboard: bool = False,
) -> None:
    """Trains artifacts in several processes of this machine, each as soon as what it builds on is there.

    Raises:
        StoreError: a process was killed from outside.
        JpegproofError: whatever a training raises.
    """
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())  # the caller's own
    heard = context.Queue()
    pool = ProcessPoolExecutor(
        max_workers=min(hands.workers, len(artifacts)),
        mp_context=context,
        initializer=_begin,
        initargs=(spec, plan, str(store.root), hands, allow_code, heard),
    )
    waiting, running = list(artifacts), dict[Future[None], Artifact]()
    try:
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
    except BrokenProcessPool as error:
        raise StoreError(_KILLED) from error
    finally:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        pool.shutdown(wait=False, cancel_futures=True)


def label_of(artifact: Artifact) -> str:
    """What a training is called while it runs."""
    return artifact.training if artifact.fold is None else f"{artifact.training}, fold {artifact.fold + 1}"


class _Steps:
    """Passes a training's steps on, a few a second at most."""

    def __init__(self, label: str, on_step: OnStep) -> None:
        self._label = label
        self._on_step = on_step
        self._told = 0.0

    def step(self, done: int, total: int, loss: float) -> None:
        now = time.monotonic()
        if done == total or now - self._told > 0.3:
            self._told = now
            self._on_step(self._label, done, total, loss)


def _announce(done: Any, on_cell: Callable[[Any], None], patience: float = 0.0) -> int:
    """Passes on which cells the workers have finished; how many."""
    heard = 0
    while True:
        try:
            on_cell(done.get(timeout=patience) if patience else done.get_nowait())
            heard += 1
        except queue.Empty:
            return heard


_here: dict[str, Any] = {}
"""What a worker process keeps between units."""


def _begin(spec: StudySpec, plan: Plan, root: str, hands: Hands, allow_code: bool, done: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()
    torch.set_num_threads(hands.threads)
    quieten()
    pool = ThreadPoolExecutor(hands.threads) if hands.threads > 1 else None
    _here.update(plan=plan, pool=pool, store=Store(Path(root)), done=done)
    _here["workshop"] = Workshop(spec, hands.device, allow_code=allow_code)
    _here["workshop"].use(artifact_paths(plan.artifacts, _here["store"]))


def _do(cells: tuple[Cell, ...]) -> Tally:
    unit = Unit(_here["plan"], _here["workshop"], _here["store"], cells, _here["done"].put, _here["pool"])
    unit.run()
    return unit.tally


def _train(artifact: Artifact, tensorboard: bool) -> None:
    told = _Steps(label_of(artifact), lambda *step: _here["done"].put(step))
    logs = _logs_of(artifact, _here["store"]) if tensorboard else None
    train_artifact(artifact, _here["workshop"], _here["store"], told, logs)


def _logs_of(artifact: Artifact, store: Store) -> Path:
    """The folder of a training's TensorBoard log: readable, and another one for each artifact."""
    return store.root / TENSORBOARD / f"{label_of(artifact)} {artifact.name[:8]}"


def _die_with_parent() -> None:
    """A killed driver must not leave workers behind that wait forever for their next unit."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def quieten() -> None:
    """Keeps Pillow from warning about pictures that the intake judges itself."""
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    warnings.filterwarnings("ignore", module="PIL")


@contextmanager
def limited_threads(count: int) -> Iterator[ThreadPoolExecutor | None]:
    """Torch with so many threads, and a pool of as many for what Python's lock does not stop; None for one."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with warnings.catch_warnings():
            quieten()
            if count == 1:
                yield None
            else:
                with ThreadPoolExecutor(count) as pool:
                    yield pool
    finally:
        torch.set_num_threads(before)
