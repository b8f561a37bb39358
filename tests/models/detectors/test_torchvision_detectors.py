"""torchvision's detectors by name: built, fed and refused as its classifiers are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from jpeg_files import smooth_picture
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads
from torchvision.models.detection.retinanet import RetinaNetHead
from torchvision.models.detection.rpn import RPNHead

from jpegproof.exceptions import MissingExtraError, ModelError, UnknownNameError, WeightsError
from jpegproof.models.detectors.published_form import current_keys
from jpegproof.models.detectors.torchvision_names import TORCHVISION_DETECTORS
from jpegproof.models.find import find_model
from jpegproof.studies.references import reference_mistakes

SMALL = "fasterrcnn_mobilenet_v3_large_320_fpn"
PICTURE = smooth_picture(48, 64)


@pytest.fixture(scope="module")
def small() -> Any:
    return find_model(f"torchvision:{SMALL}", weights="random")


def state_of(network: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone().contiguous() for key, value in network.state_dict().items()}


def answer(network: Any, picture: Any = PICTURE) -> torch.Tensor:
    """Logits of proposals, which all of a network takes part in."""
    pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255
    with torch.no_grad():
        return network.dense([pixels])[0].tensors["class_logits"]


def test_every_name_is_one_of_torchvisions_detectors():
    known = set(models.list_models(module=models.detection))
    assert set(TORCHVISION_DETECTORS) <= known
    assert {name for name, task in TORCHVISION_DETECTORS.items() if task == "instance_segmentation"} == {
        name for name in TORCHVISION_DETECTORS if "mask" in name
    }


def test_a_detector_is_ready_to_be_measured(small: Any):
    assert small.task.name == "detection"
    assert not small.network.training
    assert small.identity == {"name": f"torchvision:{SMALL}", "weights": "random", "seed": 0}


def test_pictures_go_in_as_they_are_in_0_to_1(small: Any):
    framed, geometry = small.preparation.frame(PICTURE)
    prepared = small.preparation.normalise(framed)
    assert np.array_equal(prepared.mul(255).round().byte().permute(1, 2, 0).numpy(), PICTURE)
    assert torch.equal(geometry.to_source(torch.tensor([[1.0, 2.0, 3.0, 4.0]])), torch.tensor([[1.0, 2.0, 3.0, 4.0]]))


def test_random_weights_are_those_of_the_seed_and_disturb_nobody(small: Any):
    state = torch.random.get_rng_state()
    again, other = (find_model(f"torchvision:{SMALL}", weights="random", seed=seed) for seed in (0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(answer(small.network), answer(again.network))
    assert not torch.equal(answer(small.network), answer(other.network))


def test_it_answers_with_cocos_category_ids(small: Any):
    assert answer(small.network).shape[1] == 91
    names: Any = models.get_model_weights(SMALL)
    assert (names.DEFAULT.meta["categories"][1], names.DEFAULT.meta["categories"][90]) == ("person", "toothbrush")


@pytest.mark.parametrize(
    "name",
    [
        SMALL,
        pytest.param("fasterrcnn_resnet50_fpn", marks=pytest.mark.slow),
        pytest.param("fasterrcnn_resnet50_fpn_v2", marks=pytest.mark.slow),
    ],
)
def test_a_local_file_answers_as_torchvisions_published_weights_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Norms frozen, and without an epsilon where torchvision leaves it away: the same answers to the last bit."""
    published: Any = models.get_model_weights(name)
    state = state_of(find_model(f"torchvision:{name}", weights="random").network)
    frozen = not name.endswith("_v2")
    state = {key: value for key, value in state.items() if not (frozen and key.endswith("num_batches_tracked"))}
    for key, value in state.items():
        if key.endswith("running_var"):
            value.fill_(1e-4)  # small enough that an epsilon matters
    save_file(state, tmp_path / "own.safetensors")
    monkeypatch.setattr(type(published.DEFAULT), "get_state_dict", lambda *_, **__: dict(state))
    own = find_model(f"torchvision:{name}", weights=str(tmp_path / "own.safetensors"))
    theirs = find_model(f"torchvision:{name}", weights="COCO_V1")
    wanted = answer(theirs.network)
    assert torch.isfinite(wanted).all()
    assert torch.equal(answer(own.network), wanted)
    assert theirs.identity["weights"] == f"torchvision {published.COCO_V1}"
    assert own.identity["weights"] != theirs.identity["weights"]


def test_what_was_trained_from_a_network_with_batch_norms_loads_again(small: Any, tmp_path: Path):
    save_file(state_of(small.network), tmp_path / "fitted.safetensors")
    again = find_model(f"torchvision:{SMALL}", weights=str(tmp_path / "fitted.safetensors"))
    assert torch.equal(answer(again.network), answer(small.network))


def test_older_keys_are_read_as_torchvision_reads_them():
    def heads() -> nn.Module:
        network = nn.Module()
        network.rpn = nn.ModuleDict({"head": RPNHead(4, 2)})
        network.head = RetinaNetHead(4, 2, 3)
        network.roi_heads = nn.ModuleDict({"mask_head": MaskRCNNHeads(4, [4] * 4, 1)})
        return network

    old = {}
    for key, value in heads().state_dict().items():
        changed = key.replace("rpn.head.conv.0.0.", "rpn.head.conv.")
        for number in range(4):
            changed = changed.replace(f"mask_head.{number}.0.", f"mask_head.mask_fcn{number + 1}.")
            changed = changed.replace(f"_head.conv.{number}.0.", f"_head.conv.[{2 * number}].")
        old[changed.replace("[", "").replace("]", "")] = value
    ours, theirs = heads(), heads()
    assert set(old) != set(ours.state_dict())
    ours.load_state_dict(current_keys(old))
    theirs.load_state_dict(dict(old))
    assert all(torch.equal(value, theirs.state_dict()[key]) for key, value in ours.state_dict().items())
    assert current_keys(ours.state_dict()).keys() == ours.state_dict().keys()


@pytest.mark.parametrize("file", ["gone.safetensors", "other.safetensors"])
def test_weights_that_do_not_fit_are_refused_with_their_path(file: str, tmp_path: Path):
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match=file):
        find_model(f"torchvision:{SMALL}", weights=str(tmp_path / file))


def test_mistyped_weights_are_answered_with_the_nearest_and_all_there_are():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'COCO_V1'\? Known: COCO_V1.*random, or a local file"):
        find_model(f"torchvision:{SMALL}", weights="COCO_V2")


@pytest.mark.parametrize("error", [URLError("no route"), RuntimeError("invalid hash")])
def test_weights_that_cannot_be_downloaded_point_to_a_local_file(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def urlopen(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "urlopen", urlopen)
    with pytest.raises(ModelError, match=rf"torchvision:{SMALL} could not be downloaded .* --weights FILE"):
        find_model(f"torchvision:{SMALL}")


def test_a_mistyped_detector_is_answered_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="Did you mean 'fasterrcnn_resnet50_fpn'"):
        find_model("torchvision:fasterrcnn_resnet50_fnp", weights="random")


def test_a_study_file_may_name_a_detector():
    def mistakes(name: str) -> list[str]:
        content = {"data": {"d": {}}, "models": {"m": {"from": f"torchvision:{name}"}}}
        return [text for place, text in reference_mistakes(content, Path()) if place == ("models", "m", "from")]

    assert not mistakes(SMALL)
    assert "Did you mean 'maskrcnn_resnet50_fpn'" in mistakes("maskrcnn_resnet50_fnp")[0]


def test_without_torchvision_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jpegproof\[detection\]'"):
        find_model(f"torchvision:{SMALL}", weights="random")
