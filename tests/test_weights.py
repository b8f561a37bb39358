"""Weights from files: every form that people have, and none that runs code."""

from __future__ import annotations

import argparse
import os
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from jpegproof.exceptions import WeightsError
from jpegproof.weights import PICKLE_SUFFIXES, SUFFIXES, file_digest, load_into, read_weights

STATE = {"head.weight": torch.arange(6.0).reshape(2, 3), "head.bias": torch.ones(2)}


class Running:
    """What unpickles to a command that leaves a file behind."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def refusal(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        read_weights(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def assert_is_state(weights: dict[str, torch.Tensor]) -> None:
    assert weights.keys() == STATE.keys()
    assert all(torch.equal(weights[key], STATE[key]) for key in STATE)


# What is read


def test_safetensors_are_read(tmp_path: Path):
    save_file(STATE, tmp_path / "a.safetensors")
    assert_is_state(read_weights(tmp_path / "a.safetensors"))


@pytest.mark.parametrize("suffix", [*PICKLE_SUFFIXES, ".PTH"])
@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoints_are_read_in_both_of_torchs_formats(suffix: str, zipped: bool, tmp_path: Path):
    path = tmp_path / f"a{suffix}"
    torch.save(STATE, path, _use_new_zipfile_serialization=zipped)
    assert_is_state(read_weights(path))


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "params_ema", "params", "net", "network"])
def test_a_checkpoint_that_holds_more_is_unwrapped(key: str, tmp_path: Path):
    torch.save({"epoch": 7, key: STATE, "optimizer": {"lr": 0.1}}, tmp_path / "a.pth")
    assert_is_state(read_weights(tmp_path / "a.pth"))


def test_the_smoothed_weights_of_a_restorer_go_before_the_raw_ones(tmp_path: Path):
    torch.save({"params": {"head.bias": torch.zeros(1)}, "params_ema": STATE}, tmp_path / "a.pth")
    assert_is_state(read_weights(tmp_path / "a.pth"))


def test_the_prefix_of_data_parallel_is_taken_off_where_every_key_has_it(tmp_path: Path):
    torch.save({"state_dict": {f"module.{key}": value for key, value in STATE.items()}}, tmp_path / "a.pth")
    assert_is_state(read_weights(tmp_path / "a.pth"))
    mixed = {"module.weight": torch.ones(1), "weight": torch.zeros(1)}
    torch.save(mixed, tmp_path / "b.pth")
    assert read_weights(tmp_path / "b.pth") == mixed


# What would run code


@pytest.mark.parametrize("how", ["zipped", "legacy", "plain pickle", "old plain pickle", "beside the tensors", "bare"])
@pytest.mark.parametrize("suffix", PICKLE_SUFFIXES)
def test_a_file_that_runs_code_is_refused_and_does_not_run(how: str, suffix: str, tmp_path: Path):
    path, trace = tmp_path / f"evil{suffix}", tmp_path / "it_ran"
    running = Running(f"touch {trace}")
    if how == "plain pickle":
        path.write_bytes(pickle.dumps({"head.weight": running}))
    elif how == "old plain pickle":
        path.write_bytes(pickle.dumps({"head.weight": running}, protocol=2))
    else:
        content = {
            "beside the tensors": {"state_dict": STATE, "args": running},
            "bare": running,
        }.get(how, {"head.weight": running})
        torch.save(content, path, _use_new_zipfile_serialization=how != "legacy")
    message = refusal(path)
    assert "could run code on loading; refused" in message
    assert "safetensors" in message
    assert not trace.exists()
    if how != "bare":  # the file is as dangerous as it looks
        pickle.loads(pickle.dumps(running))
        assert trace.exists()


def test_a_file_of_code_under_the_name_of_safetensors_does_not_run_either(tmp_path: Path):
    path, trace = tmp_path / "evil.safetensors", tmp_path / "it_ran"
    path.write_bytes(pickle.dumps(Running(f"touch {trace}")))
    assert "not a readable safetensors file" in refusal(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
        ({"state_dict": STATE, "args": argparse.Namespace(lr=1)}, "argparse.Namespace"),
        ({"state_dict": STATE, "best": np.float64(1)}, "numpy"),
    ],
    ids=["a whole model", "settings", "a numpy score"],
)
def test_harmless_objects_are_refused_too_and_named(thing: Any, name: str, tmp_path: Path):
    torch.save(thing, tmp_path / "a.pth")
    assert f"holds more than tensors ({name}" in refusal(tmp_path / "a.pth")


# What cannot be read


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_an_empty_and_a_text_file_are_told_apart(suffix: str, tmp_path: Path):
    path = tmp_path / f"a{suffix}"
    assert "no such weights file" in refusal(path)
    path.write_bytes(b"")
    assert refusal(path) == f"{path}: is empty"
    path.write_text("<!DOCTYPE html><html>404 Not Found</html>")
    assert "is not a " in refusal(path)
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n")
    assert "git lfs pull" in refusal(path)
    path.unlink()
    path.mkdir()
    assert "no such weights file" in refusal(path)


def test_an_unknown_ending_is_answered_with_the_known_ones(tmp_path: Path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"something")
    message = refusal(path)
    assert all(suffix in message for suffix in SUFFIXES)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([torch.ones(1)], "holds a list instead of tensors by name"),
        (torch.ones(3), "holds a Tensor instead"),
        ({}, "holds no tensors"),
        ({"state_dict": {}}, "holds no tensors"),
        ({**STATE, "epoch": 3, "name": "x"}, "entries are not tensors: epoch, name; save the plain state dict"),
        ({0: torch.ones(1)}, "no names but 0"),
    ],
)
def test_a_checkpoint_that_is_no_state_dict_is_refused(content: Any, reason: str, tmp_path: Path):
    torch.save(content, tmp_path / "a.pth")
    assert reason in refusal(tmp_path / "a.pth")


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy", "pickle"])
def test_every_truncation_and_damage_is_refused_or_read_and_never_anything_else(kind: str, tmp_path: Path):
    path = tmp_path / ("a.safetensors" if kind == "safetensors" else "a.pth")
    if kind == "safetensors":
        save_file(STATE, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"a": 1}))
    else:
        torch.save(STATE, path, _use_new_zipfile_serialization=kind == "zip")
    data, dice = path.read_bytes(), random.Random(kind)
    for _ in range(150):
        path.write_bytes(data[: dice.randrange(len(data))])
        refusal(path)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 3)):
            damaged[dice.randrange(len(data))] = dice.randrange(256)
        path.write_bytes(damaged)
        try:
            weights = read_weights(path)
        except WeightsError:
            continue
        assert all(isinstance(value, torch.Tensor) for value in weights.values())


# Into a network


def test_weights_are_loaded_whole(tmp_path: Path):
    source, target = network(), network()
    load_into(target, source.state_dict(), tmp_path)
    assert all(torch.equal(value, source.state_dict()[key]) for key, value in target.state_dict().items())


def test_half_precision_is_loaded_into_full(tmp_path: Path):
    source, target = network(), network()
    load_into(target, {key: value.half() for key, value in source.state_dict().items()}, tmp_path)
    assert target.state_dict()["0.weight"].dtype == torch.float32
    assert torch.equal(target.state_dict()["0.weight"], source.state_dict()["0.weight"].half().float())


def test_the_count_of_batches_may_be_absent(tmp_path: Path):
    state = {key: value for key, value in network().state_dict().items() if "num_batches" not in key}
    load_into(network(), state, tmp_path)


def test_all_that_does_not_fit_is_named_at_once_and_nothing_is_loaded(tmp_path: Path):
    target = network()
    before = {key: value.clone() for key, value in target.state_dict().items()}
    state = {key: torch.full_like(value, 5) for key, value in before.items()}
    del state["1.running_mean"]
    state["0.weight"] = torch.zeros(2, 3, 3, 3)
    state["head"] = torch.zeros(1)
    with pytest.raises(WeightsError) as caught:
        load_into(target, state, tmp_path / "a.pth")
    assert str(caught.value) == (
        f"{tmp_path}/a.pth: these weights are not of this network (Sequential). 1 missing: 1.running_mean; "
        "1 unknown: head; "
        "1 of another shape: 0.weight is (2, 3, 3, 3) in the file and (2, 1, 3, 3) in the network"
    )
    assert all(torch.equal(value, before[key]) for key, value in target.state_dict().items())


def test_of_many_keys_that_do_not_fit_a_few_are_named(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"6 unknown: k0, k1, k2, k3, \.\.\.$"):
        load_into(nn.Flatten(), {f"k{number}": torch.zeros(1) for number in range(6)}, tmp_path)


def test_a_digest_follows_the_bytes_and_not_the_name(tmp_path: Path):
    for name, content in {"a": b"1", "b": b"1", "c": b"2"}.items():
        (tmp_path / name).write_bytes(content)
    digests = [file_digest(tmp_path / name) for name in "abc"]
    assert digests[0] == digests[1] != digests[2]
    with pytest.raises(WeightsError, match="gone: cannot be read: No such file"):
        file_digest(tmp_path / "gone")
