"""This process does the work itself, one thing after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.engine import Hands, limited_threads, loader_threads
from jpegproof.studies.executors.outcome import Outcome
from jpegproof.studies.executors.protocol import OnCell, OnStep
from jpegproof.studies.executors.worker import InHand, Worker, train_one
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.workshop import Workshop
from jpegproof.training.sharing import WHOLE, Sharing


class Here:
    """An `Executor` that is this process.

    Args:
        plan: the whole plan.
        workshop: the things it names, as a `Worker` takes it.
        store: where results go.
        hands: how many threads it has.
    """

    def __init__(self, plan: Plan, workshop: Workshop, store: ResultStore, hands: Hands) -> None:
        self._plan = plan
        self._workshop = workshop
        self._store = store
        self._hands = hands

    def facts(self) -> Mapping[str, str]:
        """See `Executor`."""
        return {"executor": "this process", "workers": "1"}

    def train(self, artifacts: Sequence[Artifact], on_step: OnStep, tensorboard: bool = False) -> None:
        """See `Executor`."""
        train_here(artifacts, self._workshop, self._store, self._hands, on_step, tensorboard)

    def do(self, units: Sequence[tuple[Cell, ...]], on_cell: OnCell) -> Iterator[Outcome]:
        """See `Executor`."""
        with limited_threads(self._hands.threads) as pool, loader_threads(self._hands.loaders) as loaders:
            worker = Worker(self._plan, self._workshop, self._store, pool, loaders=loaders)
            if loaders is None:
                yield from (worker.do(cells, on_cell) for cells in units)
                return
            waiting: InHand | None = None
            for cells in units:  # the loaders read the next unit's pictures while one is computed
                begun = worker.begin(cells)
                if waiting is not None:
                    yield worker.finish(waiting, on_cell)
                waiting = begun
            if waiting is not None:
                yield worker.finish(waiting, on_cell)

    def close(self) -> None:
        """See `Executor`."""


def train_here(
    artifacts: Sequence[Artifact],
    workshop: Workshop,
    store: ResultStore,
    hands: Hands,
    on_step: OnStep,
    tensorboard: bool = False,
    sharing: Sharing = WHOLE,
) -> None:
    """Trains artifacts in this process, one after the other; together with others, where batches are shared out.

    Raises:
        JpegproofError: as `train_artifact`.
    """
    with limited_threads(hands.threads):
        for artifact in artifacts:
            train_one(artifact, workshop, store, on_step, tensorboard, sharing=sharing)
