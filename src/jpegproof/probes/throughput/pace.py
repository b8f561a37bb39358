"""How often something is timed: after warming up, until there are enough repeats or the time is spent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

#: Fewer repeats have no quartiles worth the name: so many there are, however long they take.
LEAST_REPEATS = 3

#: The first pass allocates memory and chooses kernels, and on a processor the clock frequency may still be rising.
WARM_UPS = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """When to stop.

    Attributes:
        repeats: at most so many, but `LEAST_REPEATS` at least.
        seconds: once so many are spent on repeats no further one begins.
    """

    repeats: int = 10
    seconds: float = 10.0

    @property
    def most(self) -> int:
        """How many repeats there are at most."""
        return max(self.repeats, LEAST_REPEATS)

    def is_enough(self, repeats: int, seconds: float) -> bool:
        """Whether so many repeats, in so many seconds, are enough."""
        return repeats >= self.most or (repeats >= LEAST_REPEATS and seconds >= self.seconds)

    def is_warm(self, passes: int, seconds: float) -> bool:
        """Whether so many passes, in so many seconds, have warmed up: one does where it takes long."""
        return passes >= WARM_UPS or (passes >= 1 and seconds >= self.seconds / 5)


def settled(device: torch.device) -> float:
    """The time in seconds once the device has done all that it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def repeat(work: Callable[[], dict[str, float]], pace: Pace) -> list[dict[str, float]]:
    """Does something until it is warm, and then until it was timed often enough.

    Args:
        work: does it once and answers with seconds by stage.
        pace: when to stop.

    Returns:
        What `work` answered, each time after warming up.
    """
    begun, passes = time.perf_counter(), 0
    while not pace.is_warm(passes, time.perf_counter() - begun):
        work()
        passes += 1
    begun = time.perf_counter()
    answers: list[dict[str, float]] = []
    while not pace.is_enough(len(answers), time.perf_counter() - begun):
        answers.append(work())
    return answers
