"""When a training ends: patience beyond noise, a cooling that keeps what annealing brings, and the best state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_training import RECIPE, examples, pictures, same_state, state_of, thin_corrector, tiny_model
from test_loop import StopAt, always_a_minute_later

from jpegproof.training.fine_tune import FineTune
from jpegproof.training.held_back import HeldBack
from jpegproof.training.loop import train
from jpegproof.training.match_model import TargetCorrector
from jpegproof.training.restore_pixels import RestorePixels
from jpegproof.training.stopping import Stopper, StopRule

STOPPED = replace(RECIPE, steps=8, stop=StopRule(patience=2))


def heard(means, steps=100, patience=3, noise=0.0, warmup=0.0):
    """A stopper that has heard of losses of these means, one look every 5 steps, until it is through."""
    stopper = Stopper(StopRule(patience), steps, batch=8, pictures=8, warmup=warmup)
    for look, mean in enumerate(means):
        if 5 * look > stopper.last:
            break
        jumps = np.random.default_rng(look).normal(size=8)
        stopper.hear(5 * look, [mean + noise * jump for jump in jumps])
    return stopper


def held_back(recipe, count=3):
    return HeldBack([(pictures(9), range(9 - count, 9))], recipe)


def test_a_loss_that_goes_on_falling_is_left_alone():
    stopper = heard([1 - 0.01 * look for look in range(21)])
    assert (stopper.last, stopper.cooling_from, stopper.best_step) == (100, None, 100)


def test_a_loss_that_has_stopped_falling_is_cooled_down_and_ended():
    stopper = heard([1.0, 0.8, 0.7, *[0.7] * 20])
    assert stopper.cooling_from == 25  # the third look after the one at step 10
    assert stopper.last == 45
    assert stopper.best_step == 10


def test_while_it_cools_the_rate_falls_from_where_it_was_to_nothing():
    recipe = replace(RECIPE, steps=100, learning_rate=1.0, warmup=0.0)
    stopper = heard([1.0] * 4)
    assert stopper.cooling_from == 15
    rates = [stopper.rate(step, recipe.rate(stopper.rate_step(step))) for step in range(15, stopper.last)]
    assert rates[0] == recipe.rate(15)
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] <= rates[0] / 20 * 1.01


def test_what_the_cooling_brings_is_kept():
    stopper = heard([1.0, 1.0, 1.0, 1.0, 0.9, 0.5, 0.4, 0.3])
    assert stopper.cooling_from == 15
    assert stopper.best_step == 35 == stopper.last


def test_a_gain_within_the_noise_is_no_reason_to_go_on():
    falling_less_than_it_jumps = [1.0 - 0.001 * look for look in range(21)]
    assert heard(falling_less_than_it_jumps, noise=0.5).cooling_from is not None
    assert heard(falling_less_than_it_jumps, noise=0.0).cooling_from is None


def test_small_gains_that_add_up_beyond_the_noise_count():
    # Each look alone is within its noise of the one before; three together are not.
    stopper = heard([1.0 - 0.05 * look for look in range(21)], noise=0.2, patience=6)
    assert stopper.cooling_from is None


def test_patience_does_not_begin_while_the_rate_still_rises():
    assert heard([1.0] * 21, warmup=0.0).cooling_from == 15
    assert heard([1.0] * 21, warmup=30.0).cooling_from == 40


def test_close_to_its_end_a_training_is_left_to_its_own_cosine():
    means = [1 - 0.01 * look for look in range(15)]
    assert heard([*means, *[means[-1]] * 6]).cooling_from is None


def test_a_training_that_only_gets_worse_hands_over_its_start():
    objective = RestorePixels(thin_corrector(awake=True))
    before = state_of(objective.learner)
    recipe = replace(STOPPED, learning_rate=10.0, warmup=0.0)
    done = train(objective, examples(recipe), recipe, held_back=held_back(recipe))
    assert done.best_step == 0
    assert done.held_back[0][1] < min(loss for _, loss in done.held_back[1:])
    assert same_state(before, state_of(objective.learner))


def test_the_state_handed_over_is_the_one_whose_loss_is_told():
    recipe = replace(STOPPED, steps=12, learning_rate=3e-3)
    objective = RestorePixels(thin_corrector())
    kept = held_back(recipe)
    done = train(objective, examples(recipe), recipe, held_back=kept)
    told = dict(done.held_back)
    assert done.best_step == min(told, key=lambda step: told[step])
    assert done.best_step is not None
    again = kept.losses(objective, None)
    assert sum(again) / len(again) == pytest.approx(told[done.best_step], abs=1e-12)


def test_looking_changes_nothing_that_is_learned():
    def learn(recipe, kept=None):
        objective = FineTune(tiny_model())  # dropout, and running statistics of batch norm
        return train(objective, examples(recipe), recipe, held_back=kept), objective

    seen = replace(STOPPED, stop=StopRule(patience=100))
    done, looked_at = learn(seen, held_back(seen))
    plain, alone = learn(replace(STOPPED, stop=None))
    assert done.losses == plain.losses
    if done.best_step == seen.steps:
        assert same_state(state_of(looked_at.learner), state_of(alone.learner))


@pytest.mark.parametrize("stops", [[1], [3], [1, 2, 5]])
@pytest.mark.parametrize("kind", ["corrector", "targeted", "model"])
def test_a_stopped_training_that_is_resumed_is_an_undisturbed_one(tmp_path, stops, kind):
    def objective():
        if kind == "model":
            return FineTune(tiny_model())
        return (
            RestorePixels(thin_corrector()) if kind == "corrector" else TargetCorrector(thin_corrector(), tiny_model())
        )

    undisturbed = objective()
    whole = train(undisturbed, examples(STOPPED), STOPPED, held_back=held_back(STOPPED))
    file = tmp_path / "checkpoint.pt"
    for stop in stops:
        clock, kept = always_a_minute_later(), held_back(STOPPED)
        with pytest.raises(KeyboardInterrupt):
            train(objective(), examples(STOPPED), STOPPED, file, StopAt(stop), clock, held_back=kept)
    resumed = objective()
    done = train(resumed, examples(STOPPED), STOPPED, file, held_back=held_back(STOPPED))
    assert done.first_step == max(stops)
    assert (done.held_back, done.best_step, done.cooled_from) == (whole.held_back, whole.best_step, whole.cooled_from)
    assert (done.losses, done.rates, done.steps) == (whole.losses, whole.rates, whole.steps)
    assert same_state(state_of(resumed.learner), state_of(undisturbed.learner))


def test_one_that_is_killed_while_it_cools_ends_as_one_that_was_not(tmp_path):
    recipe = replace(STOPPED, steps=30, learning_rate=1.0, stop=StopRule(patience=1))
    undisturbed, resumed = RestorePixels(thin_corrector(awake=True)), RestorePixels(thin_corrector(awake=True))
    whole = train(undisturbed, examples(recipe), recipe, held_back=held_back(recipe))
    assert whole.cooled_from is not None
    assert whole.steps == whole.cooled_from + 6 < 30
    file = tmp_path / "checkpoint.pt"
    killed, stop = RestorePixels(thin_corrector(awake=True)), StopAt(whole.cooled_from + 2)
    with pytest.raises(KeyboardInterrupt):
        train(killed, examples(recipe), recipe, file, stop, always_a_minute_later(), held_back=held_back(recipe))
    done = train(resumed, examples(recipe), recipe, file, held_back=held_back(recipe))
    assert (done.steps, done.rates, done.held_back) == (whole.steps, whole.rates, whole.held_back)
    assert same_state(state_of(resumed.learner), state_of(undisturbed.learner))


def test_a_held_back_picture_has_the_same_jpeg_at_every_look():
    objective = RestorePixels(thin_corrector(awake=True))
    kept = held_back(STOPPED, 5)
    first = kept.losses(objective, None)
    torch.manual_seed(99)
    assert kept.losses(objective, None) == first == held_back(STOPPED, 5).losses(objective, None)
    assert len(set(first)) == 5


def test_looks_cost_a_bounded_share_of_a_training():
    rule = StopRule()
    assert rule.every(1000, 8, 64) == 50
    assert rule.every(60, 8, 64) == 24  # 192 pictures are learned from for 64 that are looked at
    assert rule.looks(60, 8, 64) == 4
