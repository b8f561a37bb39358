"""Processes that train together: the training of one, to the order in which floats are added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_training import RECIPE, examples, pictures, same_state, state_of, thin_corrector, tiny_model
from test_loop import StopAt, always_a_minute_later
from together import together

import jpegproof.training.ranks as ranks_room
from jpegproof.studies.engine import Hands
from jpegproof.studies.launch import Launch
from jpegproof.training.examples import Example, Examples
from jpegproof.training.fine_tune import FineTune
from jpegproof.training.held_back import HeldBack
from jpegproof.training.loop import MOST_BAD_LOSSES, train
from jpegproof.training.match_model import TargetCorrector
from jpegproof.training.ranks import Ranks
from jpegproof.training.recipe import Recipe
from jpegproof.training.sharing import WHOLE, Sharing
from jpegproof.training.stopping import StopRule

pytestmark = pytest.mark.slow  # two processes import torch

#: Five pictures a step cannot be shared out evenly, nor can the seven that are held back.
SHARED = replace(RECIPE, steps=6, batch=5, learning_rate=1e-2, stop=StopRule(patience=2))


def held_back(recipe: Recipe = SHARED) -> HeldBack:
    return HeldBack([(pictures(12), range(5, 12))], recipe)


def targeted() -> TargetCorrector:
    """A corrector that learns through a frozen model."""
    return TargetCorrector(thin_corrector(), tiny_model())


def told(objective: Any, **options: Any) -> dict[str, Any]:
    """A training, as plain data."""
    recipe = options.pop("recipe", SHARED)
    done = train(objective, examples(recipe), recipe, held_back=held_back(recipe), **options)
    return {"state": state_of(objective.learner), **asdict(done)}


class Seen(Examples):
    """Examples that remember what was asked for."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.seen: list[tuple[int, bytes, bytes]] = []

    def batch(self, step: int, first: int = 0, last: int | None = None) -> list[Example]:
        found = super().batch(step, first, last)
        self.seen += [(step, one.original.tobytes(), one.jpeg.pixels.tobytes()) for one in found]
        return found


class Troubled(TargetCorrector):
    """Goes wrong in one process alone: at a step of its own, or always."""

    def __init__(self, trouble: str, here: bool, at: int | None = 2) -> None:
        super().__init__(thin_corrector(), tiny_model())
        self._trouble, self._here, self._at = trouble, here, at
        self._asked = 0

    def loss(self, examples: Sequence[Example]) -> torch.Tensor:
        self._asked += torch.is_grad_enabled()
        now = self._here and torch.is_grad_enabled() and self._at in (None, self._asked)
        if now and self._trouble == "memory":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if now and self._trouble == "failure":
            raise RuntimeError("made to fail")
        loss = super().loss(examples)
        return loss * float("nan") if now and self._trouble == "nan" else loss


def plain(ranks: Ranks, folder: Path) -> Any:
    return told(targeted(), sharing=Sharing(ranks))


def seen(ranks: Ranks, folder: Path) -> Any:
    recipe = replace(SHARED, stop=None)
    supply = Seen([(pictures(), range(5))], recipe)
    train(targeted(), supply, recipe, sharing=Sharing(ranks))
    return supply.seen


def resumed(ranks: Ranks, folder: Path) -> Any:
    options: dict[str, Any] = {"checkpoint": folder / f"{ranks.rank}" / "c.pt", "sharing": Sharing(ranks)}
    try:
        told(targeted(), watcher=StopAt(3), clock=always_a_minute_later(), **options)
    except KeyboardInterrupt:
        return {**told(targeted(), **options), "files": sorted(str(path) for path in folder.glob("?/*"))}


def normed(ranks: Ranks, folder: Path) -> Any:
    return told(FineTune(tiny_model()), recipe=replace(SHARED, stop=None), sharing=Sharing(ranks))


def not_finite_in_one(ranks: Ranks, folder: Path) -> Any:
    return told(Troubled("nan", ranks.rank == 1), sharing=Sharing(ranks))


def no_memory_in_one(ranks: Ranks, folder: Path) -> Any:
    return told(Troubled("memory", ranks.rank == 1), sharing=Sharing(ranks))


def lost(ranks: Ranks, folder: Path) -> Any:
    recipe = replace(SHARED, steps=20, stop=None)
    options: dict[str, Any] = {"checkpoint": folder / f"lost-{ranks.rank}.pt", "sharing": Sharing(ranks)}
    return told(Troubled("nan", ranks.rank == 1, at=None), recipe=recipe, **options)


def failing_in_one(ranks: Ranks, folder: Path) -> Any:
    return told(Troubled("failure", ranks.rank == 1), sharing=Sharing(ranks))


def in_many_messages(ranks: Ranks, folder: Path) -> Any:
    """Tensors of several kinds and shapes, of which no two fit into one message; and what comes of them."""
    kept, ranks_room._MOST_AT_ONCE = ranks_room._MOST_AT_ONCE, 5
    added = [
        torch.arange(6.0).reshape(2, 3) + ranks.rank,
        torch.tensor(7 + ranks.rank),
        torch.ones(2, 2),
        torch.ones(9),
    ]
    copied = [tensor.clone() for tensor in added]
    ranks.add_up(added)
    ranks.copy_first(copied)
    ranks_room._MOST_AT_ONCE = kept
    return added, copied


def named_alike(ranks: Ranks, folder: Path) -> Any:
    Launch(Hands(), Sharing(ranks)).check_same("one")
    Launch(Hands(), Sharing(ranks)).check_same(f"of {ranks.rank}")


