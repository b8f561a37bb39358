"""The one loop that trains everything. Stopped at any moment, it goes on to the same weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.training.checkpoint import load_checkpoint, save_checkpoint
from jpegproof.training.examples import Examples, batches_ahead
from jpegproof.training.failed_state import keep_failed_state
from jpegproof.training.held_back import HeldBack
from jpegproof.training.objective import Objective, failing_as_model_error
from jpegproof.training.precision import name_of
from jpegproof.training.recipe import Recipe
from jpegproof.training.record import Training, Watcher
from jpegproof.training.seeds import callers_generators_kept
from jpegproof.training.sharing import WHOLE, Sharing
from jpegproof.training.stopping import Stopper
from jpegproof.training.training_log import TrainingLog
from jpegproof.training.update import Updater, learning_norms

#: Seconds between checkpoints: what a kill may cost.
CHECKPOINT_SECONDS = 60.0

#: So many losses in a row that are not finite mean that the training is lost.
MOST_BAD_LOSSES = 10


def train(
    objective: Objective,
    examples: Examples,
    recipe: Recipe,
    checkpoint: Path | None = None,
    watcher: Watcher | None = None,
    clock: Callable[[], float] = time.monotonic,
    held_back: HeldBack | None = None,
    log: TrainingLog | None = None,
    sharing: Sharing = WHOLE,
    on_checkpoint: Callable[[], None] | None = None,
) -> Training:
    """Trains the objective's learner in place.

    Args:
        objective: what is wanted, of whom.
        examples: what it learns from.
        recipe: for how long, how fast.
        checkpoint: a file that is kept up to date while it runs; a file of the same training there is gone on from. Of
            several processes the first one alone reads and writes it.
        watcher: hears of every step.
        clock: seconds; for tests.
        held_back: pictures that say when to stop; they count where the recipe says how (`Recipe.stop`).
        log: is told losses and learning rates, about a hundred times.
        sharing: how batches are shared out among processes and parts. All processes call this alike, and end with the
            same weights.
        on_checkpoint: called whenever the checkpoint was written, for who keeps it elsewhere too.

    Returns:
        What was done. The learner is left in evaluation mode with the weights of the last step; where pictures are held
        back, with those that did best on them.

    Raises:
        ModelError: the loss stopped being finite, the network fails, or memory runs out with one picture at a time.
        StoreError: the checkpoint cannot be written.
        DataError: no picture can be used.
        JpegproofError: the batch cannot be shared out so, or another process has ended.
    """
    sharing.check(recipe.batch)
    with callers_generators_kept():
        return _Run(
            objective, examples, recipe, checkpoint, watcher, clock, held_back, log, sharing, on_checkpoint
        ).go()


class _Run:
    """One training from where it stands to its end; arguments as of `train`."""

    def __init__(
        self,
        objective: Objective,
        examples: Examples,
        recipe: Recipe,
        checkpoint: Path | None,
        watcher: Watcher | None,
        clock: Callable[[], float],
        held_back: HeldBack | None,
        log: TrainingLog | None,
        sharing: Sharing,
        on_checkpoint: Callable[[], None] | None,
    ) -> None:
        self._objective, self._examples, self._recipe = objective, examples, recipe
        self._checkpoint, self._on_checkpoint = checkpoint, on_checkpoint
        self._watcher, self._clock, self._log = watcher, clock, log
        self._held_back = held_back if recipe.stop is not None else None
        self._sharing = sharing
        self._identity = {**recipe.describe(), **objective.describe()}
        self._done = Training(processes=sharing.ranks.count)
        self._recent: list[float] = []
        self._best: dict[str, torch.Tensor] = {}
        self._stopper: Stopper | None = None
        if recipe.stop is not None and self._held_back is not None:
            warmup = recipe.warmup * recipe.steps
            self._stopper = Stopper(recipe.stop, recipe.steps, recipe.batch, len(self._held_back), warmup)

    def go(self) -> Training:
        """Does the steps that are left."""
        done, recipe, ranks = self._done, self._recipe, self._sharing.ranks
        begun = written = self._clock()
        self._objective.train()
        self._updater = Updater(self._objective, recipe, self._sharing)
        ranks.copy_first(list(_tensors(self._objective.learner).values()))
        resumed = self._resume()
        done.precision = name_of(self._updater.lower)
        if self._log is not None:
            self._log.begin(done.first_step)
        if not resumed:
            self._look(0)
        bad_in_a_row = 0
        every = max(recipe.steps // 100, 1)
        supply = batches_ahead(self._examples, range(done.first_step, recipe.steps), *self._sharing.own(recipe.batch))
        for step, mine in supply:
            if step >= self._last:
                break
            rate = self._rate(step)
            update = self._updater.make(step, mine, rate)
            if update.sound:
                self._recent.append(update.loss)
                bad_in_a_row = 0
            else:
                done.skipped_steps += 1
                bad_in_a_row += 1
                if bad_in_a_row == MOST_BAD_LOSSES:
                    supply.close()  # it reads pictures beside, and those of this step are asked for now
                    raise self._lost(step, rate, update.loss)
            if self._stopper is not None and self._stopper.is_due(step + 1):
                self._look(step + 1)
            if (step + 1) % every == 0 or step + 1 == self._last:
                self._tell(step + 1, rate)
            done.steps = step + 1
            if self._clock() - written > CHECKPOINT_SECONDS:
                self._keep(step + 1)
                written = self._clock()
            if self._watcher is not None:
                self._watcher.step(step + 1, self._last, update.loss)
        if self._stopper is not None:
            _restore(self._objective.learner, self._best)
            done.held_back, done.best_step = self._stopper.curve, self._stopper.best_step
            done.cooled_from = self._stopper.cooling_from
        self._note_batch_norm()
        done.accumulate, done.notes = self._updater.accumulate, self._updater.notes
        done.seconds = self._clock() - begun
        self._objective.learner.eval()
        return done

    @property
    def _last(self) -> int:
        """After how many steps it ends, as far as is known."""
        return self._recipe.steps if self._stopper is None else self._stopper.last

    def _rate(self, step: int) -> float:
        if self._stopper is None:
            return self._recipe.rate(step)
        return self._stopper.rate(step, self._recipe.rate(self._stopper.rate_step(step)))

    def _resume(self) -> bool:
        """Goes on from the checkpoint, where there is one: as process 0 finds it, since others may not see its disk."""
        leads = self._checkpoint is not None and self._sharing.ranks.leads
        found = load_checkpoint(self._checkpoint, self._identity) if leads and self._checkpoint is not None else None
        saved = self._sharing.ranks.from_first(found)
        if saved is None:
            return False
        done, learner = self._done, self._objective.learner
        learner.load_state_dict(saved["learner"])
        self._updater.resume(saved)
        done.first_step, done.skipped_steps = saved["step"], saved["skipped_steps"]
        done.steps = done.first_step
        done.losses = [(int(step), float(loss)) for step, loss in saved["losses"]]
        done.rates = [(int(step), float(rate)) for step, rate in saved["rates"]]
        self._recent = saved["recent"]
        if self._stopper is not None:
            device = next(learner.parameters()).device
            self._stopper.resume(saved["stopper"])
            self._best = {name: value.to(device) for name, value in saved["best"].items()}
        return True

    def _keep(self, step: int) -> None:
        """Writes the checkpoint; the random numbers need no place in it, see `jpegproof.training.seeds`."""
        if self._checkpoint is None or not self._sharing.ranks.leads:
            return
        done, stopper = self._done, self._stopper
        state = {"recipe": self._identity, "step": step, "learner": self._objective.learner.state_dict()}
        state |= {"losses": done.losses, "recent": self._recent, "rates": done.rates, "best": self._best}
        state |= {"stopper": stopper.state() if stopper is not None else None, "skipped_steps": done.skipped_steps}
        save_checkpoint(self._checkpoint, {**state, **self._updater.state()})
        if self._on_checkpoint is not None:
            self._on_checkpoint()

    def _look(self, step: int) -> None:
        """Has the held-back pictures say how good the learner is after so many steps; the best state is kept.

        Each process looks at every so-manyth picture: each is looked at once, and none stands in for another.
        """
        if self._stopper is None or self._held_back is None:
            return
        ranks, count = self._sharing.ranks, len(self._held_back)
        with failing_as_model_error(f"looking at the held-back pictures failed after step {step}"):
            mine = range(ranks.rank, count, ranks.count)
            told = ranks.gather(self._held_back.losses(self._objective, self._updater.lower, mine))
        losses = [told[number % ranks.count][number // ranks.count] for number in range(count)]
        if self._stopper.hear(step, losses):
            learner = self._objective.learner
            self._best.update({name: value.detach().clone() for name, value in _tensors(learner).items()})
        if self._log is not None:
            self._log.add("held_back_loss", step, self._stopper.curve[-1][1])
        self._objective.train()

    def _tell(self, step: int, rate: float) -> None:
        done, recent = self._done, self._recent
        done.losses.append((step, sum(recent) / max(len(recent), 1)))
        done.rates.append((step, rate))
        recent.clear()
        if self._log is not None:
            self._log.add("loss", *done.losses[-1])
            self._log.add("learning_rate", *done.rates[-1])

    def _note_batch_norm(self) -> None:
        sharing, batch = self._sharing, self._recipe.batch
        parts = sharing.ranks.count * self._updater.accumulate
        if parts > 1 and learning_norms(self._objective.learner):
            note = (
                f"batch norm learns from about {max(batch // parts, 1)} pictures at a time instead of the batch's "
                f"{batch}, since the batch is computed in {parts} parts"
            )
            self._updater.notes.append(note)

    def _lost(self, step: int, rate: float, loss: float) -> ModelError:
        """The error of a training whose loss is no number any more; its state is kept, by process 0."""
        where = ""
        if self._sharing.ranks.leads:
            state: dict[str, Any] = {"recipe": self._identity, "step": step, "seed": self._recipe.seed, "loss": loss}
            state |= {"learning_rate": rate, "pictures": self._examples.describe(step)}
            state |= {"losses": self._done.losses, "learner": self._objective.learner.state_dict()}
            where = keep_failed_state(self._checkpoint, {**state, **self._updater.state()})
        # Nobody leaves before it is written: a launcher ends them all with the first one.
        where = self._sharing.ranks.from_first(where)
        return ModelError(
            f"the training's loss has not been finite for {MOST_BAD_LOSSES} steps (at step {step + 1}); try a lower "
            f"learning_rate, or precision float32{where}"
        )


def _tensors(learner: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights and buffers of a learner; what else a layer may keep in its state is no matter of training."""
    return {name: value for name, value in learner.state_dict().items() if isinstance(value, torch.Tensor)}


def _restore(learner: torch.nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, value in _tensors(learner).items():
            value.copy_(tensors[name])
