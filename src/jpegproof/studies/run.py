"""Running a study: plan it, do what is not done, and leave a folder that explains itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.models.model import Model
from jpegproof.silence import Silence
from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.engine import Hands
from jpegproof.studies.environment import environment, save_environment
from jpegproof.studies.executors.open_executor import open_executor
from jpegproof.studies.executors.outcome import Begun
from jpegproof.studies.executors.protocol import Executor
from jpegproof.studies.failed_units import FailedUnit, failed_unit, write_failed
from jpegproof.studies.integrity import set_aside_damaged_artifacts
from jpegproof.studies.logs import WORK_FILE
from jpegproof.studies.plan import Cell, Plan, load_plan, make_plan
from jpegproof.studies.result_store import ResultStore, is_remote, open_store, require_folder
from jpegproof.studies.spec import DataSpec, StudySpec
from jpegproof.studies.store import write_whole
from jpegproof.studies.study_file import dump_study
from jpegproof.studies.study_log import StudyLog
from jpegproof.studies.tally import Tally
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.training.training_log import require_tensorboard
from jpegproof.version import __version__

PLAN_FILE, STUDY_FILE, ENVIRONMENT_FILE = "plan.json", "study.yaml", "environment.json"

#: Where so many units fail and none has succeeded, the fault is in the study rather than in some of its pictures.
MOST_IN_VAIN = 2


class Progress(Protocol):
    """What a caller may want to hear while a study runs."""

    def begin(self, total: int, finished: int) -> None:
        """How many cells the plan has, and how many of them were finished before."""
        ...

    def advance(self) -> None:
        """One more cell is finished."""
        ...

    def units(self, done: int, running: int, failed: int, total: int) -> None:
        """How many units of work there are, how many are done, in hand, and given up."""
        ...

    def training(self, name: str, done: int, total: int, loss: float) -> None:
        """So many steps of a training are done; `loss` is that of the last one."""
        ...

    def warn(self, text: str) -> None:
        """Something the user should know."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a study did.

    Attributes:
        plan: all the cells.
        computed: how many of them this run computed.
        tally: the work that this took.
        trained: how many artifacts this run trained.
        failed: units that could not be finished, as in ``failed.csv``.
    """

    plan: Plan
    computed: int
    tally: Tally
    trained: int = 0
    failed: tuple[FailedUnit, ...] = ()


def run_study(
    spec: StudySpec,
    out: str | Path,
    hands: Hands,
    *,
    given: Mapping[str, Model] | None = None,
    allow_code: bool = False,
    progress: Progress | None = None,
    before: Callable[[Plan, Workshop, ResultStore], bool] | None = None,
    tensorboard: bool = False,
) -> Run:
    """Does what is missing of a study.

    A unit of work that fails does not stop the others: it is a row of ``failed.csv``, and the next run tries it again.
    Where the first `MOST_IN_VAIN` fail, or all, the first one's error is raised. Trained things whose file was damaged
    are set aside and trained anew.

    Several runs of one study into one place, on one machine or many, add up: what one has finished no other does.

    Args:
        spec: the study.
        out: the results folder, or the address of an object store; what is finished there is not done again.
        hands: device, processes, threads, and who directs them.
        given: models that the caller built; they cannot travel to other processes.
        allow_code: whether models may come from entry points.
        progress: hears of it.
        before: called with the plan before anything runs; False stops there.
        tensorboard: whether its trainings write TensorBoard logs, into ``tensorboard/`` of the folder.

    Raises:
        JpegproofError: the study, the data, a model or the folder is at fault; what is finished is kept.
    """
    heard = progress or Silence()
    if tensorboard:
        require_tensorboard()
        require_folder(out, "TensorBoard")
    if given and (hands.workers > 1 or hands.on_ray):
        raise JpegproofError("a model that is given as an object stays in this process; use workers=1, and no Ray")
    store = open_store(out)  # not made yet: it may lie where the data set is looked for
    workshop = Workshop(spec, _planning_device(hands), given, allow_code)
    plan = make_plan(spec, workshop)
    if before is not None and not before(plan, workshop, store):
        return Run(plan, 0, Tally())
    if not is_remote(out):
        _refuse_data_folder(spec, store.root)
    store.recall(PLAN_FILE)
    refuse_another_study(plan, store.root / PLAN_FILE, str(out))
    store.begin()
    write_whole(store.root / STUDY_FILE, dump_study(spec))
    plan.save(store.root / PLAN_FILE)
    store.publish(STUDY_FILE)
    store.publish(PLAN_FILE)
    workshop.use(artifact_paths(plan.artifacts, store))
    for note in set_aside_damaged_artifacts(plan.artifacts, store):
        heard.warn(note)
    untrained = [artifact for artifact in plan.artifacts if not store.has_artifact(artifact.name)]
    missing = len(plan.units(store.finished_names()))
    if not untrained and not missing:
        heard.begin(len(plan.cells), len(plan.cells))
        write_failed(store, ())
        return Run(plan, 0, Tally())
    executor = open_executor(plan, workshop, store, hands, allow_code, bool(given), heard.warn)
    try:
        _note_environment(store, hands, executor, heard)
        with StudyLog(store) as log:
            log.begin(jpegproof=__version__, study=plan.study, **executor.facts(), cells=len(plan.cells))
            _train(untrained, executor, heard, log, tensorboard)
            total, failed = _do_units(plan, store, executor, heard, log)
            log.add("run_done", trained=len(untrained), stored=total.counts["store"], failed_units=len(failed))
    finally:
        executor.close()
    return Run(plan, total.counts["store"], total, len(untrained), tuple(failed))


def _train(
    artifacts: Sequence[Artifact], executor: Executor, heard: Progress, log: StudyLog, tensorboard: bool
) -> None:
    """Has artifacts trained, and notes when each begins and ends."""
    begun = set[str]()

    def on_step(name: str, done: int, total: int, loss: float) -> None:
        if name not in begun:
            begun.add(name)
            log.add("training_begun", training=name, step=done, steps=total)
        if done == total:
            log.add("training_done", training=name, steps=total, loss=loss)
        heard.training(name, done, total, loss)

    executor.train(artifacts, on_step, tensorboard)


def _do_units(
    plan: Plan, store: ResultStore, executor: Executor, heard: Progress, log: StudyLog
) -> tuple[Tally, list[FailedUnit]]:
    """Has the missing cells done, and logs the work of each unit; the work of all, and what failed.

    Raises:
        JpegproofError: none succeeds; that of the first one.
    """
    write_failed(store, ())  # an earlier run's
    units = plan.units(store.finished_names())
    heard.begin(len(plan.cells), len(plan.cells) - units.cells)
    running, done, failed = set[int](), 0, list[FailedUnit]()

    def on_cell(told: Cell | Begun) -> None:
        if isinstance(told, Begun):
            running.add(told.shard)
            log.add("unit_begun", shard=told.shard)
            heard.units(done, len(running), len(failed), len(units))
        else:
            heard.advance()

    total, first = Tally(), None
    with store.log(WORK_FILE) as work:
        for outcome in executor.do(units, on_cell):
            running.discard(outcome.shard)
            total += outcome.tally
            work.add(json.dumps(outcome.tally.as_dict()))
            for note in outcome.notes:
                log.add("note", shard=outcome.shard, text=note)
                heard.warn(note)
            if outcome.error is None:
                done += 1
                seconds = round(sum(outcome.tally.seconds.values()), 3)
                log.add("unit_done", shard=outcome.shard, cells=outcome.cells, seconds=seconds)
            else:
                first = first or outcome.error
                failed.append(failed_unit(plan, outcome))
                write_failed(store, failed)
                log.add("unit_failed", shard=outcome.shard, reason=failed[-1].reason)
                if not done and len(failed) == min(MOST_IN_VAIN, len(units)):
                    raise first
                heard.warn(f"a unit of {failed[-1].dataset} failed, the others go on: {failed[-1].reason}")
            heard.units(done, len(running), len(failed), len(units))
    return total, failed


def _note_environment(store: ResultStore, hands: Hands, executor: Executor, heard: Progress) -> None:
    """Writes what the numbers are made with, and tells what of it has changed since an earlier run."""
    store.recall(ENVIRONMENT_FILE)
    facts = {**environment(hands.device, hands.workers, hands.threads), **executor.facts()}
    for change in save_environment(store.root / ENVIRONMENT_FILE, facts):
        heard.warn(change)
    store.publish(ENVIRONMENT_FILE)


def _planning_device(hands: Hands) -> str:
    """Where this process looks at the networks: their own device, or, where others do the work, one that it has."""
    return "cpu" if hands.on_ray and not torch.cuda.is_available() else hands.device


def _refuse_data_folder(spec: StudySpec, out: Path) -> None:
    """Raises StoreError where the results would be written among the pictures, which must stay as they are."""
    for name, data in spec.data.items():
        if isinstance(data, DataSpec) and out.expanduser().resolve() == data.path.expanduser().resolve():
            raise StoreError(
                f"{out}: is the folder of data set {name!r}, into which nothing is written; give --out another folder"
            )


def refuse_another_study(plan: Plan, file: Path, out: str) -> None:
    """Raises StoreError where a place holds a study of other models or other data, whose report would be lost.

    Args:
        plan: of the study that is to go there.
        file: the place's ``plan.json``, which need not be there.
        out: what the user calls the place.
    """
    try:
        earlier = load_plan(file)
    except StoreError:
        return
    if earlier.cells.shares(plan.cells):
        return  # the same predictions under other names
    for what, old, new in (("models", earlier.tasks, plan.tasks), ("data sets", earlier.data, plan.data)):
        if not set(old) & set(new):
            raise StoreError(
                f"{out}: holds the results of another study, {earlier.study!r}, with the {what} {', '.join(old)} "
                f"where this one has {', '.join(new)}; give --out another folder"
            )
