"""The published detectors of fakes by name: what they see, what files fit, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jpeg_files import smooth_picture
from PIL import Image
from safetensors.torch import save_file
from torchvision.transforms import CenterCrop

from jpegproof.exceptions import MissingExtraError, ModelError, UnknownNameError, WeightsError
from jpegproof.models.find import find_model
from jpegproof.models.forensics.build import forensics_detector
from jpegproof.models.forensics.names import FORENSICS_NETWORKS
from jpegproof.tasks.batch import Batch

CHEAP = "xception_block1"


def built(name: str = CHEAP, weights: str | None = "random", seed: int = 0, **options: Any) -> Any:
    return find_model(f"forensics:{name}", weights=weights, seed=seed, **options)


def same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    mine, other = first.state_dict(), second.state_dict()
    return mine.keys() == other.keys() and all(torch.equal(value, other[key]) for key, value in mine.items())


@pytest.mark.parametrize(
    ("name", "patches"),
    [("xception_block1", (74, 74)), ("xception_block2", (37, 37)), ("resnet18_layer1", (56, 56))],
)
def test_a_network_of_patches_answers_with_its_places_at_its_own_size(name: str, patches: tuple[int, int]):
    model: Any = built(name)
    side = model.preparation.framed_size((500, 700))
    assert side == ((224, 224) if name == "resnet18_layer1" else (299, 299))
    with torch.inference_mode():
        (found,) = model.task.answer(model.network, Batch.of(torch.zeros(1, 3, *side)))
    assert found.shape == patches


@pytest.mark.parametrize("size", [(300, 260), (150, 238), (101, 90), (225, 223)])
def test_wangs_network_sees_the_middle_of_the_picture_on_black_as_torchvision_cuts_it(size: tuple[int, int]):
    preparation: Any = built("cnndetection").preparation
    picture = smooth_picture(*size)
    framed, _ = preparation.frame(picture)
    assert np.array_equal(framed, np.asarray(CenterCrop(224)(Image.fromarray(picture))))


def test_wangs_network_takes_whole_pictures_where_the_crop_is_left_out():
    model: Any = built("cnndetection", preparation={"crop": None})
    assert model.preparation.framed_size((301, 199)) == (301, 199)
    with torch.inference_mode():
        (found,) = model.task.answer(model.network, Batch.of(torch.zeros(1, 3, 75, 61)))
    assert found.shape == (1, 1)


def test_random_weights_are_those_of_their_seed():
    assert same(built(seed=3).network, built(seed=3).network)
    assert not same(built(seed=3).network, built(seed=4).network)
    identities = {str(built(name, seed=seed).identity) for name in (CHEAP, "xception_block2") for seed in (0, 1)}
    assert len(identities) == 4


@pytest.mark.parametrize("wrapper", ["state_dict", "model", None])
def test_a_published_file_is_loaded_whatever_lies_beside_its_tensors(wrapper: str | None, tmp_path: Path):
    network = built(seed=3).network
    state = {f"module.{key}": value for key, value in network.state_dict().items()}
    path = tmp_path / "bestval_net_D.pth"
    beside = {"best_val_metric": np.float64(0.5), "optimizer": {"lr": 0.1}, "epoch": 3}
    torch.save({**beside, wrapper: state} if wrapper else state, path)
    model = built(weights=str(path))
    assert same(model.network, network)
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, tmp_path / "fitted.safetensors")
    assert same(built(weights=str(tmp_path / "fitted.safetensors")).network, network)
    assert model.identity["weights"] != built(weights=str(tmp_path / "fitted.safetensors")).identity["weights"]


def test_code_in_a_file_is_never_run(tmp_path: Path):
    class Command:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    state = built(seed=3).network.state_dict()
    torch.save({"optimizer": Command(), "state_dict": state}, tmp_path / "beside.pth")
    assert same(built(weights=str(tmp_path / "beside.pth")).network, built(seed=3).network)
    torch.save({"state_dict": {**state, "convout.bias": Command()}}, tmp_path / "within.pth")
    with pytest.raises(WeightsError, match=r"entries are not tensors: convout\.bias"):
        built(weights=str(tmp_path / "within.pth"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("missing", r"1 missing: block1\.rep\.0\.conv1\.weight"),
        ("extra", r"1 unknown: head\.weight"),
        ("shape", r"1 of another shape: convout\.bias is \(1,\) in the file and \(2,\) in the network"),
    ],
)
def test_what_does_not_fit_is_named(change: str, words: str, tmp_path: Path):
    state = dict(built().network.state_dict())
    if change == "missing":
        del state["block1.rep.0.conv1.weight"]
    state |= {"extra": {"head.weight": torch.ones(1)}, "shape": {"convout.bias": torch.ones(1)}}.get(change, {})
    torch.save({"state_dict": state}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=words):
        built(weights=str(tmp_path / "net.pth"))


def test_another_networks_file_is_refused(tmp_path: Path):
    torch.save({"state_dict": built("xception_block2").network.state_dict()}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=r"unknown: block2\.skip\.weight"):
        built(weights=str(tmp_path / "net.pth"))


def test_what_cannot_be_built_is_told():
    with pytest.raises(UnknownNameError, match=r"forensics:xception_block6\. Did you mean 'xception_block"):
        built("xception_block6")
    with pytest.raises(ModelError, match=r"needs weights.*Published: "):
        built(weights=None)
    with pytest.raises(ModelError, match="takes no arguments, not classes"):
        built(arguments={"classes": 2})


@pytest.mark.parametrize(("name", "library"), [(CHEAP, "timm"), ("resnet18_layer1", "torchvision")])
def test_a_missing_library_is_named_with_its_extra(name: str, library: str, monkeypatch: pytest.MonkeyPatch):
    for module in ("jpegproof.models.forensics.truncated_xception", "jpegproof.models.forensics.truncated_resnet"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    for module in ("timm.models.xception", "torchvision.models"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"{library}.*jpegproof\[forensics\]"):
        forensics_detector(name, "random", 0, {})


@pytest.mark.parametrize("name", FORENSICS_NETWORKS)
def test_every_network_is_built_by_name_and_states_its_keys_as_published(name: str):
    model = built(name)
    last = "fc.bias" if name == "cnndetection" else "convout.bias"
    assert list(model.network.state_dict())[-1] == last
    assert not model.network.training
