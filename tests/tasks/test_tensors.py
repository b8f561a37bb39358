"""A task that is not known: any floating tensors, their distance, and what is stored of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from jpegproof.exceptions import ModelError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.find import find_task, same_targets
from jpegproof.tasks.tensors import KEPT_ELEMENTS, OTHERS, Tensors

TASK = Tensors()


@dataclass
class Answer:
    depth: Tensor
    rest: list[Tensor]


class Nested(nn.Module):
    """Answers with everything that an answer may be made of."""

    def forward(self, pictures: Tensor) -> Any:
        means = pictures.mean(dim=(2, 3))
        return {
            "a": Answer(pictures[:, 0], [means, means.argmax(dim=1)]),
            "b": (means.to(torch.bfloat16), "words", None),
            "about nothing": torch.ones(7),
            "shared": torch.ones(5, 3),
        }


class Flat(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.flatten(1)


def pictures(*values: float) -> Batch:
    """Pictures of 2 x 2 that hold one value plus 0 and 1 in a checkerboard."""
    board = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).expand(3, 2, 2)
    return Batch.of(torch.stack([board + value for value in values]))


def stored(batch: Batch) -> tuple[list[Any], pa.Table]:
    """The answers, and the stored columns of them as a reference."""
    answer = TASK.answer(Flat(), batch)
    targets = [None] * len(batch)
    columns = {**TASK.record(answer, targets, answer)[0], **TASK.keep(answer, targets)}
    fields = [*TASK.schema, *TASK.reference_schema]
    return answer, pa.table({item.name: pa.array(list(columns[item.name]), item.type) for item in fields})


def test_it_is_found_by_name_and_no_data_set_is_made_for_it():
    assert isinstance(find_task("tensors"), Tensors)
    assert not same_targets("tensors", "tensors")


def test_floating_tensors_of_the_picture_are_found_however_deep():
    (answer,) = TASK.observe(Nested(), Batch.of(torch.rand(1, 3, 2, 2)))
    assert {name: tuple(tensor.shape) for name, tensor in answer.items()} == {
        "a.depth": (2, 2),
        "a.rest.0": (3,),
        "b.0": (3,),
    }
    assert {tensor.dtype for tensor in answer.values()} == {torch.float32}


def test_a_picture_is_asked_about_alone_whatever_its_size():
    sizes: list[torch.Size] = []

    class Seeing(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            sizes.append(inputs.shape)
            return inputs.mean(dim=(2, 3))

    TASK.answer(Seeing(), Batch.of([torch.rand(3, 2, 4), torch.rand(3, 5, 2)]))
    assert sizes == [(1, 3, 2, 4), (1, 3, 5, 2)]


@pytest.mark.parametrize("answer", [torch.zeros(5), torch.zeros(1, 4, dtype=torch.int64), "words", []])
def test_an_answer_without_tensors_of_the_picture_is_an_error(answer: Any):
    class Strange(nn.Module):
        def forward(self, inputs: Tensor) -> Any:
            return answer

    with pytest.raises(ModelError, match="nothing that the model answers with can be compared"):
        TASK.answer(Strange(), pictures(0))


def test_the_distance_is_a_mean_difference_in_spreads_of_the_original():
    original = {"a": torch.tensor([0.0, 2.0]), "b": torch.tensor([[100.0, 300.0]]), "one": torch.tensor([7.0])}
    answer = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([[100.0, 500.0]]), "one": torch.tensor([7.5])}
    # Spreads of 1 and 100; a single number counts as it is.
    assert TASK.distance([answer], [original]).tolist() == pytest.approx([(0.5 + 1.0 + 0.5) / 3])
    assert TASK.distance([original], [original]).tolist() == [0.0]


def test_it_carries_gradients_or_says_that_it_cannot():
    inputs = torch.rand(1, 3, 2, 2, requires_grad=True)
    found = TASK.observe(Flat(), Batch.of(inputs))
    TASK.distance(found, TASK.observe(Flat(), pictures(0.3))).sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.abs().sum() > 0

    class Cut(nn.Module):
        def forward(self, given: Tensor) -> Tensor:
            return given.detach().mean(dim=(2, 3))

    with pytest.raises(ModelError, match="carries no gradient"):
        TASK.observe(Cut(), Batch.of(inputs))


def test_large_tensors_are_measured_by_elements_from_all_over_them():
    wide = torch.arange(4 * KEPT_ELEMENTS, dtype=torch.float32).reshape(1, 1, 1, -1).expand(1, 3, 1, -1)

    class First(nn.Module):
        def forward(self, given: Tensor) -> Tensor:
            return given[:, 0]

    (answer,) = TASK.answer(First(), Batch.of(wide))
    assert torch.equal(answer["answer"], torch.arange(KEPT_ELEMENTS) * 4.0)


def test_distances_to_the_original_and_between_originals_are_stored():
    answer, table = stored(pictures(0, 1, 3))
    assert table["distance"].to_pylist() == [0, 0, 0]
    # The board's spread is a half: pictures that are 1 apart are 2 spreads apart.
    assert table["apart"].to_pylist() == pytest.approx([(2 + 6) / 2, (2 + 4) / 2, (6 + 4) / 2])
    moved, faults = TASK.record(TASK.answer(Flat(), pictures(0.5, 1, 3)), [None] * 3, answer)
    assert list(moved["distance"]) == pytest.approx([1, 0, 0])
    assert faults == [None] * 3


def test_no_more_than_a_few_other_pictures_are_compared_with():
    _, table = stored(pictures(*range(OTHERS + 3)))
    assert table["apart"].to_pylist()[0] == pytest.approx(np.mean([2 * step for step in range(1, OTHERS + 1)]))


def test_a_picture_alone_has_no_other_to_be_compared_with():
    assert stored(pictures(0))[1]["apart"].to_pylist() == [None]
    mixed = Batch.of([torch.rand(3, 2, 2), torch.rand(3, 3, 3)])
    assert stored(mixed)[1]["apart"].to_pylist() == [None, None]


def test_an_answer_that_is_not_finite_is_no_answer_and_no_measure_of_others():
    answer, table = stored(pictures(0, float("nan"), 2))
    assert TASK.record(answer, [None] * 3, answer)[1] == [None, "the model's answer is not finite", None]
    assert table["apart"].to_pylist()[0] == pytest.approx(4)


def test_an_answer_of_another_form_has_no_distance():
    answer = TASK.answer(Flat(), Batch.of(torch.rand(1, 3, 2, 2)))
    other = TASK.answer(Flat(), Batch.of(torch.rand(1, 3, 3, 2)))
    assert TASK.record(other, [None], answer)[0]["distance"] == [None]
    with pytest.raises(ModelError, match="cannot be compared"):
        TASK.distance(other, answer)


def test_what_was_kept_comes_back():
    answer, table = stored(pictures(0, 1))
    again = TASK.restore(table, torch.device("cpu"))
    assert [list(found) for found in again] == [["answer"], ["answer"]]
    assert all(torch.equal(one["answer"], other["answer"]) for one, other in zip(answer, again, strict=True))
    joined = TASK.join([answer, again])
    assert TASK.select(joined, [3, 0])[0] is joined[3]


def test_it_does_not_learn_from_labels():
    with pytest.raises(ModelError, match="self_distilled and task_targeted"):
        TASK.supervised_loss(Flat(), pictures(0), [1])
