"""Models of transformers from a folder as save_pretrained leaves it: built, prepared for, asked, and kept from code."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_transformers import detr, resnet_classifier, segformer, vit_classifier, vit_features
from transformers import AutoImageProcessor

from jpegproof.exceptions import JpegproofError, MissingExtraError, ModelError, WeightsError
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.batch import Batch

KINDS = {
    "vit": (vit_classifier, "classification"),
    "resnet": (resnet_classifier, "classification"),
    "detr": (detr, "detection"),
    "segformer": (segformer, "semantic_segmentation"),
    "features": (vit_features, "tensors"),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("transformers")
    return {name: make(root / name) for name, (make, _) in KINDS.items()}


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def batch_of(model: Model, *pictures: np.ndarray) -> Batch:
    framed = [model.preparation.frame(item) for item in pictures]
    inputs = tuple(model.preparation.normalise(pixels) for pixels, _ in framed)
    return Batch(inputs, tuple(geometry for _, geometry in framed), (None,) * len(inputs))


def with_config(folder: Path, to: Path, **fields: Any) -> Path:
    shutil.copytree(folder, to)
    config = json.loads((to / "config.json").read_text())
    (to / "config.json").write_text(json.dumps({**config, **fields}))
    return to


def complaint(name: str, **options: Any) -> str:
    with pytest.raises(JpegproofError) as caught:
        find_model(name, **options)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_is_a_model_of_the_task_that_its_class_is_for(kind: str, folders: dict[str, Path]):
    model = find_model(f"hf:{folders[kind]}")
    assert model.task.name == KINDS[kind][1]
    assert not model.network.training
    answer = model.task.answer(model.network, batch_of(model, picture(60, 80)))
    assert len(answer) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(97, 130), (131, 96), (64, 64), (33, 200), (31, 30)])
def test_pictures_are_prepared_as_the_library_prepares_them(kind: str, size: tuple[int, int], folders: dict[str, Path]):
    model = find_model(f"hf:{folders[kind]}")
    processor = AutoImageProcessor.from_pretrained(folders[kind], backend="pil")
    stored = picture(*size)
    theirs = processor(stored, input_data_format="channels_last", return_tensors="np")["pixel_values"][0]
    ours = batch_of(model, stored).inputs[0].numpy()
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5
    through = model.preparation.differentiable(torch.from_numpy(stored).permute(2, 0, 1) / 255)
    assert through.shape == ours.shape
    assert np.abs(through.numpy() - ours).mean() < 0.5 / 255 / 0.2  # a grey level's rounding, in units of the deviation


def test_fields_of_a_processor_reach_the_preparation(tmp_path: Path):
    fields = {
        "size": {"shortest_edge": 40},
        "do_center_crop": True,
        "crop_size": {"height": 32, "width": 32},
        "resample": 3,
        "rescale_factor": 1 / 127.5,
        "image_mean": [1.0, 1.0, 1.0],
        "image_std": [1.0, 1.0, 2.0],
        "image_processor_type": "CLIPImageProcessor",
    }
    prepared = find_model(f"hf:{vit_classifier(tmp_path / 'vit', **fields)}").preparation
    assert isinstance(prepared, ResizeCrop)
    assert (prepared.resize, prepared.crop, prepared.interpolation) == (40, (32, 32), "bicubic")
    assert prepared.mean == pytest.approx((0.5, 0.5, 0.5))
    assert prepared.std == pytest.approx((0.5, 0.5, 1.0))


def test_a_processor_with_a_step_of_its_own_is_refused_rather_than_left_out(tmp_path: Path):
    folder = vit_classifier(
        tmp_path / "vit", image_processor_type="MobileViTImageProcessor", do_flip_channel_order=True
    )
    config = json.loads((folder / "preprocessor_config.json").read_text())
    config |= {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(config))
    assert "in a way that is not known here (inputs differ by up to" in complaint(f"hf:{folder}")


def test_a_preparation_can_be_changed(folders: dict[str, Path]):
    model = find_model(f"hf:{folders['detr']}", preparation={"resize": 48})
    assert batch_of(model, picture(60, 80)).inputs[0].shape == (3, 48, 64)
    assert "takes resize: PIXELS" in complaint(f"hf:{folders['detr']}", preparation={"crop": (8, 8)})


# Weights


def test_the_networks_own_weights_are_loaded_and_name_the_model(folders: dict[str, Path], tmp_path: Path):
    model = find_model(f"hf:{folders['vit']}")
    stored = load_file(folders["vit"] / "model.safetensors")
    assert torch.equal(model.network.state_dict()["classifier.weight"], stored["classifier.weight"])
    shutil.copytree(folders["vit"], tmp_path / "moved")
    assert find_model(f"hf:{tmp_path / 'moved'}").identity == model.identity
    changed = {name: value + 1 for name, value in stored.items()}
    save_file(changed, tmp_path / "moved" / "model.safetensors", {"format": "pt"})
    assert find_model(f"hf:{tmp_path / 'moved'}").identity != model.identity


def test_a_state_that_fit_wrote_goes_in_its_place(folders: dict[str, Path], tmp_path: Path):
    model = find_model(f"hf:{folders['detr']}")
    save_file(
        {key: torch.zeros_like(value) for key, value in model.network.state_dict().items()}, tmp_path / "m.safetensors"
    )
    again = find_model(f"hf:{folders['detr']}", weights=str(tmp_path / "m.safetensors"))
    assert all(not value.any() for value in again.network.state_dict().values())


def test_random_weights_follow_the_seed(folders: dict[str, Path]):
    states = [find_model(f"hf:{folders['vit']}", weights="random", seed=seed).identity["state"] for seed in (1, 1, 2)]
    assert states[0] == states[1] != states[2]


def test_a_pickle_of_weights_is_refused_with_a_way_out(folders: dict[str, Path], tmp_path: Path):
    folder = tmp_path / "pickled"
    shutil.copytree(folders["vit"], folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"a pickle \(pytorch_model.bin\).*--weights .*pytorch_model.bin"):
        find_model(f"hf:{folder}")
    model = find_model(f"hf:{folder}", weights=str(folder / "pytorch_model.bin"))
    assert model.identity["state"] == find_model(f"hf:{folders['vit']}").identity["state"]


def test_weights_of_another_head_are_not_filled_up_with_random_ones(folders: dict[str, Path], tmp_path: Path):
    folder = with_config(folders["features"], tmp_path / "headless", architectures=["ViTForImageClassification"])
    with pytest.raises(WeightsError, match=r"are missing or of another shape \(classifier.bias"):
        find_model(f"hf:{folder}")


# Code


def test_a_model_that_brings_its_own_code_is_refused_and_its_code_is_not_run(folders: dict[str, Path], tmp_path: Path):
    folder = with_config(
        folders["vit"],
        tmp_path / "code",
        model_type="own",
        auto_map={"AutoConfig": "own.Config", "AutoModelForImageClassification": "own.Network"},
    )
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert "code of its own, which is never run" in complaint(f"hf:{folder}")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation"])
def test_a_configuration_that_names_code_of_the_hub_is_refused(key: str, folders: dict[str, Path], tmp_path: Path):
    folder = with_config(folders["vit"], tmp_path / "kernels", **{key: "somebody/attention"})
    assert "code of the hub" in complaint(f"hf:{folder}")


def test_an_image_processor_of_its_own_is_refused(folders: dict[str, Path], tmp_path: Path):
    folder = tmp_path / "processor"
    shutil.copytree(folders["vit"], folder)
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    said = {"image_processor_type": "OwnProcessor", "auto_map": {"AutoImageProcessor": "own.OwnProcessor"}}
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    with pytest.raises(ModelError):
        find_model(f"hf:{folder}")
    assert not (tmp_path / "ran").exists()


# What cannot be had


def test_what_is_not_there_or_takes_more_than_pictures_is_told(folders: dict[str, Path], tmp_path: Path):
    assert "there is no such folder" in complaint(f"hf:{tmp_path / 'nowhere'}")
    assert "made for classification, not for detection" in complaint(f"hf:{folders['vit']}", task="detection")
    other = with_config(folders["vit"], tmp_path / "text", model_type="bert", architectures=["BertModel"])
    assert "takes more than pictures" in complaint(f"hf:{other}")
    strange = with_config(folders["vit"], tmp_path / "strange", architectures=["ViTForEverything"])
    assert "'ViTForEverything', which transformers has not" in complaint(f"hf:{strange}")
    bare = tmp_path / "bare"
    shutil.copytree(folders["vit"], bare)
    (bare / "preprocessor_config.json").unlink()
    assert "preprocessor_config.json cannot be used" in complaint(f"hf:{bare}")


def test_a_name_on_the_hub_goes_the_same_way(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # the hub's own error, without its minute of retries
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert "hf:nobody/nothing: config.json cannot be used" in complaint("hf:nobody/nothing")
    assert "name its folder: hf:FOLDER" in complaint("hf:nobody/nothing")


def test_any_model_can_be_compared_by_its_tensors_alone(folders: dict[str, Path]):
    model = find_model(f"hf:{folders['vit']}", task="tensors")
    (answer,) = model.task.answer(model.network, batch_of(model, picture(60, 80)))
    assert set(answer) == {"logits"}


def test_without_transformers_the_error_names_the_extra(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jpegproof\[hf\]'"):
        find_model(f"hf:{folders['vit']}")