WORKS = (
    plain,
    seen,
    resumed,
    normed,
    not_finite_in_one,
    no_memory_in_one,
    lost,
    failing_in_one,
    named_alike,
    in_many_messages,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("together")


@pytest.fixture(scope="module")
def answers(folder):
    """What two processes answered; started once, since that takes longer than all they do."""
    return together({work.__name__: work for work in WORKS}, folder)


def close(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Whether two states differ by no more than what the order of additions does."""
    return all(torch.allclose(first[name], second[name], rtol=1e-4, atol=1e-5) for name in first)


def test_two_processes_learn_what_one_does(answers):
    alone = told(targeted())
    first, second = answers["plain"]
    assert same_state(first["state"], second["state"])
    assert close(first["state"], alone["state"])
    assert alone["best_step"] > 0  # what is compared has been learned
    assert not close(state_of(targeted().learner), alone["state"])
    for what in ("losses", "held_back"):
        assert [step for step, _ in first[what]] == [step for step, _ in alone[what]]
        assert [value for _, value in first[what]] == pytest.approx([value for _, value in alone[what]], rel=1e-4)
    assert (first["best_step"], first["rates"], first["processes"]) == (alone["best_step"], alone["rates"], 2)


def test_between_them_they_see_the_pictures_of_one_each_once(answers):
    recipe = replace(SHARED, stop=None)
    alone = Seen([(pictures(), range(5))], recipe)
    train(targeted(), alone, recipe)
    shares = answers["seen"]
    assert [len(share) for share in shares] == [2 * 6, 3 * 6]
    by_step = [[one for share in shares for one in share if one[0] == step] for step in range(6)]
    assert [one for step in by_step for one in step] == alone.seen


def test_the_start_is_looked_at_without_padding_and_none_twice(answers):
    objective = targeted()
    losses = held_back().losses(objective, None)
    assert len(losses) == 7
    assert answers["plain"][0]["held_back"][0] == (0, pytest.approx(sum(losses) / 7, rel=1e-12))


def test_two_processes_that_were_stopped_end_with_the_weights_of_two_that_were_not(answers):
    whole, gone_on = answers["plain"][0], answers["resumed"]
    for done in gone_on:
        assert done["first_step"] == 3
        assert same_state(done["state"], whole["state"])
        assert [done[name] for name in ("losses", "held_back")] == [whole[name] for name in ("losses", "held_back")]
        # Process 0 alone writes, and tells the others what it finds.
        assert [Path(file).parent.name for file in done["files"]] == ["0"]


def test_what_two_processes_began_one_can_end(answers, folder):
    objective = targeted()
    done = told(objective, checkpoint=folder / "0" / "c.pt")
    assert (done["first_step"], done["processes"]) == (3, 1)
    assert close(done["state"], answers["plain"][0]["state"])


def test_processes_that_would_train_different_things_are_told_apart(answers):
    assert [answer.split(":")[1] for answer in answers["named_alike"]] == [
        " process 0 would train something else than process 1",
        " process 1 would train something else than process 0",
    ]


def test_tensors_of_every_kind_and_size_are_exchanged(answers):
    for added, copied in answers["in_many_messages"]:
        assert torch.equal(added[0], 2 * torch.arange(6.0).reshape(2, 3) + 1)
        assert [added[1].item(), added[2].sum().item(), added[3].sum().item()] == [15, 8, 18]
        assert torch.equal(copied[0], torch.arange(6.0).reshape(2, 3))
        assert copied[1].item() == 7


def test_batch_norm_is_the_same_in_all_processes_and_it_is_said_what_it_learns_from(answers):
    first, second = answers["normed"]
    assert same_state(first["state"], second["state"])
    assert any("batch norm" in note for note in first["notes"])
    # Dropout and batch norm know parts, not processes: one process that computes the same parts makes the same steps.
    parts = told(FineTune(tiny_model()), recipe=replace(SHARED, stop=None), sharing=replace(WHOLE, accumulate=2))
    weights = [name for name, _ in tiny_model().network.named_parameters()]
    assert close({name: first["state"][name] for name in weights}, {name: parts["state"][name] for name in weights})


def test_a_loss_that_is_no_number_in_one_process_skips_the_step_in_all(answers):
    first, second = answers["not_finite_in_one"]
    assert (first["skipped_steps"], second["skipped_steps"]) == (1, 1)
    assert same_state(first["state"], second["state"])


def test_memory_that_runs_out_in_one_process_halves_the_parts_of_all(answers):
    first, second = answers["no_memory_in_one"]
    assert (first["accumulate"], second["accumulate"]) == (2, 2)
    assert "memory ran out at step 2" in first["notes"][0]
    assert same_state(first["state"], second["state"])
    assert close(first["state"], answers["plain"][0]["state"])


def test_a_lost_training_leaves_one_state_to_look_at(answers, folder):
    first, second = answers["lost"]
    assert first == second
    assert f"not been finite for {MOST_BAD_LOSSES} steps" in first
    assert "lost-0.failed.pt" in first
    assert [path.name for path in folder.glob("*.failed.pt")] == ["lost-0.failed.pt"]
    state = torch.load(folder / "lost-0.failed.pt", weights_only=True)
    assert len(state["pictures"]) == 5  # of both processes


def test_a_process_that_fails_ends_the_others_with_a_clear_error(answers):
    ended, failed = answers["failing_in_one"]
    assert failed == "ModelError: training failed at step 2: RuntimeError: made to fail"
    assert ended.startswith("JpegproofError: process 0 of 2: another process of this training has ended")
