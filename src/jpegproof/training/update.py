"""One update of the weights: a batch in parts, in several processes, in half precision, or all of it at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.out_of_memory import is_out_of_memory
from jpegproof.training.examples import Example
from jpegproof.training.objective import Objective, failing_as_model_error
from jpegproof.training.precision import computing_in, lower_precision
from jpegproof.training.recipe import Recipe
from jpegproof.training.seeds import seed_generators, step_seed
from jpegproof.training.sharing import Sharing

#: Gradients longer than this are shortened to it: one strange picture must not undo the steps before.
LONGEST_GRADIENT = 1.0

#: AdamW's. Its usual second, 0.999, forgets so slowly that one strange batch at the peak of the rate was followed by an
#: update that killed most of a corrector's units.
_BETAS = (0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Update:
    """What came of a step.

    Attributes:
        loss: mean over the whole batch.
        sound: whether loss and gradient were finite, so that the weights were changed.
    """

    loss: float
    sound: bool


class Updater:
    """Changes a learner's weights step by step.

    With several processes each computes the gradient of its part of the batch; they are added up, so that all make the
    same update. Only the learner is looked at: what gradients pass through on their way may be anything.

    Args:
        objective: whose learner.
        recipe: batch, rates, precision, seed.
        sharing: how batches are shared out; checked by the caller.

    Attributes:
        lower: what convolutions are computed in instead of float32, or None.
        accumulate: in how many parts each process computes its share by now.
        notes: what happened that a user should know.

    Source of the optimiser: I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019 (AdamW).
    """

    def __init__(self, objective: Objective, recipe: Recipe, sharing: Sharing) -> None:
        learner = objective.learner
        self.accumulate = sharing.accumulate
        self.notes: list[str] = []
        self._objective = objective
        self._recipe = recipe
        self._sharing = sharing
        self._device = next(learner.parameters()).device
        self._parameters = [parameter for parameter in learner.parameters() if parameter.requires_grad]
        # One process that is faster otherwise would compute another gradient than the others.
        self.lower = lower_precision(recipe.precision, self._device)
        if sharing.ranks.sums([self.lower is None])[0]:
            self.lower = None
        self._optimiser = torch.optim.AdamW(
            self._parameters, recipe.learning_rate, _BETAS, weight_decay=recipe.weight_decay
        )
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=self.lower is torch.float16)

    def state(self) -> dict[str, Any]:
        """What `resume` goes on from."""
        told = {"optimiser": self._optimiser.state_dict(), "scaler": self._scaler.state_dict()}
        return {**told, "accumulate": self.accumulate, "processes": self._sharing.ranks.count, "notes": self.notes}

    def resume(self, saved: Mapping[str, Any]) -> None:
        """Goes on from what `state` answered; in finer parts than asked for, where memory had run out."""
        self._optimiser.load_state_dict(saved["optimiser"])
        if saved.get("scaler") and self._scaler.is_enabled():
            self._scaler.load_state_dict(saved["scaler"])
        if saved.get("processes", 1) == self._sharing.ranks.count:
            self.accumulate = max(self.accumulate, saved.get("accumulate", 1))
        self.notes = list(saved.get("notes", ()))

    def make(self, step: int, mine: Sequence[Example], rate: float) -> Update:
        """Makes the update of a step, or none where loss or gradient is not finite: then nothing of the step stays.

        Args:
            step: counted from 0.
            mine: the pictures of this process, `Sharing.own` of the batch.
            rate: the learning rate.

        Raises:
            ModelError: the network fails, or memory runs out with one picture at a time.
            JpegproofError: another process has ended.
        """
        ranks = self._sharing.ranks
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        before = {name: buffer.clone() for name, buffer in self._objective.learner.named_buffers()}
        while True:
            self._optimiser.zero_grad(set_to_none=True)
            with failing_as_model_error(f"training failed at step {step + 1}"):
                loss, fits = self._gradient(step, mine)
            told = ranks.sums([not fits, not math.isfinite(loss), loss if math.isfinite(loss) else 0.0])
            if told[0]:
                self._put_back(before)
                self._halve(step)
                continue
            if told[1]:
                self._put_back(before)
                return Update(math.nan if ranks.count > 1 else loss, False)
            self._add_up_gradients()
            self._scaler.unscale_(self._optimiser)
            length = torch.nn.utils.clip_grad_norm_(self._parameters, LONGEST_GRADIENT)
            if sound := bool(torch.isfinite(length)):
                self._scaler.step(self._optimiser)
            self._scaler.update()
            if sound:
                self._settle_buffers()
                return Update(told[2], True)
            self._put_back(before)
            # In float16 a gradient that is too long is one that was scaled too much: the step is made again.
            if not (self._scaler.is_enabled() and self._scaler.get_scale() >= 1):
                return Update(told[2], False)

    def _gradient(self, step: int, mine: Sequence[Example]) -> tuple[float, bool]:
        """This process's part of the batch's mean loss, its gradient left at the weights; and whether it fitted."""
        batch = self._recipe.batch
        begins, _ = self._sharing.own(batch)
        total = 0.0
        try:
            for first, last in self._sharing.own_parts(batch, self.accumulate):
                # Seeded part by part, so that dropout too is the same after a resume, and another in each part.
                seed_generators(step_seed(self._recipe.seed, step, first))
                with computing_in(self.lower, self._device):
                    loss = self._objective.loss(mine[first - begins : last - begins]) * ((last - first) / batch)
                total += float(loss.detach())
                if not math.isfinite(total):
                    return total, True
                self._scaler.scale(loss).backward()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return 0.0, False
        return total, True

    def _halve(self, step: int) -> None:
        """Has each process compute its share in parts of half the size.

        Raises:
            ModelError: they are single pictures already.
        """
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        most = self._sharing.most_parts(self._recipe.batch)
        if self.accumulate >= most:
            raise ModelError(
                f"memory ran out at step {step + 1} with one picture at a time; give smaller pictures, a smaller "
                "network, or a machine with more memory"
            )
        self.accumulate = min(2 * self.accumulate, most)
        share = -(-most // self.accumulate)
        self.notes.append(
            f"memory ran out at step {step + 1}: from there at most {share} picture{'s' * (share > 1)} at a time are "
            f"computed (accumulate {self.accumulate}); the batch of {self._recipe.batch} and its pictures stay"
        )

    def _add_up_gradients(self) -> None:
        ranks = self._sharing.ranks
        if ranks.count == 1:
            return
        # A weight that no process used is left alone, as it is in one process: zeros would have it decay.
        used = ranks.sums([parameter.grad is not None for parameter in self._parameters])
        gradients = []
        for parameter, count in zip(self._parameters, used, strict=True):
            if count and parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            if parameter.grad is not None:
                gradients.append(parameter.grad)
        ranks.add_up(gradients)

    def _settle_buffers(self) -> None:
        """Makes the buffers of all processes the same: statistics of batch norm their mean, all else process 0's."""
        ranks, learner = self._sharing.ranks, self._objective.learner
        if ranks.count == 1:
            return
        means = [value for layer in learning_norms(learner) for value in (layer.running_mean, layer.running_var)]
        statistics = [value for value in means if value is not None]
        ranks.add_up(statistics)
        for value in statistics:
            value.div_(ranks.count)
        settled, kept = {id(value) for value in statistics}, learner.state_dict(keep_vars=True)
        ranks.copy_first(
            [value for name, value in learner.named_buffers() if name in kept and id(value) not in settled]
        )

    def _put_back(self, before: Mapping[str, torch.Tensor]) -> None:
        """Nothing of a step that is not made may stay: not even the running statistics of batch norm."""
        with torch.no_grad():
            for name, buffer in self._objective.learner.named_buffers():
                buffer.copy_(before[name])


def learning_norms(learner: torch.nn.Module) -> list[torch.nn.modules.batchnorm._BatchNorm]:
    """The batch-norm layers that take their statistics from the pictures which are computed together."""
    return [
        layer
        for layer in learner.modules()
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm) and layer.training
    ]
