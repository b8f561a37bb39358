"""When a training ends, told by pictures that it does not learn from: patience, a short cooling, and the best state.

A learning rate that is still high hides what has been learned: losses jump about, and fall once the rate falls. To stop
there would throw that away. So a training whose held-back loss has stopped falling is not cut off; from there its rate
falls to nothing over a fixed, short share of the steps, and only then does it end. What is handed over is the state
with the least held-back loss of all that were looked at, the start among them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

#: At most so many looks, spread evenly over the steps; the start is one more.
LOOKS = 20

#: At least so many pictures are learned from for each one that is looked at; see `StopRule.every`.
_LEARNED_PER_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a training ends before its steps are over.

    Attributes:
        patience: so many looks in a row without a loss that is better by more than noise, and it cools down. Looks
            during the warm-up do not count.
        cooling: share of the steps over which the rate then falls to nothing, in a straight line. With no more than
            these left nothing is changed: the cosine is about to end there itself.
    """

    patience: int = 5
    cooling: float = 0.2

    def every(self, steps: int, batch: int, pictures: int) -> int:
        """After how many steps the held-back pictures are looked at, each time.

        Rarely enough that three pictures are learned from for each one that is looked at. A picture that is learned
        from takes longer than one that is looked at, so that looking takes a quarter of the time at most.

        Args:
            steps: of the training.
            batch: pictures a step.
            pictures: that are held back.
        """
        return max(math.ceil(steps / LOOKS), math.ceil(_LEARNED_PER_LOOKED_AT * pictures / batch))

    def looks(self, steps: int, batch: int, pictures: int) -> int:
        """How many times they are looked at in a training that is not ended early, the start included."""
        return 1 + math.ceil(steps / self.every(steps, batch, pictures))


class Stopper:
    """Follows the held-back losses of one training.

    Args:
        rule: when to end.
        steps: updates that are planned.
        batch: pictures a step.
        pictures: that are held back.
        warmup: steps over which the rate rises.

    Attributes:
        curve: (step, mean held-back loss), the start first; infinite where a loss was no number.
        best_step: how many steps the best state so far had seen.
        cooling_from: after how many steps the rate began to fall to nothing; None while all goes as planned.
    """

    def __init__(self, rule: StopRule, steps: int, batch: int, pictures: int, warmup: float) -> None:
        self.curve: list[tuple[int, float]] = []
        self.best_step = 0
        self.cooling_from: int | None = None
        self._rule = rule
        self._steps = steps
        self._warmup = warmup
        self._every = rule.every(steps, batch, pictures)
        self._cooling = max(math.ceil(rule.cooling * steps), 1)
        self._best = math.inf
        self._reference: list[float] = []
        self._waited = 0

    @property
    def last(self) -> int:
        """After how many steps the training ends, as far as is known."""
        return self._steps if self.cooling_from is None else self.cooling_from + self._cooling

    def is_due(self, step: int) -> bool:
        """Whether the held-back pictures are looked at after so many steps."""
        return step % self._every == 0 or step == self.last

    def rate(self, step: int, planned: float) -> float:
        """The learning rate of a step.

        Args:
            step: which, counted from 0.
            planned: what the recipe says for step `rate_step(step)`.
        """
        if self.cooling_from is None:
            return planned
        return planned * (1 - (step - self.cooling_from) / self._cooling)

    def rate_step(self, step: int) -> int:
        """Of which step the recipe's rate counts: the step's own, or the one at which cooling began."""
        return step if self.cooling_from is None else self.cooling_from

    def hear(self, step: int, losses: Sequence[float]) -> bool:
        """Takes in a look.

        Args:
            step: how many steps are done.
            losses: one per held-back picture, of the same pictures in the same order each time.

        Returns:
            Whether this state is the best so far.
        """
        mean = fmean(losses) if all(map(math.isfinite, losses)) else math.inf
        self.curve.append((step, mean))
        is_best = len(self.curve) == 1 or mean < self._best
        if is_best:
            self._best, self.best_step = mean, step
        if not self._reference or _better(losses, self._reference):
            self._reference, self._waited = list(losses), 0
        elif step >= self._warmup:
            self._waited += 1
            long_enough = self._waited >= self._rule.patience
            if long_enough and self.cooling_from is None and self._steps - step > self._cooling:
                self.cooling_from = step
        return is_best

    def state(self) -> dict[str, Any]:
        """Plain data from which `resume` goes on."""
        return {
            "curve": self.curve,
            "best_step": self.best_step,
            "cooling_from": self.cooling_from,
            "best": self._best,
            "reference": self._reference,
            "waited": self._waited,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` answered."""
        self.curve = [(int(step), float(loss)) for step, loss in state["curve"]]
        self.best_step, self.cooling_from = state["best_step"], state["cooling_from"]
        self._best, self._reference, self._waited = state["best"], list(state["reference"]), state["waited"]


def _better(losses: Sequence[float], reference: Sequence[float]) -> bool:
    """Whether losses are lower by more than noise: the mean difference, picture by picture, by its standard error."""
    differences = [new - old for new, old in zip(losses, reference, strict=True)]
    if not all(map(math.isfinite, differences)):
        return False
    noise = stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else 0.0
    return fmean(differences) < -noise
