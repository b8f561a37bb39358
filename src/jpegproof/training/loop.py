"""The one loop that trains everything. Stopped at any moment, it goes on to the same weights."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch

from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.training.checkpoint import load_checkpoint, save_checkpoint
from jpegproof.training.examples import Example, Examples
from jpegproof.training.objective import Objective
from jpegproof.training.recipe import Recipe

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
        """After each step: how many are done, and this step's loss."""
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
    """

    losses: list[tuple[int, float]] = field(default_factory=list)
    first_step: int = 0
    seconds: float = 0.0
    skipped_steps: int = 0
    bfloat16: bool = False


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
) -> Training:
    """Trains the objective's learner in place.

    Args:
        objective: what is wanted, of whom.
        examples: what it learns from.
        recipe: for how long, how fast.
        checkpoint: a file that is kept up to date while it runs; a file of the same training there is gone on from.
        watcher: hears of every step.
        clock: seconds; for tests.

    Returns:
        What was done. The learner is left in evaluation mode with the weights of the last step.

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
        done.losses = [(int(step), float(loss)) for step, loss in saved["losses"]]
    done.bfloat16 = half = recipe.precision == "bfloat16" or (recipe.precision == "auto" and has_bfloat16(device))
    begun = written = clock()
    recent: list[float] = saved["recent"] if saved is not None else []
    bad_in_a_row = 0
    every = max(recipe.steps // 100, 1)

    def keep(step: int) -> None:
        if checkpoint is not None:
            state = {"recipe": identity, "step": step, "learner": learner.state_dict()}
            state |= {"optimiser": optimiser.state_dict(), "losses": done.losses, "recent": recent}
            save_checkpoint(checkpoint, {**state, "skipped_steps": done.skipped_steps})

    for step, batch in _ahead(examples, done.first_step, recipe.steps):
        # Seeded step by step, so that dropout too is the same after a resume.
        torch.manual_seed(((recipe.seed * 1_000_003 + step) * 31 + _TORCH) % 2**63)
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate(step)
        optimiser.zero_grad(set_to_none=True)
        kept = {name: buffer.clone() for name, buffer in learner.named_buffers()}
        try:
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                loss = objective.loss(batch)
            value = float(loss.detach())
            sound = math.isfinite(value)
            if sound:
                loss.backward()
                sound = bool(torch.isfinite(torch.nn.utils.clip_grad_norm_(parameters, LONGEST_GRADIENT)))
        except JpegproofError:
            raise
        except (RuntimeError, ValueError, TypeError, MemoryError, ArithmeticError, LookupError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise ModelError(f"training failed at step {step + 1}: {type(error).__name__}: {reason}") from error
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
        if (step + 1) % every == 0 or step + 1 == recipe.steps:
            done.losses.append((step + 1, sum(recent) / max(len(recent), 1)))
            recent.clear()
        if clock() - written > CHECKPOINT_SECONDS:
            keep(step + 1)
            written = clock()
        if watcher is not None:
            watcher.step(step + 1, recipe.steps, value)
    done.seconds = clock() - begun
    learner.eval()
    return done


def _ahead(examples: Examples, first: int, last: int) -> Iterator[tuple[int, list[Example]]]:
    """Batches in order, the next one made while the network works on this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(examples.batch, first) if first < last else None
        for step in itertools.count(first):
            if coming is None:
                return
            batch = coming.result()
            coming = pool.submit(examples.batch, step + 1) if step + 1 < last else None
            yield step, batch
