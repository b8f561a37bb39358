"""Checkpoints between foreign objects: their tensors come out, and nothing else happens."""

from __future__ import annotations

import argparse
import builtins
import os
import random
import sys
import zipfile
from collections import OrderedDict
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch._utils import _rebuild_tensor_v2

from jpegproof.exceptions import WeightsError
from jpegproof.inert_checkpoint import ForeignObject, read_inert
from jpegproof.weights import read_weights

STATE = {"head.weight": torch.arange(6.0).reshape(2, 3), "head.bias": torch.ones(2)}
FORMATS = [True, False]


class Calling:
    """What unpickles to a call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


class Foreign:
    """Stands for a class of the program that trained: with state, as a list, as a dict."""

    def __init__(self) -> None:
        self.tensor = torch.ones(3)


class ForeignList(list[Any]): ...


class ForeignDict(dict[Any, Any]): ...


def saved(content: Any, path: Path, zipped: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return read_weights(path, foreign="ignore")


def assert_is_state(weights: dict[str, torch.Tensor]) -> None:
    assert weights.keys() == STATE.keys()
    assert all(torch.equal(weights[key], STATE[key]) for key in STATE)


# What is read


@pytest.mark.parametrize("zipped", FORMATS)
def test_foreign_objects_are_passed_over(zipped: bool, tmp_path: Path):
    content = {
        "epoch": 3,
        "hyper_parameters": {
            "stats": Foreign(),
            "optimizer": partial(torch.optim.Adam, lr=1e-3),
            "path": Path("x"),
            "callbacks": ForeignList([Foreign()]),
            "args": ForeignDict(a=argparse.Namespace(b=1)),
            "set": {1, 2},
            "array": np.float64(1),
            "type": torch.float32,
            "device": torch.device("cpu"),
            Foreign: "as a key",
        },
        "state_dict": STATE,
    }
    path = saved(content, tmp_path / "a.ckpt", zipped)
    assert_is_state(weights_of(path))
    with pytest.raises(WeightsError, match="holds more than tensors"):
        read_weights(path)


@pytest.mark.parametrize("zipped", FORMATS)
def test_a_whole_model_beside_the_weights_is_passed_over(zipped: bool, tmp_path: Path):
    assert_is_state(
        weights_of(saved({"model_object": torch.nn.Linear(2, 2), "model": STATE}, tmp_path / "a.pt", zipped))
    )


@pytest.mark.parametrize("zipped", FORMATS)
def test_tensors_of_every_kind_come_out_as_they_went_in(zipped: bool, tmp_path: Path):
    shared = torch.arange(12.0)
    state: OrderedDict[str, torch.Tensor] = OrderedDict(
        parameter=torch.nn.Parameter(torch.randn(3, 2)),
        scalar=torch.tensor(3),
        empty=torch.zeros(0, 4),
        transposed=torch.arange(6).reshape(2, 3).t(),
        part=shared[2:5],
        every_third=shared[::3],
        flags=torch.tensor([True, False]),
        **{str(kind): torch.ones(3, dtype=kind) for kind in (torch.float16, torch.bfloat16, torch.float64, torch.int8)},
    )
    read = weights_of(saved(state, tmp_path / "a.pth", zipped))
    assert list(read) == list(state)
    for key, value in state.items():
        assert read[key].dtype == value.dtype
        assert torch.equal(read[key], value.detach())
        assert not read[key].requires_grad


def test_the_files_own_bytes_stay_as_they_are(tmp_path: Path):
    path = saved(STATE, tmp_path / "a.pth")
    before = path.read_bytes()
    for value in weights_of(path).values():
        value.zero_()
    assert path.read_bytes() == before
    assert_is_state(weights_of(path))


# What would run code


def saved_bytes(content: Any) -> bytes:
    out = BytesIO()
    torch.save(content, out)
    return out.getvalue()


def touch(path: Path) -> str:
    return f"open({str(path)!r}, 'w').close()"


HOSTILE = {
    "os.system": lambda trace: Calling(os.system, f"touch {trace}"),
    "eval": lambda trace: Calling(builtins.eval, touch(trace)),
    "exec": lambda trace: Calling(builtins.exec, touch(trace)),
    "nested": lambda trace: Calling(list, Calling(map, builtins.eval, [touch(trace)])),
    "partial": lambda trace: Calling(partial(os.system, f"touch {trace}")),
    "in state": lambda trace: [ForeignDict(a=Calling(os.system, f"touch {trace}"))],
    "torch's own loader": lambda trace: Calling(
        torch.storage._load_from_bytes, saved_bytes(Calling(os.system, f"touch {trace}"))
    ),
}


@pytest.mark.parametrize("how", HOSTILE)
@pytest.mark.parametrize("zipped", FORMATS)
def test_what_would_run_does_not(how: str, zipped: bool, tmp_path: Path):
    trace = tmp_path / "it_ran"
    hostile = HOSTILE[how](trace)
    path = saved({"hyper_parameters": {"x": [hostile]}, "state_dict": STATE}, tmp_path / "a.ckpt", zipped)
    assert_is_state(weights_of(path))
    assert not trace.exists()
    with pytest.raises(WeightsError, match=r"holds a ForeignObject|entries are not tensors"):
        weights_of(saved(Calling(os.system, f"touch {trace}"), path, zipped))
    with pytest.raises(WeightsError, match="entries are not tensors: x"):
        weights_of(saved({"x": Calling(os.system, f"touch {trace}")}, path, zipped))
    assert not trace.exists()
    torch.load(saved(hostile, path, zipped), weights_only=False)
    assert trace.exists()  # the file is as dangerous as it looks


def pickled(content: bytes, path: Path) -> Path:
    """A checkpoint in zip format around a pickle written by hand."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'touch TRACE'\ntR.",
        b"(S'touch TRACE'\nios\nsystem\n.",  # INST
        b"(cos\nsystem\nS'touch TRACE'\no.",  # OBJ
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0btouch TRACE\x85R.",  # STACK_GLOBAL
        b"\x80\x02cos\nsystem\n)\x81S'touch TRACE'\nb.",  # NEWOBJ, BUILD
        b"\x80\x04cos\nsystem\n)}\x92.",  # NEWOBJ_EX
        b"cbuiltins\ngetattr\n(cos\n__dict__\nS'system'\ntR(S'touch TRACE'\ntR.",
    ],
)
def test_pickles_by_hand_do_not_run(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    path = pickled(content, tmp_path / "a.pth")
    with pytest.raises(WeightsError):
        weights_of(path)
    assert isinstance(read_inert(path), ForeignObject)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.pth"]


def test_nothing_is_imported(tmp_path: Path):
    path = pickled(b"cantigravity\nfly\n.", tmp_path / "a.pth")
    read_inert(path)
    assert "antigravity" not in sys.modules


def test_a_file_can_change_nothing_that_another_meets(tmp_path: Path):
    # BUILD with a pair sets attributes: of what tensors are rebuilt with, and of a stand-in's class.
    for name in (b"torch._utils\n_rebuild_tensor_v2", b"collections\nOrderedDict", b"some\nclass"):
        content = b"c" + name + b"\n(N}S'__defaults__'\n(I1\nI2\ntsS'mark'\nI1\nstb."
        path = pickled(content, tmp_path / "a.pth")
        try:
            read_inert(path)
        except (TypeError, AttributeError):
            continue
    assert_is_state(weights_of(saved(STATE, tmp_path / "b.pth")))
    assert not hasattr(ForeignObject, "mark")
    assert not hasattr(_rebuild_tensor_v2, "mark")


# What cannot be read


@pytest.mark.parametrize("zipped", FORMATS)
def test_a_tensor_larger_than_its_storage_is_refused(zipped: bool, tmp_path: Path):
    path = saved({"x": torch.arange(7.0)}, tmp_path / "a.pth", zipped)
    data = path.read_bytes()
    size = b"K\x07\x85"  # the size, a tuple of the number 7
    assert data.count(size) == 1
    if zipped:
        with zipfile.ZipFile(path) as archive:
            entries = {entry: archive.read(entry) for entry in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content.replace(size, b"K\x09\x85"))
    else:
        path.write_bytes(data.replace(size, b"K\x09\x85"))
    with pytest.raises(WeightsError, match="out of bounds"):
        weights_of(path)


def test_a_compressed_archive_is_refused(tmp_path: Path):
    path = saved(STATE, tmp_path / "a.pth")
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(WeightsError, match="compressed"):
        weights_of(path)


@pytest.mark.parametrize("zipped", FORMATS)
def test_every_truncation_and_damage_is_refused_or_read_and_never_anything_else(zipped: bool, tmp_path: Path):
    path = saved({"state_dict": STATE, "hyper_parameters": Foreign()}, tmp_path / "a.ckpt", zipped)
    data, dice = path.read_bytes(), random.Random(zipped)
    for number in range(400):
        damaged = bytearray(data[: dice.randrange(len(data))] if number % 2 else data)
        for _ in range(dice.randint(1, 3) if damaged and number % 2 == 0 else 0):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        path.write_bytes(damaged)
        try:
            weights = weights_of(path)
        except WeightsError:
            continue
        assert all(isinstance(value, torch.Tensor) for value in weights.values())
