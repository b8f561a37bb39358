"""A TensorBoard log: each step has one point, however often the training was killed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_training import RECIPE, examples, pictures, thin_corrector
from test_loop import StopAt, always_a_minute_later

from jpegproof.training.held_back import HeldBack
from jpegproof.training.loop import train
from jpegproof.training.restore_pixels import RestorePixels
from jpegproof.training.stopping import StopRule
from jpegproof.training.training_log import TensorBoardLog

STOPPED = replace(RECIPE, steps=6, stop=StopRule())


def points(folder):
    """Every (name, step, value) that TensorBoard would draw."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder))
    read.Reload()
    names = read.Tags()["scalars"]
    return {name: [(event.step, event.value) for event in read.Scalars(name)] for name in names}


def learn(folder, checkpoint=None, stop=None):
    log = TensorBoardLog(folder)
    kept = HeldBack([(pictures(9), range(6, 9))], STOPPED)
    objective = RestorePixels(thin_corrector(awake=True))
    clock = always_a_minute_later() if stop is None or stop != 2 else (lambda: 0.0)
    try:
        return train(
            objective, examples(STOPPED), STOPPED, checkpoint, StopAt(stop or -1), clock, held_back=kept, log=log
        )
    finally:
        log.close()


def test_losses_rates_and_what_held_back_pictures_say_are_logged(tmp_path):
    pytest.importorskip("tensorboard")
    done = learn(tmp_path / "log")
    found = points(tmp_path / "log")
    assert [step for step, _ in found["loss"]] == [step for step, _ in done.losses]
    assert [value for _, value in found["held_back_loss"]] == pytest.approx([loss for _, loss in done.held_back])
    assert [value for _, value in found["learning_rate"]] == pytest.approx([rate for _, rate in done.rates])


def test_a_resumed_training_doubles_no_point(tmp_path):
    pytest.importorskip("tensorboard")
    learn(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "log", tmp_path / "c.pt", stop=2)  # no checkpoint was kept: all begins anew
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "log", tmp_path / "c.pt", stop=4)
    assert learn(tmp_path / "log", tmp_path / "c.pt").first_step == 4
    assert points(tmp_path / "log") == points(tmp_path / "whole")
