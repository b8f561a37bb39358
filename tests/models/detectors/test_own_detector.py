"""Users' own detectors behind the protocol, and what they are told where something is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
import torch
from tiny_detectors import random_picture, tiny_faster_rcnn
from torch import Tensor, nn

from jpegproof.exceptions import ModelError, UnknownNameError
from jpegproof.models.detectors.find import as_detector
from jpegproof.models.detectors.one_stage import OneStage
from jpegproof.models.detectors.own_detector import OwnDetector
from jpegproof.models.detectors.two_stage import TwoStage
from jpegproof.tasks.dense_distance import dense_distance

PICTURE = random_picture(seed=1)


class Answer(NamedTuple):
    logits: Tensor
    offsets: Tensor
    points: Tensor
    kind: Tensor


class Own(nn.Module):
    """A detector of one's own: the best place of a map of class logits is its one box."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(3, 6, 8, stride=8)
        self.norm = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)
        self.kinds = nn.Conv2d(6, 3, 1)
        self.offsets = nn.Conv2d(6, 4, 1)
        self.eval()

    def dense(self, images: Sequence[Tensor]) -> Any:
        features = self.drop(self.norm(self.body(torch.stack(list(images))).relu()))
        logits = self.kinds(features).flatten(2).transpose(1, 2)
        offsets = self.offsets(features).flatten(2).transpose(1, 2)
        return Answer(logits, offsets, torch.zeros(logits.shape[1], 2), torch.ones(len(logits), dtype=torch.int64))

    def forward(self, images: Sequence[Tensor], targets: Any = None) -> Any:
        answer = self.dense(images)
        if self.training:
            # Each part looks at its own mode, as torchvision's do.
            assert self.body.training
            return {"kinds": answer.logits.square().mean(), "boxes": answer.offsets.abs().mean() * len(targets)}
        scores = answer.logits.sigmoid().amax(2)
        return [{"boxes": torch.rand(len(one), 4), "labels": torch.arange(len(one)), "scores": one} for one in scores]


class WithoutDense(Own):
    dense = None  # type: ignore[assignment]

    def forward(self, images: Sequence[Tensor], targets: Any = None) -> Any:
        del targets
        features = self.norm(self.body(torch.stack(list(images))))
        return [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0), "scores": features.new_zeros(0)}]


def own(**methods: Any) -> OwnDetector:
    """The detector with methods of another kind."""
    return as_detector(type("Changed", (Own,), methods)())


def complaint(detector: OwnDetector, ask: Any) -> str:
    with pytest.raises(ModelError) as caught:
        ask(detector)
    return str(caught.value)


# Which adapter


def test_each_kind_of_network_finds_its_adapter():
    from tiny_detectors import tiny_mask_rcnn, tiny_retinanet

    assert isinstance(as_detector(tiny_faster_rcnn()), TwoStage)
    assert isinstance(as_detector(tiny_mask_rcnn()), TwoStage)
    assert isinstance(as_detector(tiny_retinanet()), OneStage)
    assert isinstance(as_detector(Own()), OwnDetector)


def test_what_fulfils_the_protocol_already_stays_as_it_is():
    for network in (Own(), tiny_faster_rcnn()):
        detector = as_detector(network)
        assert as_detector(detector) is detector


# Answers in use


def test_boxes_come_best_first():
    found = as_detector(Own())([PICTURE])[0]
    assert (found["scores"].diff() <= 0).all()
    assert len(found["scores"]) == 80
    assert not torch.equal(found["labels"], torch.arange(80))  # moved together with the scores


def test_answers_in_use_are_those_of_evaluation_and_leave_the_modes():
    network = Own()
    wanted = as_detector(network)([PICTURE])[0]["scores"]
    network.train()
    network.norm.eval()
    assert torch.equal(as_detector(network)([PICTURE])[0]["scores"], wanted)
    assert network.training
    assert network.drop.training
    assert not network.norm.training


