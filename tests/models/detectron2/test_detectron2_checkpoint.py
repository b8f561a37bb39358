"""Checkpoint files: every official form, and what does not fit is named."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from jpegproof.exceptions import WeightsError
from jpegproof.models.detectron2.checkpoint import load_checkpoint

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}
OLD_BUFFERS = {
    "pixel_mean": torch.tensor([103.53, 116.28, 123.675]).reshape(3, 1, 1),
    "pixel_std": torch.ones(3, 1, 1),
    "proposal_generator.anchor_generator.cell_anchors.1": torch.tensor(
        [[-45.2548, -22.6274, 45.2548, 22.6274], [-32, -32, 32, 32], [-22.6274, -45.2548, 22.6274, 45.2548]]
    ),
}


def write_pickle(path: Path, state: dict[str, torch.Tensor], **others: Any) -> None:
    arrays = {key: value.numpy() for key, value in state.items()}
    path.write_bytes(pickle.dumps({"model": arrays, "__author__": "somebody", **others}, protocol=2))


def write_pth(path: Path, state: dict[str, torch.Tensor]) -> None:
    torch.save({"model": state, "optimizer": {"lr": 0.1}, "iteration": 89999}, path)


WRITERS = {".pkl": write_pickle, ".pth": write_pth, ".safetensors": lambda path, state: save_file(state, path)}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("old", [False, True])
def test_each_form_of_file_is_loaded(suffix: str, old: bool, tmp_path: Path):
    network, path = nn.Linear(3, 2), tmp_path / f"model_final{suffix}"
    WRITERS[suffix](path, {**STATE, **(OLD_BUFFERS if old else {})})
    load_checkpoint(network, path)
    assert torch.equal(network.weight, STATE["weight"])
    assert torch.equal(network.bias, STATE["bias"])


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bias": None}, "1 missing: bias"),
        ({"extra.weight": torch.ones(1)}, "1 unknown: extra.weight"),
        ({"bias": torch.ones(3)}, r"bias is \(3,\) in the file and \(2,\) in the network"),
    ],
)
def test_keys_and_shapes_that_do_not_fit_are_named(
    suffix: str, change: dict[str, torch.Tensor | None], words: str, tmp_path: Path
):
    path = tmp_path / f"model_final{suffix}"
    WRITERS[suffix](path, {key: value for key, value in {**STATE, **change}.items() if value is not None})
    with pytest.raises(WeightsError, match=words):
        load_checkpoint(nn.Linear(3, 2), path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pixel_mean", torch.tensor([123.675, 116.28, 103.53])),
        ("pixel_std", torch.tensor([57.375, 57.12, 58.395])),
        ("proposal_generator.anchor_generator.cell_anchors.0", torch.zeros(3, 4)),
        ("proposal_generator.anchor_generator.cell_anchors.5", torch.zeros(3, 4)),
        ("anchor_generator.cell_anchors.0", torch.zeros(3, 4)),
    ],
)
def test_weights_for_other_pixels_or_anchors_are_refused(key: str, value: torch.Tensor, tmp_path: Path):
    write_pickle(tmp_path / "a.pkl", {**STATE, key: value})
    with pytest.raises(WeightsError, match=f"{key} is .*another configuration"):
        load_checkpoint(nn.Linear(3, 2), tmp_path / "a.pkl")


def test_files_of_other_programs_are_told_apart(tmp_path: Path):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"blobs": {"conv1_w": np.zeros(3)}}))
    with pytest.raises(WeightsError, match="Caffe2"):
        load_checkpoint(nn.Linear(3, 2), path)
    write_pickle(path, STATE, matching_heuristics=True)
    with pytest.raises(WeightsError, match="a whole detector is needed"):
        load_checkpoint(nn.Linear(3, 2), path)
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(WeightsError, match="no arrays under 'model'"):
        load_checkpoint(nn.Linear(3, 2), path)
    path.write_bytes(pickle.dumps({"model": {"weight": "text"}}))
    with pytest.raises(WeightsError, match="weight is a str and no array of numbers"):
        load_checkpoint(nn.Linear(3, 2), path)
