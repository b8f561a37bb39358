"""float16: its loss is scaled, and a scale that was too large costs no step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from small_training import RECIPE, examples, same_state, state_of, thin_corrector
from test_loop import StopAt, always_a_minute_later

from jpegproof.training.checkpoint import load_checkpoint
from jpegproof.training.loop import train
from jpegproof.training.restore_pixels import RestorePixels

HALF = replace(RECIPE, precision="float16")


class Steep(RestorePixels):
    """Its gradients overflow where the loss is scaled by more than so much."""

    def __init__(self, most: float) -> None:
        super().__init__(thin_corrector())
        self._most = most

    def loss(self, examples: Any) -> torch.Tensor:
        loss = super().loss(examples)
        loss.register_hook(lambda gradient: gradient * float("inf") if float(gradient) > self._most else gradient)
        return loss


def test_a_scale_that_is_too_large_is_halved_and_the_step_made_again(tmp_path):
    steep, plain, file = Steep(2.0**10), RestorePixels(thin_corrector()), tmp_path / "c.pt"
    done = train(steep, examples(HALF), HALF, file, clock=always_a_minute_later())
    train(plain, examples(HALF), HALF)
    assert (done.precision, done.skipped_steps) == ("float16", 0)
    kept = load_checkpoint(file, {**HALF.describe(), **steep.describe()})
    assert kept is not None
    assert kept["scaler"]["scale"] == 2.0**10
    # Scaled by other powers of two the gradient is the same, but for what is too small for float16.
    states = state_of(steep.learner), state_of(plain.learner)
    assert all(torch.allclose(states[0][name], states[1][name], atol=1e-2) for name in states[0])
    assert not same_state(states[0], state_of(thin_corrector().network))


def test_a_gradient_that_is_not_finite_at_any_scale_skips_the_step():
    steep = Steep(0.0)
    before = state_of(steep.learner)
    assert train(steep, examples(HALF), HALF).skipped_steps == HALF.steps
    assert same_state(before, state_of(steep.learner))


@pytest.mark.parametrize("stop", [1, 3])
def test_the_scale_survives_a_stop(tmp_path, stop):
    undisturbed, resumed, file = Steep(2.0**10), Steep(2.0**10), tmp_path / "c.pt"
    train(undisturbed, examples(HALF), HALF)
    with pytest.raises(KeyboardInterrupt):
        train(Steep(2.0**10), examples(HALF), HALF, file, StopAt(stop), always_a_minute_later())
    train(resumed, examples(HALF), HALF, file)
    assert same_state(state_of(undisturbed.learner), state_of(resumed.learner))
