"""Ray does the work, on as many machines as its cluster has; machines may come and go."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.engine import Hands
from jpegproof.studies.environment import changed_versions, environment
from jpegproof.studies.executors.outcome import Begun, Outcome
from jpegproof.studies.executors.protocol import OnCell, OnStep
from jpegproof.studies.executors.ray_cluster import RayCluster
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.spec import StudySpec

#: How often a task may lose its worker without having come any further: then it is the task that ends workers.
MOST_LOSSES = 5

#: Seconds between two looks at which machines there are, and between two questions to a worker how far it is.
_LOOK, _ASK = 3.0, 1.0

#: Seconds that a cluster may have no worker at all.
_NO_WORKER = 300.0

#: Seconds after which that is told; a worker itself needs some of them to start.
_TELL_NO_WORKER = 20.0


@dataclass(slots=True, eq=False)
class _Task:
    """One thing to be done by one worker."""

    method: str
    arguments: tuple[Any, ...]
    progress: Callable[[], int]
    losses: int = 0
    reached: int = 0


@dataclass(slots=True, eq=False)
class _Hired:
    """A worker, and what it has been given to do, in order."""

    actor: Any
    starting: Any
    tasks: dict[Any, _Task] = field(default_factory=dict)
    question: Any = None
    asked: float = 0.0


class RayExecutor:
    """An `Executor` of actors in a Ray cluster.

    A worker that ends with its machine is replaced as soon as there is room, and what it had in hand is given to
    another one, which does what is not finished of it.

    Args:
        plan: the whole plan.
        spec: the study, from which each worker builds what it needs.
        store: where results go; every machine must reach it.
        hands: what a worker needs, how many there may be, and the cluster's address.
        allow_code: whether models may come from entry points.
        warn: hears what the user should know.

    Raises:
        JpegproofError: as `RayCluster`; no machine has room for a worker.
    """

    def __init__(
        self,
        plan: Plan,
        spec: StudySpec,
        store: ResultStore,
        hands: Hands,
        allow_code: bool,
        warn: Callable[[str], None],
    ) -> None:
        self._store = store
        self._hands = hands
        self._warn = warn
        self._cluster = RayCluster(hands)
        self._hired: list[_Hired] = []
        self._again: deque[_Task] = deque()
        self._looked = 0.0
        self._failed_starts = 0
        self._versions_told = False
        try:
            if not self._cluster.room() and not hands.workers:
                raise JpegproofError(
                    f"no machine of the Ray cluster has {self._cluster.needs_in_words()}, as a worker needs; change "
                    "--threads or --device, or say with --workers how many to wait for"
                )
            if hands.address == "auto":
                warn(f"of the Ray clusters of this machine, the one at {self._cluster.address} does the work")
            import ray

            from jpegproof.studies.executors.ray_worker import GROUPS, RayWorker, Work

            self._ray: Any = ray
            self._actors: Any = ray.remote(concurrency_groups=GROUPS)(RayWorker)  # pyright: ignore[reportCallIssue]
            self._work = ray.put(Work(spec, plan, store.address, hands, allow_code))
        except BaseException:
            self._cluster.close()
            raise

    def facts(self) -> Mapping[str, str]:
        """See `Executor`."""
        workers = self._hands.workers or self._cluster.room()
        nodes = str(len(self._cluster.machines()))
        return {"executor": "ray", "ray": self._cluster.version, "nodes": nodes, "workers": str(workers)}

    def train(self, artifacts: Sequence[Artifact], on_step: OnStep, tensorboard: bool = False) -> None:
        """See `Executor`."""
        waiting, missing = list(artifacts), {artifact.name for artifact in artifacts}

        def take() -> _Task | None:
            for artifact in waiting:
                if not missing & set(artifact.needs):
                    waiting.remove(artifact)
                    return _Task("train", (artifact, tensorboard), partial(self._is_trained, artifact.name))
            return None

        for task, _ in self._run(take, lambda: len(waiting), lambda step: on_step(*step)):
            missing.discard(task.arguments[0].name)

    def do(self, units: Sequence[tuple[Cell, ...]], on_cell: OnCell) -> Iterator[Outcome]:
        """See `Executor`."""
        waiting, left = iter(units), len(units)
        silent = dict[str, Cell]()

        def take() -> _Task | None:
            nonlocal left
            cells = next(waiting, None)
            if cells is None:
                return None
            left -= 1
            silent.update((cell.name, cell) for cell in cells)
            names = [cell.name for cell in cells]
            return _Task("do", (cells,), lambda: len(self._store.finished_of(names)))

        def hear(cell: Cell | Begun) -> None:
            # Else a worker that was lost has told it.
            if isinstance(cell, Begun) or silent.pop(cell.name, None) is not None:
                on_cell(cell)

        for task, outcome in self._run(take, lambda: left, hear):
            for cell in task.arguments[0]:
                if outcome.error is None:
                    hear(cell)
                silent.pop(cell.name, None)
            yield outcome

    def _is_trained(self, name: str) -> int:
        return int(self._store.has_artifact(name))

    def close(self) -> None:
        """See `Executor`."""
        for hired in self._hired:
            with suppress(Exception):
                self._ray.kill(hired.actor, no_restart=True)
        self._hired.clear()
        self._cluster.close()

    def _run(
        self, take: Callable[[], _Task | None], left: Callable[[], int], hear: Callable[[Any], None]
    ) -> Iterator[tuple[_Task, Any]]:
        """Has tasks done; yields each with its result.

        Args:
            take: the next task that can be begun, if there is one at the moment.
            left: how many there will be.
            hear: what workers tell while they work.
        """
        for hired in self._hired:  # what was asked about other tasks is not for this listener
            hired.question = None
        without_worker = time.monotonic()
        told = False
        while True:
            running = sum(len(hired.tasks) for hired in self._hired)
            if not running and not self._again and not left():
                return
            self._hire(running + len(self._again) + left())
            self._hand_out(take, left)
            self._ask(hear)
            refs = [ref for hired in self._hired for ref in ([hired.starting] if hired.starting else hired.tasks)]
            if any(not hired.starting for hired in self._hired):
                without_worker, told = time.monotonic(), False
            elif not told and time.monotonic() - without_worker > _TELL_NO_WORKER:
                told = True
                self._warn(
                    f"no worker is at work yet: they start slowly, or no machine of the Ray cluster has room for one "
                    f"({self._cluster.needs_in_words()}); that is waited for, {_NO_WORKER / 60:.0f} minutes at most"
                )
            elif time.monotonic() - without_worker > _NO_WORKER:
                raise StoreError(
                    f"the Ray cluster has had no room for a worker ({self._cluster.needs_in_words()}) for "
                    f"{_NO_WORKER / 60:.0f} minutes; what is finished is kept"
                )
            if not refs:
                time.sleep(0.3)
                continue
            done, _ = self._ray.wait(refs, num_returns=1, timeout=0.3)
            for ref in done:
                yield from self._finished(ref, hear)

    def _finished(self, ref: Any, hear: Callable[[Any], None]) -> Iterator[tuple[_Task, Any]]:
        """Takes what a worker answers: that it can work, or a task's result; or sees that it is gone."""
        hired = next((one for one in self._hired if ref == one.starting or ref in one.tasks), None)
        if hired is None:  # it was lost while its other answer was looked at
            return
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, JpegproofError):
                raise cause from None
            raise
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            self._lost(hired, str(error))
            return
        if ref == hired.starting:
            hired.starting, self._failed_starts = None, 0
            self._compare(answer)
            return
        task = hired.tasks.pop(ref)
        result, told = answer
        for item in told:
            hear(item)
        yield task, result

    def _hire(self, tasks: int) -> None:
        """Makes as many workers as there is room and work for."""
        if time.monotonic() - self._looked < _LOOK:
            return
        self._looked = time.monotonic()
        room = self._hands.workers or self._cluster.room()
        for _ in range(min(room, tasks) - len(self._hired)):
            actor = self._actors.options(**self._cluster.worker_needs, max_restarts=0).remote(self._work)
            self._hired.append(_Hired(actor, actor.environment.remote()))

    def _hand_out(self, take: Callable[[], _Task | None], left: Callable[[], int]) -> None:
        """Gives each worker something to do; and, so that none waits for its next one, while there is plenty two."""
        ready = [hired for hired in self._hired if not hired.starting]
        for most in (1, 2):
            for hired in ready:
                if len(hired.tasks) >= most or (most == 2 and left() <= len(ready)):
                    continue
                task = self._again.popleft() if self._again else take()
                if task is None:
                    return
                hired.tasks[getattr(hired.actor, task.method).remote(*task.arguments)] = task

    def _ask(self, hear: Callable[[Any], None]) -> None:
        """Hears how far busy workers are, now and then."""
        now = time.monotonic()
        for hired in self._hired:
            if hired.question is not None:
                answered, _ = self._ray.wait([hired.question], timeout=0)
                if answered:
                    with suppress(self._ray.exceptions.RayError):  # a worker that is gone is seen by its tasks
                        for item in self._ray.get(hired.question):
                            hear(item)
                    hired.question = None
            elif hired.tasks and now - hired.asked > _ASK:
                hired.question, hired.asked = hired.actor.told.remote(), now

    def _lost(self, hired: _Hired, reason: str) -> None:
        """Puts what a worker that is gone had to do back to the front."""
        self._hired.remove(hired)
        self._looked = 0.0
        with suppress(Exception):
            self._ray.kill(hired.actor, no_restart=True)
        if hired.starting:
            self._failed_starts += 1
            if self._failed_starts >= MOST_LOSSES:
                raise StoreError(
                    f"workers cannot start in the Ray cluster: {_last_line(reason)}. Every machine needs the same "
                    "jpegproof with the same extras; what is finished is kept"
                )
        tasks = list(hired.tasks.values())
        for task in tasks[:1]:  # the others had not begun
            reached = task.progress()
            task.losses = task.losses + 1 if reached == task.reached else 1
            task.reached = reached
            if task.losses >= MOST_LOSSES:
                raise StoreError(
                    f"{MOST_LOSSES} workers ended over the same task, which has come no further: {_last_line(reason)}. "
                    "Most likely memory ran out: give each more with fewer --workers; what is finished is kept"
                )
        self._again.extendleft(reversed(tasks))

    def _compare(self, there: Mapping[str, str]) -> None:
        """Looks whether a machine computes with what this one has planned with."""
        here = environment(self._hands.device, self._hands.workers, self._hands.threads)
        if there["jpegproof"] != here["jpegproof"]:
            raise JpegproofError(
                f"a machine of the Ray cluster has jpegproof {there['jpegproof']}, this one {here['jpegproof']}; "
                "install the same everywhere"
            )
        changes = changed_versions(here, there)
        if changes and not self._versions_told:
            self._versions_told = True
            told = ", ".join(f"{name} {old} here and {new} there" for name, old, new in changes)
            self._warn(f"machines of the Ray cluster differ ({told}): predictions may differ in the last digits")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no reason is known"
