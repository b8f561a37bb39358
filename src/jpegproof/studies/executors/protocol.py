"""What directs a study's work can do: train artifacts, and do units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.executors.outcome import Begun, Outcome
from jpegproof.studies.plan import Cell

#: Called for each cell that is finished, and for each unit that is begun.
OnCell = Callable[[Cell | Begun], None]

#: Called while a training goes on: what it is called, steps done, steps in all, the last one's loss.
OnStep = Callable[[str, int, int, float], None]


class Executor(Protocol):
    """Somebody who has the work of a plan done. Whoever does it, the files are the same."""

    def facts(self) -> Mapping[str, str]:
        """Who that is, for ``environment.json``: ``executor``, ``workers``, and more where there is more to say."""
        ...

    def train(self, artifacts: Sequence[Artifact], on_step: OnStep, tensorboard: bool = False) -> None:
        """Has artifacts trained, each once what it builds on is there.

        Args:
            artifacts: what is missing, in an order in which that can be done.
            on_step: hears of the steps, a few a second at most.
            tensorboard: whether TensorBoard logs are written.

        Raises:
            JpegproofError: whatever a training raises.
            StoreError: who did it ended again and again before it was done.
        """
        ...

    def do(self, units: Sequence[tuple[Cell, ...]], on_cell: OnCell) -> Iterator[Outcome]:
        """Has units done; yields what became of each, as it is known.

        Args:
            units: missing cells, each unit's of one shard.
            on_cell: hears of each finished cell and each begun unit.

        Raises:
            StoreError: the results cannot be read or written; nobody goes on then. Other errors fail a unit.
            StoreError: who did it ended again and again before it was done.
        """
        ...

    def close(self) -> None:
        """Sends everybody home, also those in the middle of something: what they finished is stored."""
        ...
