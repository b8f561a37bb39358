"""How long a training takes on this machine, from a little of it; and how many steps fit into a time."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass, replace

from jpegproof.studies.artifacts import Artifact, recipe_of
from jpegproof.studies.train_artifact import examples_of, held_back_of, learning_copy, objective_of
from jpegproof.studies.workshop import Workshop
from jpegproof.training.loop import train
from jpegproof.training.precision import lower_precision
from jpegproof.training.ranks import ALONE, Ranks
from jpegproof.training.sharing import WHOLE, Sharing
from jpegproof.training.statistics import reestimate_statistics
from jpegproof.training.stopping import StopRule

#: A step is timed so often at least, and then until so many seconds are spent or so many steps done: pictures differ in
#: size, and machines in what else they do.
LEAST_STEPS, MOST_STEPS, ENOUGH_SECONDS = 4, 40, 6.0

#: So many held-back pictures are timed, of which the first one warms up.
_TIMED_PICTURES = 6


@dataclass(frozen=True, slots=True)
class TrainingTime:
    """What a training's parts take.

    Attributes:
        step: seconds of one step.
        look: seconds of one look at all held-back pictures; 0 where none are held back.
        batch: pictures a step.
        pictures: that are held back.
        stop: the rule by which they are looked at; None where none are.
    """

    step: float
    look: float = 0.0
    batch: int = 1
    pictures: int = 0
    stop: StopRule | None = None

    def seconds(self, steps: int) -> float:
        """What so many steps take, if the training is not ended early."""
        looks = self.stop.looks(steps, self.batch, self.pictures) if self.stop is not None else 0
        return steps * self.step + looks * self.look

    def steps_within(self, seconds: float) -> int:
        """How many steps fit into a time, at least 1."""
        low, high = 1, max(int(seconds / max(self.step, 1e-6)), 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.seconds(middle) <= seconds else (low, middle - 1)
        return low


class _EnoughError(Exception):
    """Ends a training that is only timed."""


class _Clock:
    """Ticks at every step, and ends the training once enough was timed; the first step, which warms up, not counted.

    Of several processes all end it once any of them has timed enough: none may wait for the others in a step that they
    do not make.
    """

    def __init__(self, ranks: Ranks = ALONE) -> None:
        self.ticks: list[float] = []
        self._ranks = ranks

    def step(self, done: int, total: int, loss: float) -> None:
        del done, total, loss
        self.ticks.append(time.monotonic())
        timed, spent = len(self.ticks) - 1, self.ticks[-1] - self.ticks[0]
        enough = timed >= MOST_STEPS or (timed >= LEAST_STEPS and spent >= ENOUGH_SECONDS)
        if self._ranks.sums([enough])[0]:
            raise _EnoughError

    @property
    def seconds(self) -> float:
        return (self.ticks[-1] - self.ticks[0]) / max(len(self.ticks) - 1, 1)


def training_time(artifact: Artifact, workshop: Workshop, sharing: Sharing = WHOLE) -> TrainingTime:
    """Times a few steps of an artifact's training and a few held-back pictures; nothing is kept of it.

    Args:
        artifact: what is trained.
        workshop: has what it needs.
        sharing: how batches are shared out; the time is that of all processes together, measured by each.

    Raises:
        JpegproofError: as `train_artifact`.
    """
    spec = workshop.spec.trainings[artifact.training]
    recipe = recipe_of(spec, workshop.spec.compression)
    examples = examples_of(workshop, artifact)
    ranks = sharing.ranks
    timed = replace(recipe, steps=MOST_STEPS + 1)
    if spec.objective == "statistics_only":
        clock = _Clock()
        with contextlib.suppress(_EnoughError):
            reestimate_statistics(learning_copy(workshop, artifact), examples, timed, recipe.stage, clock)
        return TrainingTime(clock.seconds)
    objective = objective_of(workshop, artifact, recipe, examples)
    clock = _Clock(ranks)
    with contextlib.suppress(_EnoughError):
        train(objective, examples, timed, None, clock, sharing=sharing)
    held_back = held_back_of(workshop, artifact)
    if held_back is None or recipe.stop is None:
        return TrainingTime(clock.seconds)
    lower = lower_precision(recipe.precision, workshop.device)
    held_back.losses(objective, lower, range(1))
    begun = time.monotonic()
    count = min(_TIMED_PICTURES, len(held_back))
    held_back.losses(objective, lower, range(count))
    look = (time.monotonic() - begun) / count * math.ceil(len(held_back) / ranks.count)
    return TrainingTime(clock.seconds, look, recipe.batch, len(held_back), recipe.stop)
