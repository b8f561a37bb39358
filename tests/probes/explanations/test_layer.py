"""Which layer is found in networks of all kinds, and which are never taken."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from tiny_detectors import tiny_retinanet
from torch import nn
from torchvision.models import VisionTransformer, squeezenet1_1

from jpegproof.exceptions import ModelError, UnknownNameError
from jpegproof.models.model import wrap
from jpegproof.models.pyramid_segmenter import world_semantic_segmenter
from jpegproof.models.world_classifier import world_classifier, world_mobile
from jpegproof.probes.explanations.layer import find_layer, layer_of_name
from jpegproof.probes.explanations.subject import find_subject
from jpegproof.tasks.batch import Batch


def found(network: nn.Module, task: str, size: tuple[int, int] = (64, 80), seed: int = 0) -> str:
    model = wrap(network.eval(), task=task, trial=False)  # the pictures below are of the network's own size
    picture = torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))
    subject = find_subject(model, Batch.of([picture]), None, None)
    asked = Batch.of([picture.requires_grad_()])
    return find_layer(model.network, lambda: subject.parts(model.network, asked), size, subject.classes)


def seeded(build, *arguments, **options):
    torch.manual_seed(0)
    return build(*arguments, **options)


@pytest.mark.parametrize("build", [world_classifier, world_mobile])
def test_of_a_classifier_the_last_map_before_the_mean_is_taken(build):
    assert found(seeded(build), "classification") == "features"


def test_scores_of_classes_that_lie_over_the_picture_are_not_its_map():
    assert found(seeded(squeezenet1_1), "classification") == "classifier.0"  # the last with 512 channels


def test_of_a_pyramid_the_coarsest_level_is_taken_that_the_others_build_on():
    assert found(seeded(world_semantic_segmenter), "semantic_segmentation") == "network.smooth.2"


def test_of_a_detector_a_layer_is_taken_that_every_box_depends_on():
    assert found(tiny_retinanet(), "detection") == "network.backbone"


def test_of_a_transformer_the_tokens_are_taken_before_the_last_attention():
    network = seeded(VisionTransformer, 32, 8, 2, 2, 16, 32, num_classes=5)
    nn.init.normal_(network.heads.head.weight)  # torchvision begins with zeros, on which nothing depends
    assert found(network, "classification", (32, 32)) == "encoder.layers.encoder_layer_1.ln_1"


class Pooled(nn.Module):
    """A map, and beside it a summary of fixed size that the answer depends on too."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 8, 3, stride=4)
        self.pool = pool
        self.think = nn.Conv2d(8, 8, 1)
        self.say = nn.Linear(8, 4)

    def forward(self, pictures):
        maps = self.look(pictures)
        return self.say(maps.mean((2, 3)) + self.think(self.pool(maps)).mean((2, 3)))


@pytest.mark.parametrize("pool", [nn.AdaptiveAvgPool2d(2), nn.AdaptiveMaxPool2d((2, 2))])
def test_a_summary_of_a_size_fixed_beforehand_is_no_map(pool):
    assert found(seeded(Pooled, pool), "classification", (64, 64)) == "look"


class Repeated(nn.Module):
    """The same convolution twice, then one whose answer nobody uses."""

    def __init__(self) -> None:
        super().__init__()
        self.begin = nn.Conv2d(3, 8, 3, stride=2)
        self.again = nn.Conv2d(8, 8, 3, stride=2)
        self.idle = nn.Conv2d(8, 8, 3, stride=2)
        self.say = nn.Linear(8, 4)

    def forward(self, pictures):
        maps = self.again(self.again(self.begin(pictures)))
        self.idle(maps)
        return self.say(maps.mean((2, 3)))


def test_a_layer_that_is_called_twice_or_that_nothing_depends_on_is_not_taken():
    assert found(seeded(Repeated), "classification", (64, 64)) == "begin"


def test_a_network_without_a_map_is_told_so_with_the_way_out():
    flat = nn.Sequential(OrderedDict(flat=nn.Flatten(), say=nn.Linear(3 * 16 * 16, 4)))
    with pytest.raises(ModelError, match=r"Sequential has no layer that answers once with a map .* --layer"):
        found(flat, "classification", (16, 16))


def test_a_mistyped_layer_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"no layer 'featurs'\. Did you mean 'features'\? Its parts: features"):
        layer_of_name(world_classifier(), "featurs")
    network = world_classifier()
    assert layer_of_name(network, "features") is network.features


def test_no_hook_stays_behind():
    network = tiny_retinanet()
    found(network, "detection")
    assert not any(module._forward_hooks for module in network.modules())