def test_pictures_may_differ_in_size():
    sizes = [len(one["scores"]) for one in as_detector(Own())([PICTURE, random_picture(16, 16)])]
    assert sizes == [80, 4]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (torch.zeros(3), "answered with a Tensor"),
        ([], "answered with a list of 0"),
        ([torch.zeros(3)], "a list of 1 (Tensor)"),
        ([{"boxes": torch.zeros(1, 4), "scores": torch.zeros(1)}], "its dictionary has boxes, scores"),
        ([{"boxes": torch.zeros(2, 4), "labels": torch.zeros(1), "scores": torch.zeros(1)}], "its shapes are"),
        ([{"boxes": torch.zeros(1, 5), "labels": torch.zeros(1), "scores": torch.zeros(1)}], "its shapes are"),
    ],
)
def test_an_answer_of_another_style_is_refused_with_what_came(answer: Any, reason: str):
    message = complaint(own(forward=lambda self, images: answer), lambda detector: detector([PICTURE]))
    assert "the detector Changed must answer with a list with one dictionary per picture" in message
    assert reason in message


# Dense answers


def test_tensors_about_the_picture_are_compared_and_others_are_not():
    dense = as_detector(Own()).dense([PICTURE])[0]
    assert {name: tuple(tensor.shape) for name, tensor in dense.tensors.items()} == {
        "logits": (80, 3),
        "offsets": (80, 4),
    }
    assert dense.proposals is None


def test_places_count_by_the_greatest_class_probability():
    dense = as_detector(Own()).dense([PICTURE])[0]
    expected = dense.tensors["logits"].sigmoid().amax(1)[:, None]
    assert torch.equal(dense.belief["logits"], expected)
    assert torch.equal(dense.belief["offsets"], expected)


def test_a_detector_can_say_its_belief_itself():
    def dense(self: Any, images: Any) -> Any:
        answer = Own.dense(self, images)
        return {"scores": answer.logits, "belief": torch.full((1, 80), 0.25), "whole": answer.logits.mean(1)}

    found = own(dense=dense).dense([PICTURE])[0]
    assert found.tensors.keys() == {"scores", "whole"}
    assert found.belief.keys() == {"scores"}
    assert (found.belief["scores"] == 0.25).all()


@pytest.mark.parametrize("form", ["mapping", "tuple", "levels"])
def test_dense_may_answer_in_any_usual_form(form: str):
    def dense(self: Any, images: Any) -> Any:
        logits, offsets, *_ = Own.dense(self, images)
        return {
            "mapping": {"logits": logits, "b": offsets},
            "tuple": (logits, offsets),
            "levels": {"b": [logits, offsets]},
        }[form]

    names = {"mapping": {"logits", "b"}, "tuple": {"0", "1"}, "levels": {"b.0", "b.1"}}
    assert own(dense=dense).dense([PICTURE])[0].tensors.keys() == names[form]


def test_a_picture_is_compared_with_its_original():
    detector = as_detector(Own())
    with torch.no_grad():
        original = detector.dense([PICTURE])
    assert float(dense_distance(detector.dense([PICTURE], original)[0], original[0]).detach()) == 0
    picture = random_picture(seed=2).requires_grad_()
    distance = dense_distance(detector.dense([picture], original)[0], original[0])
    distance.backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0


def test_a_detector_without_dense_is_told_what_to_add():
    message = complaint(as_detector(WithoutDense()), lambda detector: detector.dense([PICTURE]))
    assert "the detector WithoutDense has no method dense" in message
    assert "Add dense(pictures)" in message
    assert "features: [LAYER, ...]" in message


