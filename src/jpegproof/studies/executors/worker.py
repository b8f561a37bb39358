"""One pair of hands: does units and trainings one after the other, and keeps what it has loaded between them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.executors.outcome import Begun, Outcome
from jpegproof.studies.executors.protocol import OnCell, OnStep
from jpegproof.studies.integrity import set_aside_damaged
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.train_artifact import train_artifact
from jpegproof.studies.unit import Unit
from jpegproof.studies.workshop import Workshop
from jpegproof.training.sharing import WHOLE, Sharing
from jpegproof.training.training_log import require_tensorboard as require_tensorboard

#: The folder of TensorBoard's event files in a results folder.
TENSORBOARD = "tensorboard"

#: Seconds for which a machine may not yet see what another one has written to a folder that they share.
SHARED_FOLDER_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class InHand:
    """A unit that is begun.

    Attributes:
        cells: as it was planned.
        missing: those of them that are not finished.
        damaged: further ones, of other units of the shard, that have to be made anew.
        unit: does them; None where there is nothing to do, or where it cannot be begun.
        error: why it cannot.
    """

    cells: Sequence[Cell]
    missing: Sequence[Cell]
    damaged: Sequence[Cell] = ()
    unit: Unit | None = None
    error: JpegproofError | None = None


class Worker:
    """Works in the calling thread.

    Args:
        plan: the whole plan.
        workshop: the things it names; it knows already where artifacts are or will be.
        store: where results go.
        pool: as a `Unit` takes it.
        patience: seconds to wait for what another machine has trained to be seen here.
        loaders: as a `Unit` takes them.
    """

    def __init__(
        self,
        plan: Plan,
        workshop: Workshop,
        store: ResultStore,
        pool: ThreadPoolExecutor | None = None,
        patience: float = 0.0,
        loaders: ThreadPoolExecutor | None = None,
    ) -> None:
        self._plan = plan
        self._workshop = workshop
        self._store = store
        self._pool = pool
        self._patience = patience
        self._loaders = loaders

    def do(self, cells: Sequence[Cell], on_cell: OnCell) -> Outcome:
        """Does those cells of a unit that are not finished: since it was planned, somebody else may have done some.

        Raises:
            StoreError: the results cannot be read or written. What else goes wrong is told in the outcome.
        """
        return self.finish(self.begin(cells), on_cell)

    def begin(self, cells: Sequence[Cell]) -> InHand:
        """Looks what of a unit is missing; its loaders, where there are some, begin to read its pictures.

        Raises:
            StoreError: as `do`.
        """
        there = self._store.finished_of(cell.name for cell in cells)
        missing = [cell for cell in cells if cell.name not in there]
        if not missing:
            return InHand(cells, missing)
        damaged = self._set_aside_damaged_references(missing)
        try:
            wanted = [*damaged, *missing]
            unit = Unit(self._plan, self._workshop, self._store, wanted, self._pool, self._loaders)
            unit.begin()
        except StoreError:
            raise
        except JpegproofError as error:
            return InHand(cells, missing, damaged, error=error)
        return InHand(cells, missing, damaged, unit)

    def finish(self, hand: InHand, on_cell: OnCell) -> Outcome:
        """Does what was begun; see `do`."""
        shard, missing = hand.cells[0].shard, {cell.name for cell in hand.missing}
        for cell in hand.cells:
            if cell.name not in missing:
                on_cell(cell)
        if not missing:
            return Outcome(shard, len(hand.cells))
        on_cell(Begun(shard))
        notes = tuple(f"{self._store.where(cell.name)} was damaged: set aside, made anew" for cell in hand.damaged)
        if hand.unit is None:
            return Outcome(shard, len(hand.cells), error=hand.error, notes=notes)
        try:
            self._bring_trained(hand.missing)
            hand.unit.run(lambda cell: on_cell(cell) if cell.name in missing else None)
        except StoreError:
            raise
        except JpegproofError as error:
            return Outcome(shard, len(hand.cells), hand.unit.tally, error, (*notes, *hand.unit.notes))
        return Outcome(shard, len(hand.cells), hand.unit.tally, notes=(*notes, *hand.unit.notes))

    def _bring_trained(self, missing: Sequence[Cell]) -> None:
        """Has the trained things at hand that cells name."""
        edges = [self._plan.edges[number] for number in {cell.edge for cell in missing}]
        used = {name for edge in edges for name in (edge.corrector, edge.tuned)}
        trained = [artifact.name for artifact in self._plan.artifacts if artifact.training in used]
        _bring(trained, self._store, self._patience)

    def _set_aside_damaged_references(self, missing: Sequence[Cell]) -> list[Cell]:
        """The finished answers on originals that the missing cells are compared with, and that cannot be read."""
        there = {cell.name for cell in missing}
        models = dict.fromkeys(self._plan.edges[cell.edge].model for cell in missing)
        needed = [self._plan.original(missing[0].shard, self._plan.reference_edge(model)) for model in models]
        damaged = set(set_aside_damaged([cell.name for cell in needed if cell.name not in there], self._store))
        return [cell for cell in needed if cell.name in damaged]

    def train(self, artifact: Artifact, on_step: OnStep, tensorboard: bool = False) -> None:
        """Trains an artifact, unless it is there by now.

        Raises:
            JpegproofError: as `train_artifact`.
        """
        train_one(artifact, self._workshop, self._store, on_step, tensorboard, self._patience)


def train_one(
    artifact: Artifact,
    workshop: Workshop,
    store: ResultStore,
    on_step: OnStep,
    tensorboard: bool = False,
    patience: float = 0.0,
    sharing: Sharing = WHOLE,
) -> None:
    """Trains an artifact, unless it is there by now: somebody else may have done it since it was planned.

    Raises:
        JpegproofError: as `train_artifact`.
    """
    if store.has_artifact(artifact.name):
        return
    _bring(artifact.needs, store, patience)
    logs = _logs_of(artifact, store) if tensorboard else None
    train_artifact(artifact, workshop, store, _Steps(label_of(artifact), on_step), logs, sharing)


def _bring(names: Iterable[str], store: ResultStore, patience: float) -> None:
    """Has trained things at hand."""
    deadline = time.monotonic() + patience
    for name in names:
        store.fetch_artifact(name)
        while patience and not store.artifact(name).exists():
            if time.monotonic() > deadline:
                raise StoreError(
                    f"{store.artifact(name)}: cannot be seen from here, though it is trained; every machine must see "
                    "the results folder under the same path, or give --out an address such as s3://BUCKET/PREFIX"
                )
            time.sleep(0.5)


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


def _logs_of(artifact: Artifact, store: ResultStore) -> Path:
    """The folder of a training's TensorBoard log: readable, and another one for each artifact."""
    return store.root / TENSORBOARD / f"{label_of(artifact)} {artifact.name[:8]}"
