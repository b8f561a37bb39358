"""The embedded world's classifiers: small, quick, and as good as their cards say."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch import nn

from jpegproof.data.world import CLASS_NAMES, World
from jpegproof.models.world_classifier import world_classifier, world_mobile

NETWORKS = {"world-classifier": world_classifier, "world-mobile": world_mobile}
SHIPPED = files("jpegproof.models") / "shipped"


def multiply_adds(network: nn.Module, size: int) -> int:
    """Multiply-adds of the convolutions and linear layers for one picture, counted as they run."""
    total = 0

    def count(layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += output[0].numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += layer.weight.numel()

    for layer in network.modules():
        layer.register_forward_hook(count)
    with torch.inference_mode():
        network.eval()(torch.zeros(1, 3, size, size))
    return total


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_a_network_is_small(build: Callable[..., nn.Module]):
    network = build()
    assert sum(parameter.numel() for parameter in network.parameters()) <= 300_000
    assert multiply_adds(network, 96) < 16_000_000


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_a_network_answers_with_one_logit_a_class_for_any_size(build: Callable[..., nn.Module]):
    network = build().eval()
    for height, width in ((96, 96), (77, 131), (16, 16)):
        assert network(torch.zeros(2, 3, height, width)).shape == (2, len(CLASS_NAMES))


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_an_answer_does_not_depend_on_its_neighbours(build: Callable[..., nn.Module]):
    torch.manual_seed(0)
    network = build().eval()
    batch = torch.rand(5, 3, 96, 96) * 2 - 1
    with torch.inference_mode():
        assert torch.allclose(network(batch)[3:4], network(batch[3:4]), atol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_the_picture(name: str):
    picture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0)).requires_grad_()
    NETWORKS[name]().eval()(picture).square().sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_shipped_weights_are_small_and_know_the_world(name: str):
    data = (SHIPPED / f"{name}.safetensors").read_bytes()
    assert len(data) < 1_000_000
    network = NETWORKS[name]()
    network.load_state_dict({key: value.float() for key, value in load(data).items()})
    world = World("val", length=200)
    pictures = np.stack([world.picture(index) for index in range(len(world))])
    labels = np.array([world.label(index) for index in range(len(world))])
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1.0
    with torch.inference_mode():
        answer = network.eval()(batch).argmax(dim=1).numpy()
    assert np.mean(answer == labels) > 0.8


@pytest.mark.parametrize("name", NETWORKS)
def test_every_shipped_network_has_a_card_with_its_figures_and_terms(name: str):
    card = (SHIPPED / f"{name}.md").read_text()
    for heading in ("## Data and its terms", "## Recipe", "## Measured", "## Limits"):
        assert heading in card
    for row in ("| none |", "| quality 10 |", "| quality 90 |"):
        assert row in card