def test_a_dense_answer_without_gradient_is_refused_in_words():
    def dense(self: Any, images: Any) -> Any:
        with torch.no_grad():
            return Own.dense(self, images)

    detector = own(dense=dense).requires_grad_(False)
    message = complaint(detector, lambda detector: detector.dense([PICTURE.clone().requires_grad_()]))
    assert "what dense answers carries no gradient, so nothing can be trained through it" in message
    assert "features: [LAYER, ...]" in message
    assert detector.dense([PICTURE])[0].tensors  # no gradient is asked for, as on an original


def test_a_dense_answer_with_nothing_to_compare_is_refused_with_what_there_is():
    detector = own(dense=lambda self, images: {"points": torch.zeros(80, 2), "kind": torch.zeros(1, dtype=torch.int64)})
    message = complaint(detector, lambda detector: detector.dense([PICTURE]))
    assert "floating tensors are needed whose leading dimension is the number of pictures, here 1" in message
    assert "points (80, 2), kind (1,)" in message


# Features


def test_named_layers_are_compared_in_place_of_dense_answers():
    detector = as_detector(WithoutDense(), features=["body", "norm"])
    dense = detector.dense([PICTURE])[0]
    assert {name: tuple(tensor.shape) for name, tensor in dense.tensors.items()} == {
        "body": (6, 8, 10),
        "norm": (6, 8, 10),
    }
    picture = PICTURE.clone().requires_grad_()
    detector.dense([picture])[0].tensors["norm"].sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0


def test_layers_of_torchvisions_networks_can_be_named_too():
    network = tiny_faster_rcnn().train()
    detector = as_detector(network, features=["backbone", "rpn.head"])
    names = set(detector.dense([PICTURE])[0].tensors)
    assert names == {"backbone", "rpn.head.0.0", "rpn.head.1.0"}
    assert network.training


def test_a_layer_that_is_called_often_has_a_tensor_for_each_call():
    class Shared(WithoutDense):
        def forward(self, images: Sequence[Tensor], targets: Any = None) -> Any:
            self.body(images[0][None, :, :32])
            return super().forward(images, targets)

    tensors = as_detector(Shared(), features=["body"]).dense([PICTURE])[0].tensors
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == {
        "body.0": (6, 4, 10),
        "body.1": (6, 8, 10),
    }


def test_hooks_are_gone_afterwards():
    network = WithoutDense()
    as_detector(network, features=["body"]).dense([PICTURE])
    assert not network.body._forward_hooks


def test_a_mistyped_layer_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no layer 'bodi'\. Did you mean 'body'\?.*Its parts: body, norm"):
        as_detector(Own(), features=["bodi"])


def test_a_layer_that_is_not_used_is_named():
    detector = as_detector(WithoutDense(), features=["kinds"])
    assert "did not use its layer 'kinds'" in complaint(detector, lambda detector: detector.dense([PICTURE]))


# Losses


def test_a_loss_dictionary_serves_fine_tuning_with_norms_and_dropout_left_alone():
    network = Own()
    statistics = network.norm.running_mean.clone()  # type: ignore[union-attr]
    found = as_detector(network).losses([PICTURE, PICTURE], [{}, {}])
    assert found.keys() == {"kinds", "boxes"}
    logits = network.dense([PICTURE]).logits
    assert torch.allclose(found["kinds"], logits.square().mean())
    assert torch.equal(network.norm.running_mean, statistics)  # type: ignore[arg-type]
    assert not network.training
    assert not network.body.training


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        (lambda self, images: [], "it failed: TypeError"),
        (lambda self, images, targets=None: [], "it answered with a list"),
        (lambda self, images, targets=None: {}, "it answered with a dict"),
        (lambda self, images, targets=None: {"a": torch.zeros(2)}, "its 'a' is no scalar loss"),
    ],
)
def test_a_detector_without_losses_is_told_what_needs_none(forward: Any, reason: str):
    message = complaint(own(forward=forward), lambda detector: detector.losses([PICTURE], [{}]))
    assert "supervised fine-tuning needs losses" in message
    assert "self_distilled and task_targeted need no losses" in message
    assert reason in message
