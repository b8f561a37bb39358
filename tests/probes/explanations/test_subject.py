"""What is explained of a picture, task by task."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch
from tiny_detectors import random_picture, tiny_faster_rcnn, tiny_retinanet
from tiny_segmenters import Shades, shade
from torch import nn

from jpegproof.exceptions import DataError, UnknownNameError
from jpegproof.models.model import Model, wrap
from jpegproof.models.world_classifier import world_classifier
from jpegproof.probes.explanations.detection_score import OverlapScore, PlaceScore
from jpegproof.probes.explanations.subject import class_number, find_subject
from jpegproof.probes.explanations.unexplainable import UnexplainableError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.geometry import Geometry

NAMES = {1: "cat", 2: "dog", 3: "cow"}


@pytest.fixture(autouse=True)
def without_gradients():
    """Values alone are looked at here."""
    with torch.no_grad():
        yield


def classifier() -> Model:
    torch.manual_seed(0)
    return wrap(world_classifier().eval())


def test_of_a_classifier_the_logit_of_its_own_class_is_explained_or_of_the_wanted_one():
    model, batch = classifier(), Batch.of(torch.rand(1, 3, 48, 48))
    logits = model.network(batch.stacked())[0]
    subject = find_subject(model, batch, [f"n{n}" for n in range(10)], None)
    assert subject.label == f"n{int(logits.argmax())}"
    assert torch.equal(subject.score(model.network, batch), logits.max())
    other = Batch.of(torch.rand(1, 3, 48, 48))
    assert subject.score(model.network, other) == model.network(other.stacked())[0, int(logits.argmax())]
    wanted = find_subject(model, batch, None, 4)
    assert wanted.label == "class 4"
    assert torch.equal(wanted.score(model.network, batch), logits[4])
    with pytest.raises(UnknownNameError, match="class 10 is not known to the model, which has 10: 0 to 9"):
        find_subject(model, batch, None, 10)


def test_of_a_segmenter_the_largest_class_is_explained_over_its_region_on_the_original():
    numbers = torch.tensor([[0, 1, 1, 1], [0, 1, 1, 2]])
    model, batch = wrap(Shades(), task="semantic_segmentation", trial=False), Batch.of([shade(numbers)])
    subject = find_subject(model, batch, ["sky", "road", "tree", "car"], None)
    assert subject.label == "road"
    assert subject.region is not None
    assert subject.region.tolist() == (numbers == 1).tolist()
    changed = Batch.of([shade(torch.zeros_like(numbers))])
    (logits,) = Shades().logits(list(changed.inputs))
    wanted = logits[1][numbers == 1].sum()
    torch.testing.assert_close(subject.score(model.network, changed), wanted)
    tree = find_subject(model, batch, ["sky", "road", "tree", "car"], 2)
    assert tree.region is not None
    assert tree.region.sum() == 1
    with pytest.raises(UnexplainableError, match="no pixel of car"):
        find_subject(model, batch, ["sky", "road", "tree", "car"], 3)


class Coarse(Shades):
    """Logits at half the size."""

    def logits(self, images):
        return [torch.nn.functional.avg_pool2d(one, 2) for one in super().logits(images)]


def test_a_region_counts_by_how_much_of_each_place_lies_inside():
    numbers = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    model, batch = wrap(Coarse(), task="semantic_segmentation", trial=False), Batch.of([shade(numbers)])
    (logits,) = Coarse().logits(list(batch.inputs))
    wanted = float(logits[1, 0, 0] + 0.75 * logits[1, 0, 1])
    assert float(find_subject(model, batch, None, None).score(model.network, batch)) == pytest.approx(wanted)


def batch_of(picture: torch.Tensor) -> Batch:
    """The picture at half its stored size."""
    size = (2 * picture.shape[1], 2 * picture.shape[2])
    return Batch((picture,), (Geometry(size, (0.5, 0.5), (0.0, 0.0)),), ("some",))


def test_of_a_one_stage_detector_the_place_of_its_best_box_is_explained():
    model, batch = wrap(tiny_retinanet(), task="detection"), batch_of(random_picture())
    subject = find_subject(model, batch, NAMES | {0: "none"}, None)
    (said,) = model.task.answer(model.network, batch)
    assert isinstance(subject, PlaceScore)
    assert subject.box.tolist() == said.boxes[0].tolist()
    assert subject.label == (NAMES | {0: "none"})[int(said.labels[0])]
    assert subject.column == said.labels[0]
    score = subject.score(model.network, batch)
    assert float(score.sigmoid()) == pytest.approx(float(said.scores[0]), abs=1e-6)
    other = batch_of(random_picture(seed=4))
    (dense,) = model.task.observe(model.network, other)
    assert subject.score(model.network, other) == dense.tensors["class_logits"][subject.place, subject.column]


def test_of_a_two_stage_detector_the_original_s_proposals_are_asked_about_and_never_the_background():
    model, batch = wrap(tiny_faster_rcnn(), task="detection"), batch_of(random_picture())
    subject = find_subject(model, batch, NAMES, None)
    (said,) = model.task.answer(model.network, batch)
    assert isinstance(subject, PlaceScore)
    (dense,) = model.task.observe(model.network, batch)
    probability = dense.tensors["class_logits"].softmax(dim=1)
    assert subject.column == said.labels[0] > 0
    assert float(probability[subject.place, subject.column]) == pytest.approx(float(said.scores[0]), abs=1e-5)
    other = batch_of(random_picture(seed=4))
    (shared,) = model.task.observe(model.network, other, [dense])
    wanted = shared.tensors["class_logits"][subject.place, subject.column]
    assert float(subject.score(model.network, other)) == pytest.approx(float(wanted))


class Boxes(nn.Module):
    """A detector of one's own without dense answers: two boxes, with the mean of the channels as scores."""

    def __init__(self, boxes: Any = ((0, 0, 10, 10), (20, 20, 40, 40)), labels: Any = (1, 2)) -> None:
        super().__init__()
        self.boxes, self.labels = boxes, labels
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, images):
        scores = torch.stack([self.gain * images[0][channel].mean() for channel in range(len(self.labels))])
        boxes = torch.tensor(self.boxes, dtype=torch.float32).reshape(-1, 4)
        return [{"boxes": boxes, "labels": torch.tensor(self.labels, dtype=torch.int64), "scores": scores}]


