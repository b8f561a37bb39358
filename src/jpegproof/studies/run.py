"""Running a study: plan it, do what is not done, and leave a folder that explains itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.models.model import Model
from jpegproof.silence import Silence
from jpegproof.studies.engine import Hands, run_here, run_in_processes, train_here, train_in_processes
from jpegproof.studies.environment import environment, save_environment
from jpegproof.studies.plan import Cell, Plan, load_plan, make_plan
from jpegproof.studies.spec import DataSpec, StudySpec
from jpegproof.studies.store import Store, write_whole
from jpegproof.studies.study_file import dump_study
from jpegproof.studies.tally import Tally
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.training.training_log import require_tensorboard

PLAN_FILE, STUDY_FILE, ENVIRONMENT_FILE, WORK_FILE = "plan.json", "study.yaml", "environment.json", "work.jsonl"


class Progress(Protocol):
    """What a caller may want to hear while a study runs."""

    def begin(self, total: int, finished: int) -> None:
        """How many cells the plan has, and how many of them were finished before."""
        ...

    def advance(self) -> None:
        """One more cell is finished."""
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
    """

    plan: Plan
    computed: int
    tally: Tally
    trained: int = 0


def run_study(
    spec: StudySpec,
    out: Path,
    hands: Hands,
    *,
    given: Mapping[str, Model] | None = None,
    allow_code: bool = False,
    progress: Progress | None = None,
    before: Callable[[Plan, Workshop, Store], bool] | None = None,
    tensorboard: bool = False,
) -> Run:
    """Does what is missing of a study.

    Args:
        spec: the study.
        out: the results folder; what is finished there is not done again.
        hands: device, processes, threads.
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
    if given and hands.workers > 1:
        raise JpegproofError("a model that is given as an object stays in this process; use workers=1")
    store = Store(out)  # not made yet: it may lie where the data set is looked for
    workshop = Workshop(spec, hands.device, given, allow_code)
    plan = make_plan(spec, workshop)
    if before is not None and not before(plan, workshop, store):
        return Run(plan, 0, Tally())
    _refuse_data_folder(spec, out)
    _refuse_another_study(plan, out)
    store.begin()
    write_whole(out / STUDY_FILE, dump_study(spec))
    plan.save(out / PLAN_FILE)
    for change in save_environment(out / ENVIRONMENT_FILE, environment(hands.device, hands.workers, hands.threads)):
        heard.warn(change)
    workshop.use(artifact_paths(plan.artifacts, store))
    trained = _train(plan, spec, workshop, store, hands, allow_code, heard, given, tensorboard)
    units = plan.units(store.finished_names())
    missing = units.cells
    heard.begin(len(plan.cells), len(plan.cells) - missing)

    def on_cell(cell: Cell) -> None:
        del cell
        heard.advance()

    alone = hands.workers == 1 or len(units) <= 1
    tallies = (
        run_here(plan, units, workshop, store, hands, on_cell)
        if alone
        else run_in_processes(plan, units, spec, store, hands, allow_code, on_cell)
    )
    total = Tally()
    try:
        log = (out / WORK_FILE).open("a", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{out / WORK_FILE}: cannot be written: {error.strerror}") from error
    with log:
        for tally in tallies:
            total += tally
            log.write(json.dumps(tally.as_dict()) + "\n")
            log.flush()
    return Run(plan, missing, total, trained)


def _refuse_data_folder(spec: StudySpec, out: Path) -> None:
    """Raises StoreError where the results would be written among the pictures, which must stay as they are."""
    for name, data in spec.data.items():
        if isinstance(data, DataSpec) and out.expanduser().resolve() == data.path.expanduser().resolve():
            raise StoreError(
                f"{out}: is the folder of data set {name!r}, into which nothing is written; give --out another folder"
            )


def _refuse_another_study(plan: Plan, out: Path) -> None:
    """Raises StoreError where the folder holds a study of other models or other data, whose report would be lost."""
    try:
        earlier = load_plan(out / PLAN_FILE)
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


def _train(
    plan: Plan,
    spec: StudySpec,
    workshop: Workshop,
    store: Store,
    hands: Hands,
    allow_code: bool,
    heard: Progress,
    given: Mapping[str, Model] | None,
    tensorboard: bool,
) -> int:
    """Trains what is missing of the plan's artifacts; how many."""
    missing = [artifact for artifact in plan.artifacts if not store.artifact(artifact.name).exists()]
    if len(missing) <= 1 or hands.workers == 1 or given:
        train_here(missing, workshop, store, hands, heard.training, tensorboard)
    else:
        train_in_processes(missing, plan, spec, store, hands, allow_code, heard.training, tensorboard)
    return len(missing)
