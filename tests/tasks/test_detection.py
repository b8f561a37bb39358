"""What detection asks, stores and learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from detected_scenes import objects, scenes
from torch import nn

from jpegproof.exceptions import ModelError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.detection import MOST, Detection
from jpegproof.tasks.detection_columns import detections_of, objects_of
from jpegproof.tasks.find import same_targets
from jpegproof.tasks.geometry import Geometry
from jpegproof.tasks.masks import decode_mask
from jpegproof.tasks.objects import Detections, Objects

BOXES, MASKS = Detection(), Detection(masks=True)
CPU = torch.device("cpu")
#: A picture of 40 x 60 that was shrunk to half and moved 4 to the right and 2 down.
SHRUNK = Batch((torch.zeros(3, 24, 34),), (Geometry((40, 60), (0.5, 0.5), (2.0, 4.0)),), ("a",))


class Saying(nn.Module):
    """Answers every picture with the same dictionary; its losses are what it was asked to learn."""

    def __init__(self, **answer: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.norm = nn.BatchNorm2d(3)
        self.answer: Any = answer
        self.asked: Any = None

    def forward(self, images: list[torch.Tensor]) -> Any:
        return [self.answer for _ in images]

    def losses(self, images: Any, targets: Any) -> dict[str, torch.Tensor]:
        self.asked = targets
        return {"classes": self.weight * 2, "boxes": self.weight * 3}


def said(count: int = 3, **changes: torch.Tensor) -> dict[str, torch.Tensor]:
    boxes = torch.tensor([[4.0, 2.0, 14.0, 12.0]]).repeat(count, 1)
    return {"boxes": boxes, "labels": torch.arange(count), "scores": torch.linspace(0.1, 0.9, count), **changes}


def stored(task: Detection, answers: list[Detections], truth: list[Objects | None]) -> pa.Table:
    columns = {**task.record(answers, truth, answers)[0], **task.keep(answers, truth)}
    fields = [*task.schema, *task.reference_schema]
    return pa.table({field.name: pa.array(columns[field.name], type=field.type) for field in fields})


def test_boxes_come_back_to_the_stored_picture_best_first():
    [answer] = BOXES.answer(Saying(**said()), SHRUNK)
    assert answer.size == (40, 60)
    assert answer.boxes.tolist() == [[0, 0, 20, 20]] * 3
    assert answer.labels.tolist() == [2, 1, 0]
    assert answer.scores.tolist() == pytest.approx([0.9, 0.5, 0.1])
    assert answer.masks is None


def test_no_more_than_the_best_hundred_are_kept_and_equal_scores_keep_their_order():
    many = said(130, scores=torch.cat([torch.full((30,), 0.2), torch.full((100,), 0.7)]))
    [answer] = BOXES.answer(Saying(**many), SHRUNK)
    assert len(answer) == MOST
    assert answer.labels.tolist() == list(range(30, 130))


def test_masks_come_back_to_the_stored_picture():
    drawn = torch.zeros(1, 1, 24, 34)
    drawn[0, 0, 2:12, 4:14] = 1.0
    [answer] = MASKS.answer(Saying(**said(1, masks=drawn)), SHRUNK)
    assert answer.masks is not None
    mask = decode_mask(answer.masks[0], (40, 60))
    assert mask[:20, :20].all()
    assert mask.sum() == 400


def test_masks_of_an_input_that_is_the_stored_picture_are_taken_as_they_are():
    drawn = torch.rand(2, 1, 9, 11, generator=torch.Generator().manual_seed(0))
    [answer] = MASKS.answer(Saying(**said(2, masks=drawn)), Batch.of(torch.zeros(1, 3, 9, 11)))
    assert answer.masks is not None
    for mask, given in zip(answer.masks, drawn.flip(0), strict=True):  # the second is the better one
        assert np.array_equal(decode_mask(mask, (9, 11)), given[0].numpy() >= 0.5)


@pytest.mark.parametrize(
    ("task", "answer", "message"),
    [
        (BOXES, {"boxes": torch.zeros(1, 4)}, "labels, scores"),
        (MASKS, said(1), "gave no masks"),
        (BOXES, said(1, boxes=torch.zeros(1, 5)), r"boxes \(N, 4\)"),
        (BOXES, said(2, scores=torch.ones(1)), r"got \(2, 4\)"),
        (MASKS, said(1, masks=torch.zeros(1, 1, 5, 5)), r"its input's size \(24, 34\)"),
    ],
)
def test_an_answer_of_another_form_is_refused(task: Detection, answer: dict[str, torch.Tensor], message: str):
    with pytest.raises(ModelError, match=message):
        task.answer(Saying(**answer), SHRUNK)


def test_a_network_that_does_not_answer_each_picture_is_refused():
    network = Saying()
    network.forward = lambda images: []
    with pytest.raises(ModelError, match="a list of 1 dictionaries"):
        BOXES.answer(network, SHRUNK)


@pytest.mark.parametrize("masks", [False, True])
def test_what_is_stored_reads_back_the_same(masks: bool):
    task = MASKS if masks else BOXES
    truths, answers = scenes(3, pictures=12, masks=masks)
    table = stored(task, answers, [None, *truths[1:]])
    for back, answer in zip(detections_of(table), answers, strict=True):
        assert back is not None
        assert back.size == answer.size
        assert back.masks == answer.masks
        assert np.array_equal(back.boxes, answer.boxes)
        assert np.array_equal(back.labels, answer.labels)
        assert np.array_equal(back.scores, answer.scores)
    assert objects_of(table)[0] is None
    for back, truth in zip(objects_of(table)[1:], truths[1:], strict=True):
        assert back is not None
        assert back.masks == truth.masks
        assert np.array_equal(back.boxes, truth.boxes)
        assert np.array_equal(back.labels, truth.labels)
        assert np.array_equal(back.crowd, truth.crowd)
        assert np.array_equal(back.areas, truth.areas)
    assert len(task.restore(table, CPU)) == 12


def test_a_picture_that_was_skipped_has_no_detections():
    _, answers = scenes(3, pictures=2)
    table = stored(BOXES, answers, [None, None])
    gone = pa.table(
        {name: pa.array([None, *table[name].to_pylist()[1:]], table[name].type) for name in table.schema.names}
    )
    assert detections_of(gone)[0] is None
    assert detections_of(gone)[1] is not None


def test_an_answer_that_is_not_finite_cannot_be_used():
    [answer] = BOXES.answer(Saying(**said(2, scores=torch.tensor([0.5, float("nan")]))), SHRUNK)
    assert BOXES.record([answer], [None], [answer])[1] == ["the model's answer is not finite"]


def test_labels_must_be_the_data_sets_categories():
    answers = BOXES.answer(Saying(**said(3)), SHRUNK)
    BOXES.check(answers, None)
    BOXES.check(answers, {0: "a", 1: "b", 2: "c", 7: "d"})
    with pytest.raises(ModelError, match="category 0, which the data set does not know"):
        BOXES.check(answers, {1: "a", 2: "b", 3: "c"})


def test_the_truth_is_learned_in_the_inputs_pixels_and_crowds_are_left_out():
    truth = Objects(
        (40, 60),
        np.array([[0.0, 0, 20, 20], [10, 10, 30, 30], [5, 5, 5, 9]]),
        np.array([3, 4, 5]),
        np.array([False, True, False]),
        np.array([400.0, 400, 0]),
    )
    network = Saying()
    loss = BOXES.supervised_loss(network, SHRUNK, [truth])
    assert float(loss.detach()) == 5
    assert network.asked[0]["boxes"].tolist() == [[4, 2, 14, 12]]
    assert network.asked[0]["labels"].tolist() == [3]
    loss.backward()
    assert network.weight.grad is not None


def test_masks_are_learned_at_the_inputs_size():
    truth = objects([[8, 8, 72, 72]], [1], masks=True)
    network = Saying()
    half = Batch((torch.zeros(3, 48, 64),), (Geometry((96, 128), (0.5, 0.5), (0.0, 0.0)),), (None,))
    MASKS.supervised_loss(network, half, [truth])
    mask = network.asked[0]["masks"]
    assert mask.shape == (1, 48, 64)
    assert mask.dtype == torch.uint8
    assert truth.masks is not None
    assert int(mask.sum()) == pytest.approx(decode_mask(truth.masks[0], truth.size).sum() / 4, rel=0.05)


def test_learning_needs_the_truth_and_its_masks():
    with pytest.raises(ModelError, match="the boxes of each picture"):
        BOXES.supervised_loss(Saying(), SHRUNK, [None])
    with pytest.raises(ModelError, match="boxes alone"):
        MASKS.supervised_loss(Saying(), Batch.of(torch.zeros(1, 3, 96, 128)), [objects([[8, 8, 72, 72]], [1])])


def test_batch_norm_keeps_its_statistics_while_a_detector_learns():
    network = Saying()
    network.eval()
    BOXES.learning(network)
    assert network.training
    assert not network.norm.training


def test_a_data_set_of_objects_serves_both_tasks_and_no_classifier():
    assert same_targets("detection", "instance_segmentation")
    assert not same_targets("detection", "classification")
    assert not same_targets("", "")
