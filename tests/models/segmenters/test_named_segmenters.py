"""torchvision's and segmentation-models-pytorch's networks by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from jpeg_files import smooth_picture
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from jpegproof.exceptions import MissingExtraError, ModelError, UnknownNameError, WeightsError
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.segmenters.find import as_segmenter
from jpegproof.models.segmenters.smp_segmenters import smp_architectures, smp_segmenter
from jpegproof.models.segmenters.torchvision_names import TORCHVISION_SEGMENTERS
from jpegproof.models.segmenters.torchvision_segmenters import torchvision_segmenter
from jpegproof.tasks.find import find_task
from jpegproof.tasks.segmenter import VOID

LIGHT = "lraspp_mobilenet_v3_large"
UNET = {"classes": 3, "encoder_name": "resnet18"}


def save(network: nn.Module, path: Path) -> Path:
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, path)
    return path


# torchvision


def test_all_of_torchvisions_segmenters_are_known():
    assert sorted(models.list_models(module=models.segmentation)) == sorted(TORCHVISION_SEGMENTERS)


@pytest.mark.parametrize("name", TORCHVISION_SEGMENTERS)
@pytest.mark.parametrize("weights", [None, "COCO_WITH_VOC_LABELS_V1", "random"])
def test_pictures_are_prepared_as_torchvisions_weights_demand(
    name: str, weights: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(models, "get_model", lambda *_, **__: nn.Identity())  # only the preparation is in question
    _, preparation, identity = torchvision_segmenter(name, weights, 0, {})
    picture = smooth_picture(333, 500)
    published: Any = models.get_model_weights(name)
    expected = published.COCO_WITH_VOC_LABELS_V1.transforms()(Image.fromarray(picture))
    assert torch.allclose(preparation.normalise(preparation.frame(picture)[0]), expected, atol=1e-6)
    assert identity["weights"] == (f"torchvision {published.DEFAULT}" if weights != "random" else "random")


def test_a_local_file_is_loaded_with_the_heads_and_classes_that_it_has(tmp_path: Path):
    network, _, random = torchvision_segmenter("fcn_resnet50", "random", 0, {"classes": 3})
    heads = as_segmenter(network).losses([torch.zeros(3, 32, 32)], [torch.zeros(32, 32, dtype=torch.int64)])
    assert set(heads) == {"cross_entropy", "auxiliary"}
    whole = save(network, tmp_path / "whole.safetensors")
    loaded, preparation, identity = torchvision_segmenter("fcn_resnet50", str(whole), 0, {"classes": 3})
    assert preparation == ResizeCrop(520, None)
    assert identity != random
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in loaded.state_dict().items())
    bare = {key: value for key, value in network.state_dict().items() if not key.startswith("aux_classifier.")}
    save_file(bare, tmp_path / "bare.safetensors")
    loaded, *_ = torchvision_segmenter("fcn_resnet50", str(tmp_path / "bare.safetensors"), 0, {"classes": 3})
    assert set(as_segmenter(loaded)._scores(torch.zeros(1, 3, 32, 32))) == {"cross_entropy"}
    with pytest.raises(WeightsError, match="of another shape: classifier"):
        torchvision_segmenter("fcn_resnet50", str(whole), 0, {})


def test_torchvisions_mistakes_are_told():
    for arguments, words in (({"heads": 2}, "no argument 'heads'"), ({"classes": 1}, "classes: 1"), ({}, "COCO_W")):
        weights = "random" if arguments else "COCO_WITH_VOC_LABELS"
        with pytest.raises((ModelError, UnknownNameError), match=words):
            torchvision_segmenter(LIGHT, weights, 0, arguments)
    with pytest.raises(ModelError, match="know 21 classes"):
        torchvision_segmenter(LIGHT, None, 0, {"classes": 3})
    with pytest.raises(UnknownNameError, match="'fcn_resnet50'"):
        torchvision_segmenter("fcn_resnet5", "random", 0, {})


@pytest.mark.slow
@pytest.mark.parametrize("name", TORCHVISION_SEGMENTERS)
def test_every_network_of_torchvisions_takes_a_step_with_one_picture(name: str):
    network, *_ = torchvision_segmenter(name, "random", 0, {"classes": 3})
    takes_a_step(as_segmenter(network))


# segmentation-models-pytorch


def test_smp_networks_take_pictures_of_any_size(tmp_path: Path):
    network, preparation, identity = smp_segmenter("Unet", "random", 0, UNET)
    assert preparation == RoundedSides(None, None, 32)
    picture = smooth_picture(45, 67)
    framed, _ = preparation.frame(picture)
    segmenter = as_segmenter(network)
    with torch.inference_mode():
        (map_,) = segmenter.class_maps([preparation.normalise(framed)], [(45, 67)])
        (scores,) = segmenter.logits([preparation.normalise(framed)])
    assert map_.shape == (45, 67)
    assert scores.shape == (3, 64, 96)
    path = save(network, tmp_path / "unet.safetensors")
    loaded, _, other = smp_segmenter("Unet", str(path), 1, UNET)
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in loaded.state_dict().items())
    assert other != identity
    assert smp_segmenter("Unet", "random", 1, UNET)[2] != identity
    with pytest.raises(WeightsError, match="not of this network"):
        smp_segmenter("FPN", str(path), 0, UNET)


@pytest.mark.parametrize(
    ("name", "weights", "arguments", "words"),
    [
        ("Unett", "random", UNET, "Did you mean 'Unet'"),
        ("Unet", None, UNET, "needs weights"),
        ("Unet", "random", {"encoder_name": "resnet18"}, "number of its classes"),
        ("Unet", "random", {**UNET, "classes": 1}, "classes: 1"),
        ("Unet", "random", {**UNET, "encoder_weights": "imagenet"}, "encoder_weights cannot be given"),
        ("Unet", "random", {**UNET, "encoder_name": "resnet19"}, "cannot be built with .*resnet19"),
    ],
)
def test_smps_mistakes_are_told(name: str, weights: str | None, arguments: dict[str, Any], words: str):
    with pytest.raises((ModelError, UnknownNameError), match=words):
        smp_segmenter(name, weights, 0, arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Unet", "UnetPlusPlus", "FPN", "DeepLabV3Plus", "PSPNet", "MAnet", "Segformer"])
def test_networks_of_smps_take_a_step_with_one_picture(name: str):
    assert name in smp_architectures()
    takes_a_step(as_segmenter(smp_segmenter(name, "random", 0, UNET)[0]))


def takes_a_step(segmenter: Any) -> None:
    find_task("semantic_segmentation").learning(segmenter)  # as tasks of large pictures do: norms keep their statistics
    random = torch.Generator().manual_seed(0)
    image, target = torch.randn(3, 64, 96, generator=random), torch.randint(VOID, 3, (50, 70), generator=random)
    loss = torch.stack(list(segmenter.losses([image], [target]).values())).sum()
    loss.backward()
    assert 0 < float(loss.detach()) < float("inf")
    gradients = [parameter.grad for parameter in segmenter.parameters() if parameter.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_a_missing_library_is_answered_with_its_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    with pytest.raises(MissingExtraError, match=r"jpegproof\[segmentation\]"):
        smp_segmenter("Unet", "random", 0, UNET)
