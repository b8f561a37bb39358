"""Users' detectors of fakes, in whichever style they answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny_fake_detectors import Answering

from jpegproof.exceptions import ModelError
from jpegproof.models.forensics.own_detector import OwnFakeDetector, as_fake_detector
from jpegproof.models.model import wrap
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.batch import Batch


def first(pictures: torch.Tensor, channels: int = 3) -> torch.Tensor:
    """(N, channels, h, w): every second pixel of the first channels."""
    return pictures[:, :channels, ::2, ::2]


def images(*sizes: tuple[int, int]) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    return [torch.randn(3, *size, generator=random) for size in sizes]


def detector(answer: Any, fake_class: Any = None) -> Any:
    network = Answering(answer)
    if fake_class is not None:
        network.fake_class = fake_class
    return as_fake_detector(network)


SQUARES = images((4, 6), (4, 6))


@pytest.mark.parametrize("answer", [lambda x: x[:, 0, 0, 0], lambda x: x[:, :1, 0, 0], lambda x: x[:, :1, :1, :1]])
def test_one_logit_a_picture_is_one_patch(answer: Any):
    found = detector(answer).patch_logits(SQUARES)
    assert [item.tolist() for item in found] == [[[float(image[0, 0, 0])]] for image in SQUARES]


def test_one_channel_is_the_logit_of_fake_at_each_patch():
    found = detector(lambda x: first(x, 1)).patch_logits(SQUARES)
    assert all(torch.equal(item, image[0, ::2, ::2]) for item, image in zip(found, SQUARES, strict=True))
    found = detector(lambda x: SimpleNamespace(logits=first(x, 1))).patch_logits(SQUARES)
    assert torch.equal(found[1], SQUARES[1][0, ::2, ::2])


@pytest.mark.parametrize("fake_class", [0, 1])
def test_of_two_classes_the_difference_counts_in_the_order_that_the_network_states(fake_class: int):
    found = detector(lambda x: first(x, 2), fake_class).patch_logits(SQUARES)
    for item, image in zip(found, SQUARES, strict=True):
        softmax = image[:2, ::2, ::2].softmax(dim=0)[fake_class]
        assert torch.allclose(item.sigmoid(), softmax, atol=1e-6)
    whole = detector(lambda x: x[:, :2, 0, 0], fake_class).patch_logits(SQUARES)
    assert torch.allclose(whole[0].sigmoid(), SQUARES[0][:2, 0, 0].softmax(dim=0)[fake_class])


@pytest.mark.parametrize("said", [None, 2, "fake", True])
def test_two_classes_without_a_word_on_which_is_fake_are_refused(said: Any):
    with pytest.raises(ModelError, match="attribute fake_class, 0 or 1"):
        detector(lambda x: first(x, 2), said).patch_logits(SQUARES)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda x: x, r"Tensor of shape \(2, 3, 4, 6\)"),
        (lambda x: x[:, 0], r"Tensor of shape \(2, 4, 6\)"),
        (lambda x: x[:1, :1], r"Tensor of shape \(1, 1, 4, 6\)"),
        (lambda x: x[:, :1, :0], r"Tensor of shape \(2, 1, 0, 6\)"),
        (lambda x: x.sum(), r"Tensor of shape \(\)"),
        (lambda x: {"out": x}, "answered with a dict"),
    ],
)
def test_other_answers_are_refused_with_what_was_answered(answer: Any, told: str):
    with pytest.raises(ModelError, match=told):
        detector(answer).patch_logits(SQUARES)


def test_pictures_of_different_sizes_are_answered_in_order():
    several = images((4, 6), (6, 4), (4, 6))
    found = detector(lambda x: first(x, 1)).patch_logits(several)
    assert all(torch.equal(item, image[0, ::2, ::2]) for item, image in zip(found, several, strict=True))


def test_a_network_that_fulfils_the_protocol_is_asked_as_it_is():
    class Fulfilling(torch.nn.Module):
        def patch_logits(self, images: Any) -> Any:
            return [image[0] for image in images]

    network = Fulfilling()
    assert as_fake_detector(network) is network


def test_wrapping_makes_a_detector_that_sees_whole_pictures_and_keeps_its_own_keys():
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 2))
    model = wrap(network, task="forensics")
    assert isinstance(model.network, OwnFakeDetector)
    assert model.task.name == "forensics"
    assert isinstance(model.preparation, ResizeCrop)
    assert model.preparation.framed_size((70, 90)) == (70, 90)
    assert list(model.network.state_dict()) == ["0.weight", "0.bias"]
    assert [tuple(item.shape) for item in model.task.answer(model.network, Batch.of(SQUARES))] == [(3, 5), (3, 5)]
