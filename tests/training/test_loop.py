"""The loop: the same weights however often it is stopped, and no patience with losses that are no numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_training import RECIPE, examples, same_state, state_of, thin_corrector, tiny_model
from thin_qgac import thin_qgac

from jpegproof.correctors.qgac.corrector import Qgac
from jpegproof.exceptions import ModelError, StoreError
from jpegproof.training.checkpoint import load_checkpoint, save_checkpoint
from jpegproof.training.examples import Example
from jpegproof.training.fine_tune import FineTune
from jpegproof.training.loop import MOST_BAD_LOSSES, train
from jpegproof.training.match_model import TargetCorrector
from jpegproof.training.precision import has_bfloat16
from jpegproof.training.recipe import Recipe
from jpegproof.training.restore_pixels import RestorePixels


class StopAt:
    """Stops a training as a kill would, after a step."""

    def __init__(self, step: int) -> None:
        self._step = step

    def step(self, done: int, total: int, loss: float) -> None:
        if done == self._step:
            raise KeyboardInterrupt


def always_a_minute_later():
    """A clock that makes the loop keep a checkpoint at every step."""
    now = [0.0]

    def clock() -> float:
        now[0] += 61
        return now[0]

    return clock


@pytest.mark.parametrize("stops", [[1], [3], [1, 2, 3]])
@pytest.mark.parametrize("kind", ["corrector", "qgac", "model"])
def test_a_training_that_is_stopped_ends_with_the_weights_of_an_undisturbed_one(tmp_path, stops, kind):
    def objective():
        # The model has dropout and batch norm: random numbers and running statistics must survive the stop too.
        if kind == "qgac":
            return TargetCorrector(Qgac(thin_qgac(), {}, "pixels"), tiny_model())
        return RestorePixels(thin_corrector()) if kind == "corrector" else FineTune(tiny_model())

    undisturbed = objective()
    train(undisturbed, examples(), RECIPE)
    file = tmp_path / "checkpoint.pt"
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            train(objective(), examples(), RECIPE, file, StopAt(stop), always_a_minute_later())
    resumed = objective()
    done = train(resumed, examples(), RECIPE, file)
    assert done.first_step == max(stops)
    assert same_state(state_of(resumed.learner), state_of(undisturbed.learner))


def test_a_training_without_a_checkpoint_does_as_one_with(tmp_path):
    plain, kept = RestorePixels(thin_corrector()), RestorePixels(thin_corrector())
    one = train(plain, examples(), RECIPE)
    two = train(kept, examples(), RECIPE, tmp_path / "c.pt", clock=always_a_minute_later())
    assert same_state(state_of(plain.learner), state_of(kept.learner))
    assert one.losses == two.losses


def test_training_lowers_the_loss():
    recipe = replace(RECIPE, steps=60, learning_rate=3e-3, qualities=(10, 10), augment="none")
    objective = RestorePixels(thin_corrector())
    done = train(objective, examples(recipe), recipe)
    first, last = [sum(loss for _, loss in part) for part in (done.losses[:10], done.losses[-10:])]
    assert last < 0.95 * first
    assert done.losses[-1][0] == 60


def test_a_checkpoint_of_another_training_is_not_gone_on_from(tmp_path):
    file = tmp_path / "c.pt"
    train(RestorePixels(thin_corrector()), examples(), RECIPE, file, clock=always_a_minute_later())
    other = replace(RECIPE, learning_rate=1e-3)
    done = train(RestorePixels(thin_corrector()), examples(other), other, file)
    assert done.first_step == 0


def test_a_damaged_checkpoint_costs_the_steps_and_nothing_else(tmp_path):
    file = tmp_path / "c.pt"
    file.write_bytes(b"PK\x03\x04 not a checkpoint")
    assert train(RestorePixels(thin_corrector()), examples(), RECIPE, file).first_step == 0
    assert load_checkpoint(tmp_path / "none.pt", {}) is None


def test_a_checkpoint_never_runs_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    torch.save({"recipe": {}, "step": Evil()}, tmp_path / "evil.pt")
    assert load_checkpoint(tmp_path / "evil.pt", {}) is None


def test_a_checkpoint_that_cannot_be_written_says_where(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "c.pt", {"step": 1})


class Faulty:
    """An objective whose loss is no number at some steps."""

    def __init__(self, bad: set[int]) -> None:
        self.learner = torch.nn.Linear(1, 1)
        self._bad = bad
        self._step = -1

    def train(self) -> None:
        self.learner.train()

    def loss(self, examples: object) -> torch.Tensor:
        self._step += 1
        answer = self.learner(torch.ones(1, 1)).square().mean()
        return answer * float("nan") if self._step in self._bad else answer

    def describe(self) -> dict[str, str]:
        return {"objective": "faulty"}


class Drawing(Faulty):
    """Draws from every generator that a network may draw from."""

    def __init__(self) -> None:
        super().__init__(set())
        torch.nn.init.ones_(self.learner.weight)

    def loss(self, examples: object) -> torch.Tensor:
        drawn = float(np.random.rand()) + random.random() + float(torch.rand(()))
        return (self.learner(torch.ones(1, 1)) * drawn).square().mean()


def test_random_numbers_of_every_kind_go_on_where_they_were(tmp_path):
    undisturbed, resumed, file = Drawing(), Drawing(), tmp_path / "c.pt"
    resumed.learner.load_state_dict(undisturbed.learner.state_dict())
    before = state_of(resumed.learner)
    train(undisturbed, examples(), RECIPE)
    with pytest.raises(KeyboardInterrupt):
        train(resumed, examples(), RECIPE, file, StopAt(2), always_a_minute_later())
    np.random.seed(5)
    random.seed(5)
    train(resumed, examples(), RECIPE, file)
    assert same_state(state_of(resumed.learner), state_of(undisturbed.learner))
    assert not same_state(before, state_of(undisturbed.learner))


def test_a_training_leaves_the_callers_own_random_numbers_alone():
    np.random.seed(3)
    random.seed(3)
    expected = np.random.RandomState(3).rand(), random.Random(3).random()
    train(RestorePixels(thin_corrector()), examples(), RECIPE)
    assert (np.random.rand(), random.random()) == expected


def test_a_step_whose_loss_is_not_finite_changes_nothing():
    faulty = Faulty(set(range(4)))
    before = state_of(faulty.learner)
    assert train(faulty, examples(), RECIPE).skipped_steps == 4
    assert same_state(before, state_of(faulty.learner))


def test_a_loss_that_stays_without_a_number_ends_the_training():
    recipe = replace(RECIPE, steps=50)
    with pytest.raises(ModelError, match="learning_rate"):
        train(Faulty(set(range(10, 10 + MOST_BAD_LOSSES))), examples(recipe), recipe)


def test_the_rate_rises_then_falls_to_nothing():
    recipe = Recipe(steps=100, learning_rate=1.0, warmup=0.1)
    rates = [recipe.rate(step) for step in range(100)]
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.01
    assert rates[0] > 0


def test_a_network_that_fails_in_training_is_a_clear_error():
    class Failing(Faulty):
        def loss(self, examples: object) -> torch.Tensor:
            raise RuntimeError("Expected more than 1 value per channel\nand more")

    with pytest.raises(ModelError, match=r"step 1: RuntimeError: Expected more than 1 value per channel$"):
        train(Failing(set()), examples(), RECIPE)


def test_a_gradient_that_is_not_finite_changes_nothing():
    class Exploding(Faulty):
        def loss(self, examples: object) -> torch.Tensor:
            return (self.learner.weight * 0).sqrt().sum()  # finite, with an infinite slope

    exploding = Exploding(set())
    before = state_of(exploding.learner)
    assert train(exploding, examples(), RECIPE).skipped_steps == 4
    assert same_state(before, state_of(exploding.learner))


def test_a_skipped_step_leaves_no_trace_in_batch_norm():
    class Poisoned(FineTune):
        def loss(self, examples: Sequence[Example]) -> torch.Tensor:
            return super().loss(examples) * float("nan")

    poisoned = Poisoned(tiny_model())
    before = state_of(poisoned.learner)
    train(poisoned, examples(), RECIPE)
    assert same_state(before, state_of(poisoned.learner))


def test_any_seed_will_do():
    recipe = replace(RECIPE, seed=1_700_000_000_000, steps=1)
    assert train(RestorePixels(thin_corrector()), examples(recipe), recipe).losses[-1][0] == 1


def test_half_precision_reaches_the_corrector_and_spares_the_picture():
    if not has_bfloat16(torch.device("cpu")):
        pytest.skip("this processor has no fast bfloat16")
    seen = []
    objective = RestorePixels(thin_corrector(awake=True))
    objective.learner.get_submodule("head").register_forward_hook(
        lambda layer, given, answer: seen.append(answer.dtype)
    )
    for precision in ("auto", "float32"):
        done = train(objective, examples(), replace(RECIPE, steps=1, precision=precision))
        assert done.precision == ("bfloat16" if precision == "auto" else "float32")
    assert seen == [torch.bfloat16, torch.float32]
