"""A batch that is computed in parts is the same batch; where memory runs out the parts are halved and it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from small_training import RECIPE, examples, same_state, state_of, thin_corrector, tiny_model
from test_loop import StopAt, always_a_minute_later

from jpegproof.exceptions import ModelError
from jpegproof.training.examples import Example
from jpegproof.training.fine_tune import FineTune
from jpegproof.training.loop import train
from jpegproof.training.match_model import TargetCorrector
from jpegproof.training.objective import Objective
from jpegproof.training.restore_pixels import RestorePixels
from jpegproof.training.sharing import Sharing

SEVEN = replace(RECIPE, batch=7)


class Crowded(RestorePixels):
    """Has room for so many pictures at a time."""

    def __init__(self, room: int, error: Exception) -> None:
        super().__init__(thin_corrector())
        self._room, self._error = room, error
        self.sizes: list[int] = []

    def loss(self, examples: Sequence[Example]) -> torch.Tensor:
        if len(examples) > self._room:
            raise self._error
        self.sizes.append(len(examples))
        return super().loss(examples)


def close(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    states = state_of(first), state_of(second)
    return all(torch.allclose(states[0][name], states[1][name], rtol=1e-4, atol=1e-5) for name in states[0])


@pytest.mark.parametrize("accumulate", [2, 3, 7])
@pytest.mark.parametrize("kind", ["corrector", "targeted"])
def test_a_batch_in_parts_teaches_what_it_teaches_whole(kind, accumulate):
    def objective() -> Objective:
        restoring = RestorePixels(thin_corrector())
        return restoring if kind == "corrector" else TargetCorrector(thin_corrector(), tiny_model())

    whole, parts = objective(), objective()
    first = train(whole, examples(SEVEN), SEVEN)
    second = train(parts, examples(SEVEN), SEVEN, sharing=Sharing(accumulate=accumulate))
    assert close(whole.learner, parts.learner)
    assert not close(whole.learner, objective().learner)
    assert [loss for _, loss in second.losses] == pytest.approx([loss for _, loss in first.losses], rel=1e-4)
    assert (first.accumulate, second.accumulate, second.notes) == (1, accumulate, [])


def test_where_batch_norm_learns_it_is_said_that_parts_are_no_whole():
    done = train(FineTune(tiny_model()), examples(SEVEN), SEVEN, sharing=Sharing(accumulate=3))
    assert "about 2 pictures at a time instead of the batch's 7" in done.notes[0]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
)
def test_where_memory_runs_out_the_parts_are_halved_until_they_fit(error):
    crowded, roomy = Crowded(2, error), RestorePixels(thin_corrector())
    done = train(crowded, examples(SEVEN), SEVEN)
    train(roomy, examples(SEVEN), SEVEN)
    assert done.accumulate == 4
    assert ["accumulate 2" in done.notes[0], "accumulate 4" in done.notes[1], len(done.notes)] == [True, True, 2]
    assert done.skipped_steps == 0
    # All but the first step's start: what was begun with parts too large counts for nothing.
    assert crowded.sizes[-4:] == [1, 2, 2, 2]
    assert close(crowded.learner, roomy.learner)


def test_memory_too_small_for_one_picture_is_a_clear_error():
    with pytest.raises(ModelError, match="ran out at step 1 with one picture at a time"):
        train(Crowded(0, MemoryError()), examples(SEVEN), SEVEN)


def test_another_error_is_not_taken_for_too_little_memory():
    with pytest.raises(ModelError, match="RuntimeError: shapes do not fit"):
        train(Crowded(2, RuntimeError("shapes do not fit")), examples(SEVEN), SEVEN)


def test_a_training_that_ran_out_of_memory_goes_on_as_it_was(tmp_path):
    undisturbed, resumed, file = Crowded(2, MemoryError()), Crowded(2, MemoryError()), tmp_path / "c.pt"
    train(undisturbed, examples(SEVEN), SEVEN)
    with pytest.raises(KeyboardInterrupt):
        train(Crowded(2, MemoryError()), examples(SEVEN), SEVEN, file, StopAt(2), always_a_minute_later())
    done = train(resumed, examples(SEVEN), SEVEN, file)
    assert (done.accumulate, len(done.notes)) == (4, 2)
    assert len(resumed.sizes) == 2 * 4  # nothing is tried that did not fit before
    assert same_state(state_of(undisturbed.learner), state_of(resumed.learner))
