"""How long steps of a training take: the loop that trains, watched, and stopped once enough is known."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

import torch

from jpegproof.analysis.speed import WHOLE
from jpegproof.probes.throughput.pace import WARM_UPS, Pace, settled
from jpegproof.training.examples import Examples
from jpegproof.training.loop import train
from jpegproof.training.objective import Objective
from jpegproof.training.recipe import Recipe


class _EnoughError(Exception):
    """Ends a training that was only watched."""


class _Clock:
    """Hears of every step; ends the training once it was timed often enough.

    Args:
        device: where it trains.
        steps: how many steps make one repeat.
        pace: when it is enough.
    """

    def __init__(self, device: torch.device, steps: int, pace: Pace) -> None:
        self.repeats: list[float] = []
        self._device = device
        self._steps = steps
        self._pace = pace
        self._passes = 0
        self._begun = self._mark = settled(device)
        self._warm = False

    def step(self, done: int, total: int, loss: float) -> None:
        """See `Watcher`."""
        del total, loss
        if done % self._steps:
            return
        now = settled(self._device)
        self._passes += 1
        if self._warm:
            self.repeats.append(now - self._mark)
            if self._pace.is_enough(len(self.repeats), now - self._begun):
                raise _EnoughError
        elif self._pace.is_warm(self._passes, now - self._begun):
            self._warm, self._begun = True, now
        self._mark = time.perf_counter()


def training_seconds(
    objective: Objective, examples: Examples, recipe: Recipe, steps: int, pace: Pace
) -> list[dict[str, float]]:
    """Trains the objective's learner for a while; seconds per `steps` steps, each time after warming up.

    A step is what it is in a training: the next batch is compressed and decoded beside it by a thread of its own.

    Args:
        objective: whose learner is changed by this.
        examples: what it learns from.
        recipe: how; its number of steps does not count.
        steps: how many make one repeat.
        pace: when to stop.

    Raises:
        JpegproofError: as `train`.
    """
    device = next(objective.learner.parameters()).device
    clock = _Clock(device, steps, pace)
    with contextlib.suppress(_EnoughError):
        train(objective, examples, replace(recipe, steps=steps * (pace.most + WARM_UPS)), None, clock)
    return [{WHOLE: seconds} for seconds in clock.repeats]
