"""What classification asks, stores and compares."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from jpegproof.exceptions import ModelError, UnknownNameError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.classification import Classification
from jpegproof.tasks.find import TASKS, find_task

TASK = Classification()
PICTURES = Batch.of(torch.zeros(2, 3, 4, 4))


class Answering(nn.Module):
    """Answers every batch with the same thing."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, pictures: torch.Tensor) -> Any:
        del pictures
        return self.answer


def logits(rows: int, classes: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, classes, generator=torch.Generator().manual_seed(seed))


def stored(answer: torch.Tensor, targets: list[int | None], reference: torch.Tensor | None = None) -> pa.Table:
    columns, _ = TASK.record(answer, targets, answer if reference is None else reference)
    return pa.table({name: pa.array(columns[name], type=TASK.schema.field(name).type) for name in columns})


@pytest.mark.parametrize("name", TASKS)
def test_a_task_goes_by_the_name_it_is_found_under(name: str):
    assert find_task(name).name == name


def test_a_mistyped_task_is_answered_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"'clasification' is not known. Did you mean 'classification'"):
        find_task("clasification")


def test_logits_are_taken_as_they_are_or_from_an_object_that_holds_them():
    given_logits = logits(2, 7)
    for answer in (given_logits, SimpleNamespace(logits=given_logits)):
        assert torch.equal(TASK.observe(Answering(answer), PICTURES), given_logits)


def test_half_precision_is_observed_in_full():
    assert TASK.observe(Answering(logits(2, 7).bfloat16()), PICTURES).dtype == torch.float32


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (torch.zeros(2), r"shape \(2,\)"),
        (torch.zeros(2, 5, 1, 1), r"shape \(2, 5, 1, 1\)"),
        (torch.zeros(3, 5), r"shape \(3, 5\)"),
        (torch.tensor(1.0), r"shape \(\)"),
        ({"logits": torch.zeros(2, 5)}, "dict"),
        ((torch.zeros(2, 5), torch.zeros(2, 5)), "tuple"),
        (None, "NoneType"),
    ],
)
def test_an_answer_that_is_not_one_row_a_picture_is_refused(answer: Any, got: str):
    with pytest.raises(ModelError, match=rf"logits of shape \(2, classes\); this one answered with {got}"):
        TASK.observe(Answering(answer), PICTURES)


def test_the_stored_columns_are_the_schemas_and_hold_what_they_say():
    answer, reference = logits(3, 9), logits(3, 9, seed=1)
    table = stored(answer, [4, 0, 8], reference)
    assert table.schema == TASK.schema
    for row, label in enumerate([4, 0, 8]):
        ranked = sorted(range(9), key=lambda number, row=row: -float(answer[row, number]))
        assert table["top"][row].as_py() == ranked[:5]
        likelihood = np.exp(answer[row].double().numpy())
        assert table["label"][row].as_py() == label
        assert table["label_log_probability"][row].as_py() == pytest.approx(
            np.log(likelihood[label] / likelihood.sum()), abs=1e-6
        )
        difference = [abs(float(a) - float(b)) for a, b in zip(answer[row], reference[row], strict=True)]
        assert table["distance"][row].as_py() == pytest.approx(sum(difference) / 9, rel=1e-6)


@pytest.mark.parametrize("classes", [1, 2, 4, 5, 6])
def test_a_model_of_few_classes_has_as_many_best_ones(classes: int):
    table = stored(logits(2, classes), [0, 0])
    assert [sorted(top) for top in table["top"].to_pylist()] == (
        [list(range(classes))] * 2 if classes <= 5 else [sorted(logits(2, 6)[row].topk(5).indices) for row in range(2)]
    )


@given(st.lists(st.integers(0, 2), min_size=2, max_size=40))
def test_equal_scores_come_in_class_order(scores: list[int]):
    (top,) = stored(torch.tensor([scores], dtype=torch.float32), [None])["top"].to_pylist()
    assert top == sorted(range(len(scores)), key=lambda number: (-scores[number], number))[:5]


def test_without_labels_there_is_no_label_nor_its_probability():
    table = stored(logits(2, 6), [None, 3])
    assert table["label"].to_pylist() == [None, 3]
    assert table["label_log_probability"][0].as_py() is None
    assert table["label_log_probability"][1].as_py() < 0
    assert table["distance"].null_count == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_an_answer_that_is_not_finite_is_a_recorded_reason(value: float):
    answer = logits(3, 6)
    answer[1, 2] = value
    _, faults = TASK.record(answer, [0, 1, 2], logits(3, 6, seed=1))
    assert faults == [None, "the model's answer is not finite", None]


