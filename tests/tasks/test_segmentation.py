"""What semantic segmentation asks, stores and compares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
import torch
from tiny_segmenters import Answering, Shades, shade

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.class_map import ClassMap
from jpegproof.tasks.find import find_task, same_targets
from jpegproof.tasks.geometry import Geometry
from jpegproof.tasks.label_map import ClassNumbers, LabelMap
from jpegproof.tasks.segmentation import SemanticSegmentation

TASK = SemanticSegmentation()
FIRST = torch.tensor([[0, 0, 1], [3, 2, 2]])
SECOND = torch.tensor([[1, 1], [1, 0], [3, 3]])


def labels(numbers: torch.Tensor, *voids: tuple[int, int]) -> LabelMap:
    known = numbers.numpy().astype(np.int16)
    for place in voids:
        known[place] = -1
    return LabelMap.of(known)


def stored(answer: list[ClassMap], targets: list[LabelMap | None], before: list[ClassMap] | None = None) -> pa.Table:
    columns, faults = TASK.record(answer, targets, answer if before is None else before)
    assert not any(faults)
    columns = {**columns, **TASK.keep(answer, targets)}
    schema = pa.schema([*TASK.schema, *TASK.reference_schema])
    return pa.table({field.name: pa.array(columns[field.name], type=field.type) for field in schema})


def map_of(numbers: torch.Tensor, classes: int = 4) -> ClassMap:
    return ClassMap(numbers.numpy().astype(np.int16), classes)


def test_the_task_goes_by_its_name():
    assert isinstance(find_task("semantic_segmentation"), SemanticSegmentation)
    assert same_targets("semantic_segmentation", "semantic_segmentation")
    assert not same_targets("semantic_segmentation", "detection")


def test_an_answer_is_one_map_of_the_stored_size_a_picture_whatever_the_sizes():
    found = TASK.answer(Shades(), Batch.of([shade(FIRST), shade(SECOND)]))
    assert [item.numbers.tolist() for item in found] == [FIRST.tolist(), SECOND.tolist()]
    assert [item.classes for item in found] == [4, 4]


def test_the_number_of_classes_is_asked_once_a_network():
    network, task = Shades(), SemanticSegmentation()
    for _ in range(3):
        task.answer(network, Batch.of([shade(FIRST), shade(FIRST)]))
    assert network.asked == 1
    assert task.answer(Shades(7), Batch.of([shade(FIRST)]))[0].classes == 7


@pytest.mark.parametrize(
    ("geometry", "shape"),
    [
        (Geometry((8, 8), (1.0, 1.0), (-2.0, 0.0)), (4, 8)),
        (Geometry((8, 8), (1.0, 1.0), (0.0, 0.0)), (8, 7)),
        (Geometry((8, 8), (1.0, 1.0), (0.0, 0.0)), (9, 8)),
        (Geometry((8, 8), (1.0, 1.0), (0.0, 3.0)), (8, 8)),
    ],
)
def test_a_preparation_that_crops_or_pads_is_refused(geometry: Geometry, shape: tuple[int, int]):
    batch = Batch((torch.zeros(3, *shape),), (geometry,), (None,))
    with pytest.raises(ModelError, match="crops or pads"):
        TASK.answer(Shades(), batch)
    with pytest.raises(ModelError, match="crops or pads"):
        TASK.supervised_loss(Shades(), batch, [labels(torch.zeros(8, 8).long())])


def test_a_resized_picture_is_answered_at_its_stored_size():
    batch = Batch((torch.zeros(3, 4, 6),), (Geometry((2, 3), (2.0, 2.0), (0.0, 0.0)),), (None,))
    asked: list[list[tuple[int, int]]] = []

    def maps(sizes: Sequence[tuple[int, int]]) -> object:
        asked.append(list(sizes))
        return [torch.zeros(2, 3).long()]

    TASK.answer(Answering(maps), batch)
    assert asked == [[(2, 3)]]


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        (lambda sizes: torch.zeros(2, 3), "list of 1 maps"),
        (lambda sizes: [], "list of 1 maps"),
        (lambda sizes: [torch.zeros(3, 2).long()], r"size asked for, \(2, 3\)"),
        (lambda sizes: [torch.zeros(2, 3)], "whole-numbered"),
        (lambda sizes: [torch.full((2, 3), 4)], "holds class 4"),
        (lambda sizes: [torch.full((2, 3), -1)], "holds class -1"),
        (lambda sizes: ["a map"], "got str"),
    ],
)
def test_an_answer_that_is_no_map_of_known_classes_is_refused(maps, message: str):
    with pytest.raises(ModelError, match=message):
        TASK.answer(Answering(maps), Batch.of([torch.zeros(3, 2, 3)]))


def test_the_distance_is_the_mean_absolute_difference_of_logits_by_picture():
    first = [torch.zeros(2, 1, 2), torch.zeros(2, 3, 3)]
    second = [torch.tensor([[[1.0, -3.0]], [[0.0, 0.0]]]), torch.full((2, 3, 3), 0.5)]
    assert TASK.distance(first, second).tolist() == [1.0, 0.5]


def test_logits_carry_gradients_and_are_float32():
    picture = shade(FIRST).clone().requires_grad_(True)
    observed = TASK.observe(Shades().double(), Batch.of([picture.double()]))
    assert observed[0].dtype == torch.float32
    TASK.distance(observed, [torch.zeros_like(observed[0])]).sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0


def test_a_network_without_maps_of_logits_is_told_what_is_wanted():
    class Flat(torch.nn.Module):
        def logits(self, images: Sequence[torch.Tensor]) -> torch.Tensor:
            return torch.zeros(len(images), 4)

    with pytest.raises(ModelError, match=r"\(classes, height, width\)"):
        TASK.observe(Flat(), Batch.of([shade(FIRST)]))


def test_the_loss_is_the_sum_of_the_networks_own_against_the_stored_map():
    network = Shades()
    batch, target = Batch.of([shade(FIRST)]), labels(FIRST, (0, 0))
    wanted = torch.from_numpy(target.read().astype(np.int64))
    pixels = torch.nn.functional.cross_entropy(network.logits([shade(FIRST)])[0][None], wanted[None], ignore_index=-1)
    assert TASK.supervised_loss(network, batch, [target]).item() == pytest.approx(1.5 * pixels.item())
    with pytest.raises(ModelError, match="needs the label map"):
        TASK.supervised_loss(network, batch, [None])


def test_learning_leaves_batch_norm_as_it_is():
    network = Shades()
    TASK.learning(network)
    assert network.training
    assert not network.norm.training


def test_counts_are_stored_for_the_classes_that_occur():
    table = stored([map_of(FIRST)], [labels(FIRST, (0, 0), (1, 0))], [map_of(torch.tensor([[0, 0, 1], [1, 2, 2]]))])
    [row] = table.select(TASK.schema.names).to_pylist()
    assert row == {
        "classes": 4,
        "present": [0, 1, 2, 3],
        "intersection": [1, 1, 2, 0],
        "predicted": [1, 1, 2, 0],
        "labelled": [1, 1, 2, 0],
        "own_intersection": [2, 1, 2, 0],
        "own_predicted": [2, 1, 2, 1],
        "own_labelled": [2, 2, 2, 0],
    }
    [row] = stored([map_of(SECOND)], [None]).to_pylist()
    assert (row["present"], row["intersection"], row["own_intersection"]) == ([0, 1, 3], None, [1, 3, 2])


def test_the_answers_on_the_originals_come_back():
    answers = [map_of(FIRST, 300), map_of(SECOND, 300)]
    found = TASK.restore(stored(answers, [None, None]), torch.device("cpu"))
    assert [(item.numbers.tolist(), item.classes) for item in found] == [
        (FIRST.tolist(), 300),
        (SECOND.tolist(), 300),
    ]


def test_a_label_that_does_not_fit_is_a_reason_not_to_use_the_picture():
    def damaged() -> ClassNumbers:
        raise UnusablePictureError("its label map is damaged")

    answers = [map_of(FIRST)] * 3
    columns, faults = TASK.record(answers, [labels(SECOND), labels(FIRST + 2), LabelMap("", damaged)], answers)
    assert faults == [
        "is 3 x 2 pixels, and its label map 2 x 3",
        "its label map holds class 5, and the model knows classes 0 to 3",
        "its label map is damaged",
    ]
    assert {len(values) for values in columns.values()} == {3}


def test_a_model_of_other_classes_than_the_data_set_is_refused():
    with pytest.raises(ModelError, match="has 3 classes but the model answers with 4"):
        TASK.check([map_of(FIRST)], ("sky", "road", "tree"))
    TASK.check([map_of(FIRST)], ("sky", "road", "tree", "car"))
    TASK.check([map_of(FIRST)], None)


def test_answers_are_joined_and_chosen_by_row():
    answers = TASK.join([[map_of(FIRST), map_of(SECOND)], [map_of(FIRST + 0)]])
    assert [item.numbers.shape for item in TASK.select(answers, [1, 0])] == [(3, 2), (2, 3)]
    assert len(answers) == 3
