"""wrap, the front door for networks of one's own: good defaults, and what does not fit is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import jpegproof
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.models.preparation import ResizeCrop


class Answering(nn.Module):
    """Answers every picture with what it is told to."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, pictures: Any) -> Any:
        return self.answer(pictures)


BOXES: Mapping[str, Tensor] = {"boxes": torch.rand(2, 4), "labels": torch.tensor([1, 2]), "scores": torch.rand(2)}
RIGHT = {
    "classification": lambda x: x.mean(dim=(2, 3)),
    "detection": lambda x: [BOXES for _ in x],
    "instance_segmentation": lambda x: [{**BOXES, "masks": torch.rand(2, 1, *x[0].shape[-2:])}],
    "semantic_segmentation": lambda x: x[:, :, ::4, ::4],
    "forensics": lambda x: x.mean(dim=(1, 2, 3)),
    "tensors": lambda x: {"depth": x[:, 0]},
}
WRONG = {
    "classification": (lambda x: x, "a classifier must answer 1 pictures with logits of shape"),
    "detection": (lambda x: x[0].mean(), "must answer with a list with one dictionary per picture"),
    "instance_segmentation": (lambda x: [BOXES], "this one gave no masks"),
    "semantic_segmentation": (lambda x: x.mean(dim=(2, 3)), "must answer with class scores"),
    "forensics": (lambda x: x, "logits of fake"),
    "tensors": (lambda x: x.argmax(dim=1), "nothing that the model answers with can be compared"),
}


@pytest.mark.parametrize("task", RIGHT)
def test_a_network_is_wrapped_for_every_task(task: str):
    model = jpegproof.wrap(Answering(RIGHT[task]), task=task)
    assert model.task.name == task
    assert not model.network.training


@pytest.mark.parametrize("task", WRONG)
def test_what_a_network_answers_wrongly_is_told_at_once_and_where(task: str):
    answer, said = WRONG[task]
    with pytest.raises(ModelError, match=said) as caught:
        jpegproof.wrap(Answering(answer), task=task)
    assert "on a trial picture of 320 x 240" in caught.value.__notes__[0]
    jpegproof.wrap(Answering(answer), task=task, trial=False)


def test_a_network_that_fails_is_told_with_the_size_it_was_shown():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4))
    with pytest.raises(ModelError, match=r"Sequential fails: RuntimeError: .* prepared to \(3, 224, 224\).*prepare="):
        jpegproof.wrap(network)
    assert jpegproof.wrap(network, prepare=ResizeCrop(8, (8, 8)))


def test_the_trial_changes_nothing():
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    jpegproof.wrap(network)
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_of_timms_brings_its_own_preparation():
    timm = pytest.importorskip("timm")
    network = timm.create_model("test_vit", pretrained=False)
    model = jpegproof.wrap(network)
    said = network.pretrained_cfg
    assert isinstance(model.preparation, ResizeCrop)
    assert model.preparation.crop == said["input_size"][1:]
    assert model.preparation.mean == said["mean"]
    assert model.preparation.interpolation == said["interpolation"]
    own = jpegproof.wrap(network, prepare=ResizeCrop(200, (160, 160)))
    assert own.preparation == ResizeCrop(200, (160, 160))


@pytest.mark.parametrize(
    "config",
    [
        {"input_size": (3, 8, 8)},
        "words",
        {"input_size": (3, 8, 8), "crop_pct": 1, "mean": (0,), "std": (1,), "interpolation": "random"},
    ],
)
def test_what_says_too_little_gets_imagenets_preparation(config: Any):
    network = Answering(RIGHT["classification"])
    network.pretrained_cfg = config
    assert jpegproof.wrap(network).preparation == ResizeCrop()


def test_an_unknown_task_and_what_is_no_network_are_told():
    with pytest.raises(JpegproofError, match="Did you mean 'detection'"):
        jpegproof.wrap(nn.Flatten(), task="detecton")
    with pytest.raises(ModelError, match="not a function"):
        jpegproof.wrap(lambda x: x)  # pyright: ignore[reportArgumentType]