def test_what_is_kept_comes_back_bit_by_bit_in_any_order():
    answer = logits(4, 6)
    kept = TASK.keep(answer, [None] * len(answer))
    assert list(kept) == TASK.reference_schema.names
    table = pa.table({"logits": pa.array(kept["logits"], type=TASK.reference_schema.field("logits").type)})
    assert torch.equal(TASK.restore(table, torch.device("cpu")), answer)
    assert torch.equal(TASK.restore(table.take([2, 0]), torch.device("cpu")), answer[[2, 0]])
    assert torch.equal(TASK.restore(table.slice(1, 2), torch.device("cpu")), answer[1:3])
    chunks = pa.concat_tables([table.slice(0, 3), table.slice(3)])
    assert torch.equal(TASK.restore(chunks, torch.device("cpu")), answer)


def test_what_is_restored_can_be_written_to():
    table = pa.table({"logits": pa.array(TASK.keep(logits(2, 6), [None, None])["logits"])})
    TASK.restore(table, torch.device("cpu")).zero_()
    assert table["logits"][0].as_py() == pytest.approx(logits(2, 6)[0].tolist())


def test_a_distance_is_zero_to_itself_symmetric_and_differentiable():
    first, second = logits(3, 6).requires_grad_(), logits(3, 6, seed=1)
    assert TASK.distance(first, first).tolist() == [0, 0, 0]
    assert torch.equal(TASK.distance(first, second), TASK.distance(second, first))
    TASK.distance(first, second).sum().backward()
    assert first.grad is not None
    assert torch.allclose(first.grad.abs(), torch.full((3, 6), 1 / 6))


def test_answers_are_joined_in_order_and_selected_by_row():
    answer = logits(5, 3)
    assert torch.equal(TASK.join([answer[:2], answer[2:]]), answer)
    assert torch.equal(TASK.select(answer, [4, 0]), answer[[4, 0]])
    assert TASK.select(answer, []).shape == (0, 3)


def test_a_model_of_as_many_classes_as_the_data_set_passes_and_so_does_any_without_labels():
    TASK.check(logits(2, 3), ["a", "b", "c"])
    TASK.check(logits(2, 3), None)


@pytest.mark.parametrize("classes", [2, 4])
def test_another_number_of_classes_is_answered_with_the_mends(classes: int):
    with pytest.raises(ModelError, match=f"has 3 classes but the model answers with {classes}") as caught:
        TASK.check(logits(1, classes), ["a", "b", "c"])
    assert "--layout folder" in str(caught.value)
    assert "classes: FILE" in str(caught.value)


def test_the_supervised_loss_is_the_mean_cross_entropy():
    answer = logits(3, 5).requires_grad_()
    loss = TASK.supervised_loss(Answering(answer), Batch.of(torch.zeros(3, 3, 4, 4)), [0, 4, 2])
    expected = -torch.log_softmax(answer, 1)[torch.arange(3), [0, 4, 2]].mean()
    assert torch.allclose(loss, expected)
    loss.backward()
    assert answer.grad is not None


@pytest.mark.parametrize("targets", [[0, None], [0, 5], [-1, 0]])
def test_the_supervised_loss_needs_labels_that_the_model_knows(targets: list[int | None]):
    with pytest.raises(ModelError, match="from 0 to 4"):
        TASK.supervised_loss(Answering(logits(2, 5)), PICTURES, targets)


def test_one_logit_is_no_classifier():
    with pytest.raises(ModelError, match="logits of shape"):
        TASK.observe(Answering(torch.zeros(2, 1)), PICTURES)


def test_pictures_of_different_sizes_are_answered_each_for_itself_in_their_order():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 5)
    ).eval()
    pictures = [torch.rand(3, *size) for size in ((8, 8), (9, 8), (8, 8), (12, 5), (9, 8))]
    together = Classification().observe(network, Batch.of(pictures))
    alone = [Classification().observe(network, Batch.of([picture])) for picture in pictures]
    assert torch.allclose(together, torch.cat(alone), atol=1e-6)
