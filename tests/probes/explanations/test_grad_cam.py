"""Gradients and Grad-CAM: equal to another library's, and clear about what cannot be explained."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchcam.methods import GradCAM
from torchvision.models import VisionTransformer, squeezenet1_1

from jpegproof.exceptions import MissingExtraError, ModelError, UnknownNameError
from jpegproof.models.world_classifier import world_classifier
from jpegproof.probes.explanations.class_score import ClassScore
from jpegproof.probes.explanations.grad_cam import LONGEST_SIDE, Explanation, explain_score
from jpegproof.tasks.batch import Batch


def network_of(build, *arguments) -> nn.Module:
    torch.manual_seed(1)
    return build(*arguments).eval().requires_grad_(False)


def picture(height: int = 64, width: int = 80) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


def explained(network: nn.Module, layer: str, number: int = 3, size: tuple[int, int] = (64, 80)) -> Explanation:
    return explain_score(network, Batch.of(picture(*size)), ClassScore(number, "", 10).score, layer)


@pytest.mark.parametrize(
    ("build", "layer", "size"),
    [
        (world_classifier, "features", (64, 80)),
        (world_classifier, "features.4", (64, 80)),
        (squeezenet1_1, "features", (96, 96)),
        (squeezenet1_1, "features.7", (130, 96)),
    ],
)
def test_the_map_is_that_of_another_library(build, layer, size):
    network = network_of(build)
    with GradCAM(network, layer) as oracle:
        (wanted,) = oracle(3, network(picture(*size).requires_grad_()), normalized=False)
    enlarged = F.interpolate(wanted[None], size, mode="bilinear", align_corners=False)[0, 0]
    found = explained(network, layer, size=size).cam
    assert enlarged.max() > 0
    np.testing.assert_allclose(found, enlarged.numpy(), rtol=1e-4, atol=1e-6 * float(enlarged.max()))


def test_the_map_of_tokens_is_that_of_another_library():
    network = network_of(VisionTransformer, 32, 8, 2, 2, 16, 32, 0.0, 0.0, 10)
    nn.init.normal_(network.get_parameter("heads.head.weight"))  # torchvision begins with zeros
    layer = "encoder.layers.encoder_layer_1.ln_1"

    def as_map(tokens):
        return tokens[:, 1:].transpose(1, 2).reshape(len(tokens), -1, 4, 4)

    with GradCAM(network, layer, input_shape=(3, 32, 32), reshape_transform=as_map) as oracle:
        (wanted,) = oracle(3, network(picture(32, 32).requires_grad_()), normalized=False)
    enlarged = F.interpolate(wanted[None], (32, 32), mode="bilinear", align_corners=False)[0, 0]
    assert enlarged.max() > 0
    np.testing.assert_allclose(explained(network, layer, size=(32, 32)).cam, enlarged.numpy(), rtol=1e-4, atol=1e-8)


def test_the_gradient_is_that_of_small_steps():
    network = network_of(world_classifier).double()
    explanation = explain_score(network, Batch.of(picture().double()), lambda n, b: n(b.stacked())[0, 3], "features")
    direction = torch.randn(1, 3, 64, 80, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    step = 1e-6
    with torch.no_grad():
        up, down = (network(picture().double() + sign * step * direction)[0, 3] for sign in (1, -1))
    along = float((direction[0].numpy() * explanation.gradient).sum())
    assert along == pytest.approx(float(up - down) / (2 * step), rel=1e-3)
    assert explanation.score == pytest.approx(float(network(picture().double())[0, 3]))


def test_a_large_picture_has_a_map_of_224_pixels_at_most_and_its_whole_gradient():
    explanation = explained(network_of(world_classifier), "features", size=(320, 448))
    assert explanation.cam.shape == (160, LONGEST_SIDE)
    assert explanation.gradient.shape == (3, 320, 448)


def test_the_network_answers_the_same_with_its_map_looked_at():
    network = network_of(world_classifier)
    with torch.no_grad():
        wanted = float(network(picture())[0, 3])
    assert explained(network, "features.3").score == pytest.approx(wanted, rel=1e-6)
    assert not any(module._forward_hooks for module in network.modules())


class Odd(nn.Module):
    """Layers that cannot be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Conv2d(3, 3, 3, padding=1)
        self.idle = nn.Conv2d(3, 3, 3)
        self.pair = nn.MultiheadAttention(3, 1)
        self.say = nn.Linear(3, 10)

    def forward(self, pictures):
        maps = self.twice(self.twice(pictures))
        tokens = maps.flatten(2).permute(2, 0, 1)
        tokens = self.pair(tokens, tokens, tokens)[0]
        return self.say(tokens.mean(0))


@pytest.mark.parametrize(
    ("layer", "error", "said"),
    [
        ("twice", ModelError, "'twice' is called 2 times when the model is asked"),
        ("idle", ModelError, "'idle' is not used when the model is asked"),
        ("pair", ModelError, "'pair' answers with tuple, which is no map of a picture of 10 x 8"),
        ("say", ModelError, r"'say' answers with \(1, 10\), which is no map"),
        ("sy", UnknownNameError, "Did you mean 'say'"),
    ],
)
def test_a_layer_that_cannot_be_looked_at_is_said(layer, error, said):
    with pytest.raises(error, match=said):
        explained(network_of(Odd), layer, size=(8, 10))


class Detached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 10, 3)

    def forward(self, pictures):
        return self.look(pictures).detach().mean((2, 3))


def test_an_answer_without_a_gradient_is_said():
    with pytest.raises(ModelError, match="Detached carries no gradient"):
        explained(network_of(Detached), "look")


def test_without_captum_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jpegproof\[explain\]'"):
        explained(network_of(world_classifier), "features")
