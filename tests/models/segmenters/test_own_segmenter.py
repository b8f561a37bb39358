"""Segmenters of all kinds of answers behind the protocol, and what they are told where something is missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from jpegproof.exceptions import ModelError
from jpegproof.models.find import find_model
from jpegproof.models.model import wrap
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.segmenters.find import as_segmenter
from jpegproof.models.segmenters.own_segmenter import OwnSegmenter
from jpegproof.tasks.segmenter import VOID

CLASSES = 4
SIZES = [(16, 24), (32, 16), (16, 24)]


class Own(nn.Module):
    """A segmenter of one's own: half the resolution, a norm over the batch, dropout, and an answer of any style."""

    def __init__(self, style: str = "tensor") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.look = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.5)
        self.say = nn.Conv2d(8, CLASSES, 1)
        self.aside = nn.Conv2d(8, CLASSES, 3, stride=2, padding=1)
        self.style = style

    def forward(self, pictures: Tensor) -> Any:
        seen = self.drop(self.norm(self.look(pictures)).relu())
        scores = self.say(seen)
        return {
            "tensor": scores,
            "out": {"out": scores},
            "aux": {"out": scores, "aux": self.aside(seen)},
            "logits": {"logits": scores, "loss": None},
            "object": SimpleNamespace(logits=scores),
            "one class": scores[:, :1],
            "flat": scores.flatten(1),
            "nothing": None,
            "pair": (scores, scores),
            "other": {"masks": scores},
        }[self.style]


def images() -> list[Tensor]:
    random = torch.Generator().manual_seed(1)
    return [torch.randn(3, *size, generator=random) for size in SIZES]


def targets() -> list[Tensor]:
    random = torch.Generator().manual_seed(2)
    return [torch.randint(VOID, CLASSES, (50, 41), generator=random) for _ in SIZES]


@pytest.mark.parametrize("style", ["tensor", "out", "aux", "logits", "object"])
def test_every_style_of_answer_is_understood(style: str):
    network = Own(style).eval()
    segmenter = as_segmenter(network)
    with torch.inference_mode():
        scores = segmenter.logits(images())
        plain = Own().eval()
        for found, image in zip(scores, images(), strict=True):
            assert torch.allclose(found, plain(image[None])[0], atol=1e-6)
        maps = segmenter.class_maps(images(), [(50, 41), (7, 9), (16, 24)])
    assert [(tuple(map_.shape), map_.dtype) for map_ in maps] == [
        ((50, 41), torch.int64),
        ((7, 9), torch.int64),
        ((16, 24), torch.int64),
    ]
    resized = F.interpolate(scores[0][None], (50, 41), mode="bilinear", align_corners=False)[0]
    assert (maps[0] == resized.argmax(dim=0)).all()


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("one class", r"two classes or more.*a Tensor \(2, 1, 8, 12\)"),
        ("flat", r"a Tensor \(2, 384\)"),
        ("nothing", "a NoneType"),
        ("pair", "a tuple"),
        ("other", r"a dict of \{'masks': \(2, 4, 8, 12\)\}"),
    ],
)
def test_other_answers_are_told_with_what_was_answered(style: str, told: str):
    with pytest.raises(ModelError, match=f"segmenter Own must answer with .*{told}"):
        as_segmenter(Own(style).eval()).logits(images())


def test_losses_are_the_mean_cross_entropy_of_each_head():
    segmenter = as_segmenter(Own("aux").eval())
    losses = segmenter.losses(images(), targets())
    assert set(losses) == {"cross_entropy", "auxiliary"}
    for name, key, share in (("cross_entropy", "out", 1.0), ("auxiliary", "aux", 0.5)):
        total, count = 0.0, 0
        for image, target in zip(images(), targets(), strict=True):
            scores = segmenter.network(image[None])[key]
            size = scores.shape[-2:]
            rows = ((torch.arange(size[0]) + 0.5) * image.shape[1] / size[0]).long()
            rows = ((rows + 0.5) * 50 / image.shape[1]).long()
            columns = ((torch.arange(size[1]) + 0.5) * image.shape[2] / size[1]).long()
            columns = ((columns + 0.5) * 41 / image.shape[2]).long()
            wanted = target[rows][:, columns]
            total += float(F.cross_entropy(scores.detach(), wanted[None], ignore_index=VOID, reduction="sum"))
            count += int((wanted != VOID).sum())
        assert float(losses[name].detach()) == pytest.approx(share * total / count, rel=1e-5)
    assert set(as_segmenter(Own("out").eval()).losses(images(), targets())) == {"cross_entropy"}


def test_a_step_teaches_the_weights_in_the_mode_that_the_network_is_in():
    segmenter = as_segmenter(Own("aux").eval())
    assert isinstance(segmenter, OwnSegmenter)
    before = {name: value.clone() for name, value in segmenter.state_dict().items()}
    network: Any = segmenter.train().network
    assert network.drop.training
    network.norm.eval()
    optimiser = torch.optim.SGD(segmenter.parameters(), lr=0.1)
    torch.stack(list(segmenter.losses(images(), targets()).values())).sum().backward()
    optimiser.step()
    changed = {name for name, value in segmenter.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name, _ in network.named_parameters()}
    assert not segmenter.eval().training
    assert not network.drop.training


def test_its_weights_are_saved_under_the_networks_own_names():
    network = Own()
    assert list(as_segmenter(network).state_dict()) == list(network.state_dict())


def test_a_network_that_fulfils_the_protocol_is_left_as_it_is():
    segmenter = as_segmenter(Own())
    assert as_segmenter(segmenter) is segmenter


@pytest.fixture
def segmentation_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task by name alone, since nothing is asked of it here."""
    for module in ("find", "model"):
        monkeypatch.setattr(f"jpegproof.models.{module}.find_task", lambda name: SimpleNamespace(name=name))


def test_a_network_of_ones_own_sees_the_whole_picture_normalised():
    model = wrap(Own().train(), task="semantic_segmentation")
    assert isinstance(model.network, OwnSegmenter)
    assert not model.network.training
    assert model.preparation == ResizeCrop(resize=None, crop=None)
    other = ResizeCrop(resize=64, crop=None)
    assert wrap(Own(), task="semantic_segmentation", prepare=other).preparation == other


@pytest.mark.usefixtures("segmentation_task")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("torchvision:lraspp_mobilenet_v3_large", {}),
        ("ade20k:mobilenetv2dilated-c1_deepsup", {}),
        ("ade20k:mobilenetv2dilated-c1_deepsup", {"multi_scale": True}),
        ("smp:Unet", {"classes": 3, "encoder_name": "resnet18"}),
    ],
)
def test_segmenters_are_found_by_name(name: str, arguments: dict[str, Any]):
    model = find_model(name, weights="random", arguments=arguments)
    assert model.task.name == "semantic_segmentation"
    assert model.identity["name"] == name
    assert as_segmenter(model.network) is model.network
    assert not model.network.training


@pytest.mark.usefixtures("segmentation_task")
def test_a_study_may_change_the_shorter_side():
    name = "ade20k:mobilenetv2dilated-c1_deepsup"
    model = find_model(name, weights="random", preparation={"resize": 300})
    assert model.preparation.framed_size((300, 400)) == (304, 400)
