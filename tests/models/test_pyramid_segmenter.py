"""The light semantic segmenter: its shapes, what each part contributes, and where its features come from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from jpegproof.exceptions import WeightsError
from jpegproof.models.pyramid_segmenter import PyramidSegmenter, squeezenet_segmenter, world_semantic_segmenter


@pytest.mark.parametrize(("height", "width"), [(128, 160), (77, 131), (32, 32)])
def test_pictures_of_any_size_are_answered_at_a_quarter_of_it(height: int, width: int):
    network = world_semantic_segmenter().eval()
    with torch.inference_mode():
        answer = network(torch.rand(2, 3, height, width))
    assert answer.shape == (2, 11, -(-height // 4), -(-width // 4))


def test_every_parameter_takes_part_in_the_answer():
    network = world_semantic_segmenter()
    torch.manual_seed(0)
    network(torch.rand(2, 3, 64, 64)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_the_whole_picture_is_context_to_each_of_its_places():
    network = world_semantic_segmenter().eval()
    picture = torch.rand(1, 3, 512, 512, generator=torch.Generator().manual_seed(0))
    moved = picture.clone()
    moved[..., -32:, -32:] = 0
    with torch.inference_mode():
        apart = (network(picture) - network(moved)).abs()
    assert apart[..., 0, 0].max() > 0


def test_a_network_learns_where_things_are():
    torch.manual_seed(0)
    network = PyramidSegmenter(
        [torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.Conv2d(8, 8, 3, 2, 1)], [8, 8], classes=2, width=8
    )
    pictures = torch.rand(4, 3, 32, 32)
    truth = torch.nn.functional.max_pool2d((pictures[:, 0] > 0.5).float(), 2).long()
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(network(pictures), truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_squeezenet_brings_its_features_and_leaves_its_own_head(tmp_path: Path):
    from torchvision.models import squeezenet1_1

    torch.manual_seed(0)
    classifier = squeezenet1_1().eval()
    file = tmp_path / "squeezenet.safetensors"
    save_file(classifier.state_dict(), file)
    network = squeezenet_segmenter(11, str(file)).eval()
    picture = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        x = picture
        for stage in network.stages:
            x = stage(x)
        assert torch.equal(x, classifier.features(picture))
        assert network(picture).shape == (1, 11, 15, 23)


def test_weights_of_another_network_are_refused(tmp_path: Path):
    file = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(1)}, file)
    with pytest.raises(WeightsError):
        squeezenet_segmenter(11, str(file))
