"""Networks of libraries by name: built, prepared as the library itself prepares, and refused in words."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from jpeg_files import smooth_picture
from PIL import Image
from safetensors.torch import save_file
from timm.data.config import resolve_model_data_config
from timm.data.transforms_factory import create_transform
from torch import nn
from torchvision import models

from jpegproof.exceptions import MissingExtraError, ModelError, UnknownNameError, WeightsError
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.models.timm_models import timm_classifier_names
from jpegproof.models.torchvision_models import torchvision_classifier, torchvision_classifier_names
from jpegproof.tasks.batch import Batch

PICTURE = smooth_picture(333, 500)


def prepared(model: Model) -> torch.Tensor:
    framed, _ = model.preparation.frame(PICTURE)
    return model.preparation.normalise(framed)


# torchvision


@pytest.mark.parametrize("name", models.list_models(module=models))
def test_torchvision_pictures_are_prepared_as_its_weights_demand(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(models, "get_model", lambda *_, **__: nn.Identity())  # only the preparation is in question
    published: Any = models.get_model_weights(name)
    for weights in published:
        _, preparation, _ = torchvision_classifier(name, weights.name, seed=0)
        framed, _ = preparation.frame(PICTURE)
        expected = weights.transforms()(Image.fromarray(PICTURE))
        assert torch.allclose(preparation.normalise(framed), expected, atol=1e-6), weights


def test_a_local_or_random_torchvision_network_is_prepared_as_its_first_weights():
    model = find_model("torchvision:efficientnet_b3", weights="random")
    expected = models.EfficientNet_B3_Weights.IMAGENET1K_V1.transforms()(Image.fromarray(PICTURE))
    assert torch.allclose(prepared(model), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["torchvision:squeezenet1_1", "timm:mobilenetv2_050"])
def test_random_weights_are_those_of_the_seed(name: str):
    def answer(seed: int) -> torch.Tensor:
        model = find_model(name, weights="random", seed=seed)
        with torch.inference_mode():
            return model.task.observe(model.network, Batch.of(prepared(model)[None]))

    state = torch.random.get_rng_state()
    assert torch.equal(answer(0), answer(0))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not torch.equal(answer(0), answer(1))


@pytest.mark.parametrize("name", ["torchvision:squeezenet1_1", "timm:mobilenetv2_050"])
def test_an_identity_changes_with_name_seed_and_weights(name: str, tmp_path: Path):
    network = find_model(name, weights="random").network
    paths = [tmp_path / "a.safetensors", tmp_path / "b.safetensors", tmp_path / "copy.safetensors"]
    for path, change in zip(paths, (0.0, 1e-3, 0.0), strict=True):
        state = {key: value.clone().contiguous() for key, value in network.state_dict().items()}
        next(iter(state.values())).view(-1)[0] += change
        save_file(state, path)
    first, changed, copied = (find_model(name, weights=str(path)) for path in paths)
    seeds = [find_model(name, weights="random", seed=seed).identity for seed in (0, 1)]
    identities = [dict(identity) for identity in (first.identity, changed.identity, *seeds)]
    assert len({str(sorted(identity.items())) for identity in identities}) == 4
    assert copied.identity == first.identity
    assert first.identity["name"] == name
    assert torch.equal(next(first.network.parameters()), next(network.parameters()))


def test_networks_are_ready_to_be_measured():
    for name in ("torchvision:squeezenet1_1", "timm:mobilenetv2_050"):
        assert not find_model(name, weights="random").network.training


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_a_local_file_is_fed_as_torchvision_feeds_its_published_weights(name: str, monkeypatch: pytest.MonkeyPatch):
    """torchvision turns on a rescaling inside these two where it loads weights itself, and only there."""
    build: Any = getattr(importlib.import_module(f"torchvision.models.{name.partition('_')[0]}"), name)
    published: Any = models.get_model_weights(name)
    network = find_model(f"torchvision:{name}", weights="random").network
    monkeypatch.setattr(type(published.DEFAULT), "get_state_dict", lambda *_, **__: network.state_dict())
    assert network.transform_input is build(weights=published.DEFAULT, aux_logits=True).transform_input


# timm


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "resnet18.tv_in1k",
        "efficientnet_b3",
        "vit_tiny_patch16_224",
        "convnext_tiny.in12k_ft_in1k_384",  # squashed instead of cropped
        "mobilenetv2_050",
        "mixer_s16_224",
    ],
)
def test_timm_pictures_are_prepared_as_timm_does(name: str):
    model = find_model(f"timm:{name}", weights="random")
    transform: Any = create_transform(**resolve_model_data_config(model.network), is_training=False)
    assert torch.allclose(prepared(model), transform(Image.fromarray(PICTURE)), atol=1e-6)


@pytest.mark.parametrize("name", ["convnextv2_atto.fcmae", "eva02_tiny_patch14_224"])
def test_a_timm_model_without_classes_is_refused(name: str):
    with pytest.raises(ModelError, match=f"timm:{name} answers with features"):
        find_model(f"timm:{name}", weights="random")


def test_timm_weights_that_do_not_exist_are_answered_with_those_that_do():
    with pytest.raises(UnknownNameError, match=r"no weights 'tv_in1' of resnet18. Did you mean 'tv_in1k'\?") as caught:
        find_model("timm:resnet18.tv_in1", weights="random")
    assert "a1_in1k" in str(caught.value)


def test_a_way_of_cropping_that_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch):
    import timm.data

    monkeypatch.setattr(
        timm.data, "resolve_model_data_config", lambda _: {"crop_mode": "border", "input_size": (3, 8, 8)}
    )
    with pytest.raises(ModelError, match="crops by 'border'"):
        find_model("timm:mobilenetv2_050", weights="random")


# Names


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("torchvision:squeezenet1_2", "squeezenet1_1"),
        ("torchvision:ResNet18", "resnet18"),
        ("timm:resnet18x", "resnet18"),
        ("timm:efficientnet-b3", "efficientnet_b3"),
        ("jpegproof:world-clasifier", "world-classifier"),
    ],
)
def test_a_mistyped_network_is_answered_with_the_nearest_name(name: str, nearest: str):
    with pytest.raises(UnknownNameError, match=f"Did you mean .*{nearest}"):
        find_model(name, weights="random")


@pytest.mark.parametrize("name", ["torchvison:resnet18", "tim:resnet18"])
def test_a_mistyped_library_is_answered_with_the_nearest_name(name: str):
    with pytest.raises((UnknownNameError, ModelError), match=r"Did you mean '(torchvision|timm)"):
        find_model(name)


@pytest.mark.parametrize("name", ["resnet18", "./own:build", "", ":", "a b:c"])
def test_a_name_of_no_known_form_is_answered_with_the_forms(name: str):
    with pytest.raises(UnknownNameError, match=r"torchvision:NAME, timm:NAME, .* or package.module:function"):
        find_model(name)


def test_mistyped_weights_are_answered_with_the_nearest_and_all_there_are():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'IMAGENET1K_V1'\? Known: .*random, or a local file"):
        find_model("torchvision:squeezenet1_1", weights="IMAGENET1K_V2")


def test_the_lists_of_names_hold_what_can_be_built():
    assert "squeezenet1_1" in torchvision_classifier_names()
    assert "mobilenetv2_050" in timm_classifier_names()
    assert all("." not in name for name in timm_classifier_names())


# What cannot be had


@pytest.mark.parametrize("name", ["torchvision:squeezenet1_1", "timm:mobilenetv2_050"])
@pytest.mark.parametrize("file", ["gone.safetensors", "other.safetensors"])
def test_weights_that_do_not_fit_are_refused_with_their_path(name: str, file: str, tmp_path: Path):
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match=file):
        find_model(name, weights=str(tmp_path / file))


class BrokenConnectionError(Exception):
    """Like the errors of httpx: no OSError."""


@pytest.mark.parametrize("error", [URLError("no route"), BrokenConnectionError("reset"), RuntimeError("invalid hash")])
def test_torchvision_weights_that_cannot_be_downloaded_point_to_a_local_file(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def urlopen(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "urlopen", urlopen)
    for weights in (None, "IMAGENET1K_V1"):
        with pytest.raises(ModelError, match=r"not be downloaded .*/squeezenet1_1-\w+.pth elsewhere .* --weights FILE"):
            find_model("torchvision:squeezenet1_1", weights=weights)


def test_timm_weights_that_cannot_be_downloaded_point_to_a_local_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # the hub's own error, without its minute of retries
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"timm:mobilenetv2_050 could not .* https://\S+ .* --weights FILE"):
        find_model("timm:mobilenetv2_050")


@pytest.mark.parametrize("error", [URLError("no route"), BrokenConnectionError("reset"), RuntimeError("invalid hash")])
def test_a_timm_download_may_fail_in_any_way(error: Exception, monkeypatch: pytest.MonkeyPatch):
    import timm.models._builder as builder

    def download(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(builder, "load_state_dict_from_hf", download)
    monkeypatch.setattr(builder, "load_state_dict_from_url", download)
    with pytest.raises(ModelError, match=r"could not be downloaded .*--weights FILE"):
        find_model("timm:mobilenetv2_050")


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_a_library_that_is_not_installed_is_answered_with_its_extra(library: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'jpegproof\[{library}\]'"):
        find_model(f"{library}:resnet18", weights="random")


# Changed preparation


def test_a_preparation_can_be_changed_field_by_field():
    model = find_model("torchvision:squeezenet1_1", weights="random", preparation={"crop": (64, 96), "mean": (0, 0, 0)})
    assert prepared(model).shape == (3, 64, 96)
    described = model.preparation.describe()
    assert (described["resize"], described["mean"], described["interpolation"]) == (256, (0, 0, 0), "bilinear")
