"""The one loop that trains everything. Stopped at any moment, it goes on to the same weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch

from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.training.checkpoint import load_checkpoint, save_checkpoint
from jpegproof.training.examples import Examples, batches_ahead
from jpegproof.training.held_back import HeldBack
from jpegproof.training.objective import Objective
from jpegproof.training.recipe import Recipe
from jpegproof.training.stopping import Stopper
from jpegproof.training.training_log import TrainingLog

#: Seconds between checkpoints: what a kill may cost.
CHECKPOINT_SECONDS = 60.0

#: Gradients longer than this are shortened to it: one strange picture must not undo the steps before.
LONGEST_GRADIENT = 1.0

#: AdamW's. Its usual second, 0.999, forgets so slowly that one strange batch at the peak of the rate was followed by an
#: update that killed most of a corrector's units.
_BETAS = (0.9, 0.99)

#: So many losses in a row that are not finite mean that the training is lost.
MOST_BAD_LOSSES = 10

_TORCH = 2


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
        bfloat16: whether convolutions were computed in it.
        rates: (step, learning rate of the step before), at the steps of `losses`.
        held_back: (step, mean loss of the held-back pictures), the start first; empty where none are held back.
        best_step: how many steps the learner had seen in the state that is handed over; None for the last one, where
            nothing is held back.
        cooled_from: after how many steps it was found not to help any more, so that its rate fell to nothing early.
        steps: updates that were made, all runs together.
    """

    losses: list[tuple[int, float]] = field(default_factory=list)
    first_step: int = 0
    seconds: float = 0.0
    skipped_steps: int = 0
    bfloat16: bool = False
    rates: list[tuple[int, float]] = field(default_factory=list)
    held_back: list[tuple[int, float]] = field(default_factory=list)
    best_step: int | None = None
    cooled_from: int | None = None
    steps: int = 0


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 convolutions are faster than float32 ones there."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    capability = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return device.type == "cpu" and bool(capability.get("avx512_bf16") or capability.get("amx_bf16"))


