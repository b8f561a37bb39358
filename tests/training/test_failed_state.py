"""A training that is lost leaves what one needs to see why."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_training import RECIPE, examples, same_state, state_of, thin_corrector
from test_loop import StopAt, always_a_minute_later

from jpegproof.exceptions import ModelError
from jpegproof.training.examples import Example
from jpegproof.training.loop import MOST_BAD_LOSSES, train
from jpegproof.training.restore_pixels import RestorePixels

LONG = replace(RECIPE, steps=30, batch=3)


class Breaking(RestorePixels):
    """Its loss is no number from some step on."""

    def __init__(self, good: int) -> None:
        super().__init__(thin_corrector())
        self._good = good
        self.batches: list[list[Example]] = []

    def loss(self, examples):
        self.batches.append(list(examples))
        loss = super().loss(examples)
        return loss if len(self.batches) <= self._good else loss * float("inf")


def test_the_state_holds_the_weights_of_the_last_sound_step_and_the_pictures_of_the_one_that_failed(tmp_path):
    breaking, sound = Breaking(4), RestorePixels(thin_corrector())
    with pytest.raises(ModelError, match=r"c\.failed\.pt; docs/fit\.md") as caught:
        train(breaking, examples(LONG), LONG, tmp_path / "c.pt")
    assert f"for {MOST_BAD_LOSSES} steps (at step {4 + MOST_BAD_LOSSES})" in str(caught.value)
    state = torch.load(tmp_path / "c.failed.pt", weights_only=True)
    with pytest.raises(KeyboardInterrupt):
        train(sound, examples(LONG), LONG, watcher=StopAt(4))
    assert same_state(state["learner"], state_of(sound.learner))
    assert (state["step"], state["seed"], len(state["losses"])) == (4 + MOST_BAD_LOSSES - 1, LONG.seed, 13)
    assert not state["loss"] < float("inf")
    assert state["learning_rate"] == LONG.rate(state["step"])
    # What it says of the pictures is what was learned from.
    for said, example in zip(state["pictures"], breaking.batches[-1], strict=True):
        assert said["quality"] == example.jpeg.header.quality.quality
        assert said["subsampling"] == example.jpeg.header.subsampling
        assert example.name in (said["picture"], None)
        assert said["mirrored"] == (example.name is None)
    fresh = torch.optim.AdamW(thin_corrector().network.parameters())
    fresh.load_state_dict(state["optimiser"])
    assert fresh.state


def test_the_checkpoint_is_kept_beside_it(tmp_path):
    with pytest.raises(ModelError):
        train(Breaking(4), examples(LONG), LONG, tmp_path / "c.pt", clock=always_a_minute_later())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.failed.pt", "c.pt"]


def test_that_it_cannot_be_kept_hides_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"not been finite.*could not be kept: .*cannot be written"):
        train(Breaking(0), examples(LONG), LONG, tmp_path / "file" / "c.pt")
    with pytest.raises(ModelError, match=r"or precision float32$"):
        train(Breaking(0), examples(LONG), LONG)
