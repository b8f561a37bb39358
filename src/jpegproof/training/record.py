"""What a training tells: step by step while it runs, and all of it at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Watcher(Protocol):
    """Who hears how a training goes."""

    def step(self, done: int, total: int, loss: float) -> None:
        """After each step: how many are done, of how many as far as is known now, and this step's loss."""
        ...


@dataclass(slots=True)
class Training:
    """What a training did.

    Attributes:
        losses: (step, mean loss since the entry before), about a hundred entries.
        first_step: where this run began; 0 unless it went on from a checkpoint.
        seconds: of this run.
        skipped_steps: steps whose loss was not finite.
        precision: what convolutions were computed in.
        rates: (step, learning rate of the step before), at the steps of `losses`.
        held_back: (step, mean loss of the held-back pictures), the start first; empty where none are held back.
        best_step: how many steps the learner had seen in the state that is handed over; None for the last one, where
            nothing is held back.
        cooled_from: after how many steps it was found not to help any more, so that its rate fell to nothing early.
        steps: updates that were made, all runs together.
        processes: that trained together.
        accumulate: in how many parts each of them computed its share of a batch, at the end.
        notes: what happened that a user should know, such as memory that ran out.
    """

    losses: list[tuple[int, float]] = field(default_factory=list)
    first_step: int = 0
    seconds: float = 0.0
    skipped_steps: int = 0
    precision: str = "float32"
    rates: list[tuple[int, float]] = field(default_factory=list)
    held_back: list[tuple[int, float]] = field(default_factory=list)
    best_step: int | None = None
    cooled_from: int | None = None
    steps: int = 0
    processes: int = 1
    accumulate: int = 1
    notes: list[str] = field(default_factory=list)