def test_of_a_detector_without_class_logits_the_overlapping_box_of_the_class_is_explained():
    picture = torch.stack([torch.full((32, 32), 0.2), torch.full((32, 32), 0.9), torch.zeros(32, 32)])
    model, batch = wrap(Boxes(), task="detection"), batch_of(picture)
    subject = find_subject(model, batch, NAMES, None)
    assert isinstance(subject, OverlapScore)
    assert (subject.label, subject.box.tolist()) == ("dog", [40, 40, 80, 80])
    assert float(subject.score(model.network, batch)) == pytest.approx(0.9)
    moved = wrap(Boxes(((0, 0, 10, 10), (20, 20, 30, 30), (21, 20, 40, 40)), (2, 2, 2)), task="detection")
    assert float(subject.score(moved.network, batch)) == pytest.approx(0.0)  # the third box
    for boxes, labels in ((((20, 20, 40, 40),), (1,)), (((30, 30, 40, 40),), (2,)), ((), ())):
        other = wrap(Boxes(boxes, labels), task="detection", trial=False)
        if labels:
            with pytest.raises(UnexplainableError, match="no detection of dog is left"):
                subject.score(other.network, batch)


def test_a_picture_without_a_detection_has_nothing_to_explain():
    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.ones(()))

        def forward(self, images):
            return [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long(), "scores": torch.zeros(0)}]

    model = wrap(Blind(), task="detection")
    with pytest.raises(UnexplainableError, match="no detection on the original"):
        find_subject(model, batch_of(random_picture()), NAMES, None)


def test_of_a_detector_no_class_can_be_chosen():
    model = wrap(tiny_retinanet(), task="detection")
    with pytest.raises(DataError, match="leave --class out"):
        find_subject(model, batch_of(random_picture()), NAMES, 1)


def test_detectors_of_fakes_are_not_explained():
    flat = nn.Sequential(OrderedDict(flat=nn.Flatten(), say=nn.Linear(3 * 8 * 8, 1)))
    model = wrap(flat, task="forensics", trial=False)
    with pytest.raises(DataError, match="models of the task forensics are not explained; those of classification"):
        find_subject(model, Batch.of(torch.rand(1, 3, 8, 8)), None, None)


def test_a_class_is_known_by_name_or_number():
    assert class_number("dog", NAMES) == 2
    assert class_number("3", NAMES) == 3
    assert class_number("17", None) == 17
    with pytest.raises(
        UnknownNameError, match=r"class 'dogg' is not among .* Did you mean 'dog'\? Known: cat, dog, cow"
    ):
        class_number("dogg", NAMES)
    with pytest.raises(UnknownNameError, match="class '0' is not among"):
        class_number("0", NAMES)
    with pytest.raises(UnknownNameError, match="by its number, from 0"):
        class_number("dog", None)


def test_a_box_is_told_by_its_overlap():
    from jpegproof.probes.explanations.detection_score import _overlaps

    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [0, 0, 0, 0]], dtype=float)
    assert _overlaps(boxes, np.array([0, 0, 2, 2.0])).tolist() == pytest.approx([1, 1 / 3, 0, 0])
