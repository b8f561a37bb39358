"""How far two dense answers of a detector lie apart."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.tasks.dense_distance import Weighting, dense_distance
from jpegproof.tasks.detector import Dense

WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)


def dense(seed: int = 0, belief: Tensor | None = None, **more: Tensor) -> Dense:
    random = torch.Generator().manual_seed(seed)
    logits, offsets = torch.randn(6, 3, generator=random), torch.randn(6, 4, generator=random)
    beliefs = {} if belief is None else {"logits": belief[:, None], "offsets": belief[:, None]}
    return Dense({"logits": logits, "offsets": offsets, **more}, None, beliefs)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_an_answer_has_no_distance_to_itself_and_some_to_another(weighting: Weighting):
    belief = torch.rand(6)
    assert float(dense_distance(dense(0, belief), dense(0, belief), weighting)) == 0
    assert float(dense_distance(dense(1, belief), dense(0, belief), weighting)) > 0.1


def test_even_is_the_mean_over_the_tensors_of_their_mean_absolute_differences():
    first, second = dense(1), dense(0)
    parts = [float((first.tensors[key] - second.tensors[key]).abs().mean()) for key in first.tensors]
    assert float(dense_distance(first, second, "even")) == pytest.approx(sum(parts) / 2)


@pytest.mark.parametrize("weighting", ["spread", "belief"])
def test_a_tensors_unit_does_not_matter(weighting: Weighting):
    belief = torch.rand(6)
    first, second = dense(1, belief), dense(0, belief)
    scaled = [
        Dense({**one.tensors, "offsets": 1000 * one.tensors["offsets"]}, None, one.belief) for one in (first, second)
    ]
    found, wanted = dense_distance(scaled[0], scaled[1], weighting), dense_distance(first, second, weighting)
    assert torch.allclose(found, wanted)


def test_belief_weighs_places():
    certain = torch.tensor([1.0, 0, 0, 0, 0, 0])
    original = dense(0, certain)

    def distance(place: int, **options: Any) -> float:
        moved = {name: tensor.clone() for name, tensor in original.tensors.items()}
        for tensor in moved.values():
            tensor[place] += 1
        return float(dense_distance(Dense(moved), original, **options))

    assert distance(0) == pytest.approx(101 * distance(1), rel=1e-4)
    assert distance(0, floor=0.5) == pytest.approx(3 * distance(1, floor=0.5), rel=1e-4)
    assert distance(1) > 0


def test_the_belief_of_the_original_counts_and_not_that_of_the_answer():
    belief, other = torch.rand(6), torch.rand(6)
    assert dense_distance(dense(1, other), dense(0, belief)) == dense_distance(dense(1), dense(0, belief))


def test_a_tensor_without_belief_counts_the_same_everywhere():
    assert dense_distance(dense(1), dense(0), "belief") == dense_distance(dense(1), dense(0), "spread")


def test_an_empty_tensor_and_one_of_a_single_value_do_no_harm():
    wanted = float(dense_distance(dense(1), dense(0)))
    empty = {"masks": torch.zeros(0, 2, 2)}
    assert float(dense_distance(dense(1, **empty), dense(0, **empty))) == pytest.approx(wanted)
    flat = float(dense_distance(dense(1, flat=torch.full((3,), 2.0)), dense(0, flat=torch.ones(3))))
    assert flat == pytest.approx((2 * wanted + 1) / 3)
    assert float(dense_distance(Dense(empty), Dense(empty))) == 0


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_gradients_reach_the_answer_and_not_the_original(weighting: Weighting):
    answer, original = dense(1, torch.rand(6)), dense(0, torch.rand(6))
    for one in (answer, original):
        for tensor in one.tensors.values():
            tensor.requires_grad_()
    dense_distance(answer, original, weighting).backward()
    assert all(tensor.grad is not None and (tensor.grad != 0).all() for tensor in answer.tensors.values())
    assert all(tensor.grad is None for tensor in original.tensors.values())


def test_answers_that_hold_different_things_are_refused_with_the_difference():
    with pytest.raises(ModelError, match=r"logits is \(5, 3\) on the one and \(6, 3\) on the other"):
        dense_distance(dense(0, logits=torch.zeros(5, 3)), dense(0))
    with pytest.raises(ModelError, match=r"masks is absent on the one and \(1,\) on the other"):
        dense_distance(dense(0), dense(0, masks=torch.zeros(1)))