def train(
    objective: Objective,
    examples: Examples,
    recipe: Recipe,
    checkpoint: Path | None = None,
    watcher: Watcher | None = None,
    clock: Callable[[], float] = time.monotonic,
    held_back: HeldBack | None = None,
    log: TrainingLog | None = None,
    on_checkpoint: Callable[[], None] | None = None,
) -> Training:
    """Trains the objective's learner in place.

    Args:
        objective: what is wanted, of whom.
        examples: what it learns from.
        recipe: for how long, how fast.
        checkpoint: a file that is kept up to date while it runs; a file of the same training there is gone on from.
        watcher: hears of every step.
        clock: seconds; for tests.
        held_back: pictures that say when to stop; they count where the recipe says how (`Recipe.stop`).
        log: is told losses and learning rates, about a hundred times.
        on_checkpoint: called whenever the checkpoint was written, for who keeps it elsewhere too.

    Returns:
        What was done. The learner is left in evaluation mode with the weights of the last step; where pictures are held
        back, with those that did best on them.

    Raises:
        ModelError: the loss stopped being finite.
        StoreError: the checkpoint cannot be written.
        DataError: no picture can be used.

    Source of the optimiser: I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019 (AdamW).
    """
    learner = objective.learner
    device = next(learner.parameters()).device
    objective.train()
    parameters = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, recipe.learning_rate, _BETAS, weight_decay=recipe.weight_decay)
    identity = {**recipe.describe(), **objective.describe()}
    done = Training()
    saved = load_checkpoint(checkpoint, identity) if checkpoint else None
    if saved is not None:
        learner.load_state_dict(saved["learner"])
        optimiser.load_state_dict(saved["optimiser"])
        done.first_step, done.skipped_steps = saved["step"], saved["skipped_steps"]
        done.steps = done.first_step
        done.losses = [(int(step), float(loss)) for step, loss in saved["losses"]]
        done.rates = [(int(step), float(rate)) for step, rate in saved["rates"]]
    done.bfloat16 = half = recipe.precision == "bfloat16" or (recipe.precision == "auto" and has_bfloat16(device))
    begun = written = clock()
    recent: list[float] = saved["recent"] if saved is not None else []
    stopper: Stopper | None = None
    best: dict[str, torch.Tensor] = {}
    if recipe.stop is not None and held_back is not None:
        warmup = recipe.warmup * recipe.steps
        stopper = Stopper(recipe.stop, recipe.steps, recipe.batch, len(held_back), warmup)
        if saved is not None:
            stopper.resume(saved["stopper"])
            best = {name: value.to(device) for name, value in saved["best"].items()}
    bad_in_a_row = 0
    every = max(recipe.steps // 100, 1)

    def keep(step: int) -> None:
        if checkpoint is not None:
            state = {"recipe": identity, "step": step, "learner": learner.state_dict()}
            state |= {"optimiser": optimiser.state_dict(), "losses": done.losses, "recent": recent}
            state |= {"rates": done.rates, "best": best, "stopper": stopper.state() if stopper is not None else None}
            save_checkpoint(checkpoint, {**state, "skipped_steps": done.skipped_steps})
            if on_checkpoint is not None:
                on_checkpoint()

    def look(step: int) -> None:
        """Has the held-back pictures say how good the learner is after so many steps; the best state is kept."""
        if stopper is None or held_back is None:
            return
        with _failing_as_model_error(f"looking at the held-back pictures failed after step {step}"):
            losses = held_back.losses(objective, half)
        if stopper.hear(step, losses):
            best.update({name: value.detach().clone() for name, value in _tensors(learner).items()})
        if log is not None:
            log.add("held_back_loss", step, stopper.curve[-1][1])
        objective.train()

    if log is not None:
        log.begin(done.first_step)
    if saved is None:
        look(0)
    for step, batch in batches_ahead(examples, done.first_step, recipe.steps):
        if stopper is not None and step >= stopper.last:
            break
        # Seeded step by step, so that dropout too is the same after a resume.
        torch.manual_seed(((recipe.seed * 1_000_003 + step) * 31 + _TORCH) % 2**63)
        rate = recipe.rate(step) if stopper is None else stopper.rate(step, recipe.rate(stopper.rate_step(step)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        kept = {name: buffer.clone() for name, buffer in learner.named_buffers()}
        with _failing_as_model_error(f"training failed at step {step + 1}"):
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                loss = objective.loss(batch)
            value = float(loss.detach())
            sound = math.isfinite(value)
            if sound:
                loss.backward()
                sound = bool(torch.isfinite(torch.nn.utils.clip_grad_norm_(parameters, LONGEST_GRADIENT)))
        if sound:
            optimiser.step()
            recent.append(value)
            bad_in_a_row = 0
        else:
            # Nothing of such a step may stay: not even the running statistics of batch norm.
            for name, buffer in learner.named_buffers():
                buffer.copy_(kept[name])
            done.skipped_steps += 1
            bad_in_a_row += 1
            if bad_in_a_row == MOST_BAD_LOSSES:
                raise ModelError(
                    f"the training's loss has not been finite for {MOST_BAD_LOSSES} steps (at step {step}); try a "
                    "lower learning_rate, or precision float32"
                )
        if stopper is not None and stopper.is_due(step + 1):
            look(step + 1)
        last = recipe.steps if stopper is None else stopper.last
        if (step + 1) % every == 0 or step + 1 == last:
            done.losses.append((step + 1, sum(recent) / max(len(recent), 1)))
            done.rates.append((step + 1, rate))
            recent.clear()
            if log is not None:
                log.add("loss", *done.losses[-1])
                log.add("learning_rate", *done.rates[-1])
        done.steps = step + 1
        if clock() - written > CHECKPOINT_SECONDS:
            keep(step + 1)
            written = clock()
        if watcher is not None:
            watcher.step(step + 1, last, value)
    if stopper is not None:
        _restore(learner, best)
        done.held_back, done.best_step, done.cooled_from = stopper.curve, stopper.best_step, stopper.cooling_from
    done.seconds = clock() - begun
    learner.eval()
    return done


@contextmanager
def _failing_as_model_error(what: str) -> Iterator[None]:
    """Other people's networks fail in whatever way they like; the user is told where."""
    try:
        yield
    except JpegproofError:
        raise
    except (RuntimeError, ValueError, TypeError, MemoryError, ArithmeticError, LookupError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ModelError(f"{what}: {type(error).__name__}: {reason}") from error


def _tensors(learner: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights and buffers of a learner; what else a layer may keep in its state is no matter of training."""
    return {name: value for name, value in learner.state_dict().items() if isinstance(value, torch.Tensor)}


def _restore(learner: torch.nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, value in _tensors(learner).items():
            value.copy_(tensors[name])
