"""One corrector trained through several frozen models, and how their losses are made to count alike."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from small_training import RECIPE, examples, same_state, state_of, thin_corrector, tiny_model

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.models.model import Model, wrap
from jpegproof.models.preparation import ResizeCrop
from jpegproof.training.balance import loss_scales
from jpegproof.training.loop import train
from jpegproof.training.match_model import TargetCorrector, distance_to_originals
from jpegproof.training.match_several import TargetSeveral
from jpegproof.training.path_of_use import inputs_of_corrected, inputs_of_jpegs


class LouderHead(torch.nn.Module):
    """A network whose answers are so many times another's."""

    def __init__(self, network: torch.nn.Module, factor: float) -> None:
        super().__init__()
        self.network = network
        self.factor = factor

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.factor * self.network(batch)


def two_models() -> list[Model]:
    """One looks at the middle of the picture, one at all of it."""
    return [tiny_model(0), tiny_model(1, ResizeCrop((24, 40), None))]


def gradients(objective: Any, batch: Any) -> list[torch.Tensor]:
    objective.train()
    parameters = list(objective.learner.parameters())
    found = torch.autograd.grad(objective.loss(batch), parameters, allow_unused=True)
    return [torch.zeros(1) if gradient is None else gradient for gradient in found]


def test_the_loss_is_the_mean_of_the_scaled_losses_of_the_models():
    corrector, models, batch = thin_corrector(awake=True), two_models(), examples().batch(0)
    alone = [TargetCorrector(corrector, model).loss(batch).detach() for model in models]
    together = TargetSeveral(corrector, models, [3.0, 0.5]).loss(batch)
    # One model's own training corrects only what that model sees, so that its edges differ a little.
    assert float(together.detach()) == pytest.approx(float(3.0 * alone[0] + 0.5 * alone[1]) / 2, rel=1e-3)


def test_the_corrector_learns_from_every_model_and_the_models_stay():
    corrector, models = thin_corrector(awake=True), two_models()
    batch = examples().batch(0)
    both = gradients(TargetSeveral(corrector, models, [1.0, 1.0]), batch)
    for silenced in ([1.0, 0.0], [0.0, 1.0]):
        one = gradients(TargetSeveral(corrector, models, silenced), batch)
        assert any(not torch.allclose(first, second) for first, second in zip(both, one, strict=True))
    before, begun = [state_of(model.network) for model in models], state_of(corrector.network)
    train(TargetSeveral(corrector, models, [1.0, 1.0]), examples(), RECIPE)
    assert all(same_state(state, state_of(model.network)) for state, model in zip(before, models, strict=True))
    assert not same_state(begun, state_of(corrector.network))


def test_a_picture_is_corrected_once_for_all_models():
    corrector, models = thin_corrector(awake=True), two_models()
    batch = examples().batch(0)
    corrected: list[int] = []
    restore = corrector.restore

    def counting(images: list[DecodedJpeg]) -> list[torch.Tensor]:
        corrected.append(len(images))
        return restore(images)

    corrector.restore = counting  # pyright: ignore[reportAttributeAccessIssue]
    inputs = inputs_of_corrected(models, batch, corrector, "source")
    assert corrected == [len(batch)]
    for model, made in zip(models, inputs, strict=True):
        own = inputs_of_jpegs(model, batch, corrector, "source")
        assert float((made.stacked() - own.stacked()).detach().abs().max()) < 0.02


def test_a_training_through_several_that_was_stopped_goes_on_to_the_same_weights(tmp_path):
    class KilledError(Exception):
        pass

    class KillsAt:
        def step(self, done: int, total: int, loss: float) -> None:
            del total, loss
            if done == 2:
                raise KilledError

    def objective(corrector: Any) -> TargetSeveral:
        supply = examples()
        scales = loss_scales("damage", two_models(), corrector, supply, "source", batches=2)
        return TargetSeveral(corrector, two_models(), scales)

    undisturbed, stopped = thin_corrector(awake=True), thin_corrector(awake=True)
    train(objective(undisturbed), examples(), RECIPE)
    ticks = iter(range(0, 100_000, 1000))
    with pytest.raises(KilledError):
        train(objective(stopped), examples(), RECIPE, tmp_path / "c.pt", KillsAt(), lambda: next(ticks))
    resumed_objective = objective(thin_corrector(awake=True))
    resumed = resumed_objective.learner
    done = train(resumed_objective, examples(), RECIPE, tmp_path / "c.pt")
    assert done.first_step > 0
    assert same_state(state_of(undisturbed.network), state_of(resumed))


def test_models_that_take_pictures_differently_share_no_jpeg_at_their_input():
    with pytest.raises(ModelError, match="stage: source"):
        TargetSeveral(thin_corrector(), two_models(), [1.0, 1.0], "input")
    TargetSeveral(thin_corrector(), [tiny_model(0), tiny_model(1)], [1.0, 1.0], "input")


def test_damage_makes_an_uncured_jpeg_cost_every_model_one():
    models = two_models()
    supply = examples(replace(RECIPE, qualities=(5, 30)))
    scales = loss_scales("damage", models, thin_corrector(), supply, "source", batches=3)
    for model, scale in zip(models, scales, strict=True):
        damage = [
            float(distance_to_originals(model, batch, inputs_of_jpegs(model, batch, None, "source"), "source"))
            for batch in (supply.batch(step) for step in range(3))
        ]
        assert scale * sum(damage) / 3 == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("balance", ["damage", "gradient"])
def test_a_model_that_answers_in_larger_numbers_gets_no_louder_voice(balance):
    quiet = tiny_model()
    loud = wrap(LouderHead(tiny_model().network, 100.0), prepare=ResizeCrop(40, (32, 32)))
    supply = examples(replace(RECIPE, qualities=(5, 30)))
    first, second = loss_scales(balance, [quiet, loud], thin_corrector(awake=True), supply, "source", batches=2)
    assert first / second == pytest.approx(100, rel=1e-3)
    assert loss_scales("none", [quiet, loud], thin_corrector(), supply, "source") == [1.0, 1.0]


def test_gradients_of_balanced_losses_are_of_one_length():
    models, corrector = two_models(), thin_corrector(awake=True)
    supply = examples(replace(RECIPE, qualities=(5, 30)))
    scales = loss_scales("gradient", models, corrector, supply, "source", batches=1)
    for model, scale in zip(models, scales, strict=True):
        found = gradients(TargetCorrector(corrector, model), supply.batch(0))
        assert scale * math.hypot(*(float(gradient.norm()) for gradient in found)) == pytest.approx(1, rel=1e-4)


def test_a_model_that_jpegs_do_nothing_to_keeps_its_loss_as_it_is():
    deaf = wrap(LouderHead(tiny_model().network, 0.0), prepare=ResizeCrop(40, (32, 32)))
    supply = examples()
    for balance in ("damage", "gradient"):
        assert loss_scales(balance, [deaf], thin_corrector(), supply, "source", batches=1) == [1.0]


def test_asking_for_scales_changes_no_weight():
    corrector, models = thin_corrector(awake=True), two_models()
    before = [state_of(corrector.network), *(state_of(model.network) for model in models)]
    for balance in ("damage", "gradient"):
        loss_scales(balance, models, corrector, examples(), "source", batches=1)
    after = [state_of(corrector.network), *(state_of(model.network) for model in models)]
    assert all(same_state(first, second) for first, second in zip(before, after, strict=True))
