"""Pickles of arrays: those of both numpys and all protocols are read, and nothing in them is run."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parity_fixtures import parity_fixture

from jpegproof.exceptions import WeightsError
from jpegproof.models.detectron2.pickled_arrays import as_array, read_pickled_arrays

ARRAYS = [
    np.arange(12, dtype=np.float32).reshape(3, 4),
    np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    np.arange(6, dtype=np.int64)[::2],
    np.array(3.5, np.float16),
    np.zeros((0, 4), np.float32),
    np.array([True, False]),
    np.arange(5, dtype=">f4"),
]


class Running:
    """What unpickles to a command that leaves a file behind."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def written(content: Any, folder: Path, protocol: int = 2) -> Path:
    path = folder / "content.pkl"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        read_pickled_arrays(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("place", range(len(ARRAYS)))
def test_arrays_come_back_in_every_protocol(place: int, protocol: int, tmp_path: Path):
    path = written({"model": OrderedDict(a=ARRAYS[place]), "n": np.float32(1.5), "t": (1, "x")}, tmp_path, protocol)
    content = read_pickled_arrays(path)
    found = as_array(content["model"]["a"], path, "a")
    assert found.dtype == ARRAYS[place].dtype
    assert found.shape == ARRAYS[place].shape
    assert (found == ARRAYS[place]).all()
    assert content["n"] == 1.5
    assert content["t"] == (1, "x")


def test_the_names_of_numpy_1_and_of_python_2_are_known(tmp_path: Path):
    array = ARRAYS[0]
    plain = pickle.dumps(array, protocol=2)
    assert b"numpy._core.multiarray" in plain
    path = tmp_path / "numpy1.pkl"
    path.write_bytes(plain.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert (as_array(read_pickled_arrays(path), path, "a") == array).all()
    # Python 2 wrote the numbers as a string of bytes: U is its opcode, with one byte of length.
    values = array.tobytes()
    two = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x03K\x04\x86"
        b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U"
    )
    path.write_bytes(two + bytes([len(values)]) + values + b"tb.")
    assert (as_array(read_pickled_arrays(path), path, "a") == array).all()


@pytest.mark.real
@pytest.mark.parametrize("network", ["fast_rcnn", "faster_rcnn", "retinanet", "mask_rcnn"])
@pytest.mark.parametrize("how", ["protocol2_numpy1", "protocol4_numpy2"])
def test_official_pickles_are_read(network: str, how: str, tmp_path: Path):
    fixture = parity_fixture(f"detectron2-{network}_R_50_FPN")
    path = tmp_path / "model_final.pkl"
    path.write_bytes(fixture.arrays[f"pkl/{how}"].tobytes())
    content = read_pickled_arrays(path)
    assert list(content["model"]) == fixture.spec["cases"]["pkl"]["keys"]
    shapes = {key: shape for key, shape, _ in fixture.spec["tensors"]["model"]}
    for key, value in content["model"].items():
        array = as_array(value, path, key)
        assert list(array.shape) == shapes[key]
        mean, spread = fixture.spec["fill"].get(key, (0.0, 0.05))
        assert np.abs(array - mean).max() <= np.sqrt(3) * spread * 1.001


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("where", ["alone", "beside", "as an array's numbers"])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(where: str, protocol: int, tmp_path: Path):
    trace = tmp_path / "it_ran"
    running = Running(f"touch {trace}")
    content = {
        "alone": running,
        "beside": {"model": {"a": ARRAYS[0]}, "__author__": running},
        "as an array's numbers": {"model": {"a": np.array([running], dtype=object)}},
    }[where]
    message = refusal(written(content, tmp_path, protocol))
    assert "could run code on loading; refused" in message
    assert f"{os.system.__module__}.system" in message
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"c_codecs\nencode\n(Vimport os\nVrot13\ntR.", "rot13"),
        (b"cnumpy\nndarray\n(tR.", "numpy.ndarray, called"),
        (b"cbuiltins\neval\n.", "builtins.eval"),
        (b"c__builtin__\ngetattr\n.", "__builtin__.getattr"),
        (b"cnumpy\nload\n.", "numpy.load"),
        (b"cnumpy._core.multiarray\n_reconstruct.__globals__\n.", "__globals__"),
        (b"\x80\x02c__builtin__\nbytes\nJ\xff\xff\xff\x7f\x85R.", "bytes of something"),
        (b"\x80\x04\x8c\x03o\ns\x8c\x04evil\x93.", r"o\ns.evil"),
        (b"Phttp://somewhere\n.", "stored elsewhere"),
        (b"\x80\x02\x82\x01.", "registry of extensions"),
    ],
)
def test_other_ways_out_are_closed(content: bytes, words: str, tmp_path: Path):
    path = tmp_path / "evil.pkl"
    path.write_bytes(content)
    message = refusal(path)
    assert words in message
    assert "refused" in message


def test_what_a_file_does_to_a_name_does_not_outlive_it(tmp_path: Path):
    path = tmp_path / "evil.pkl"
    # Sets the attributes and the defaults of what stands in for numpy's function.
    path.write_bytes(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}X\x01\x00\x00\x00xK\x01sb.")
    first = read_pickled_arrays(path)
    assert first.x == 1
    path.write_bytes(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n.")
    assert not hasattr(read_pickled_arrays(path), "x")


@pytest.mark.parametrize("array", [np.array(["a", "b"]), np.array([{}], dtype=object), np.zeros(2, "f4,i4")])
def test_arrays_of_anything_but_numbers_are_not_made(array: np.ndarray, tmp_path: Path):
    path = written({"a": array}, tmp_path)
    with pytest.raises(WeightsError, match=r"content\.pkl"):
        as_array(read_pickled_arrays(path)["a"], path, "a")


def test_an_array_that_claims_more_than_it_has_is_an_error(tmp_path: Path):
    plain = pickle.dumps(np.zeros(7, np.float32), protocol=4)
    path = tmp_path / "short.pkl"
    path.write_bytes(plain.replace(b"K\x07\x85", b"K\x70\x85"))
    with pytest.raises(WeightsError, match=r"a cannot be read: cannot reshape"):
        as_array(read_pickled_arrays(path), path, "a")


def test_damaged_and_missing_files_are_told(tmp_path: Path):
    path = written({"model": {"a": ARRAYS[0]}}, tmp_path)
    plain = path.read_bytes()
    for length in range(0, len(plain), 7):
        path.write_bytes(plain[:length])
        # Cut off within a name, it is another name.
        assert "is not a readable pickle" in refusal(path) or "refused" in refusal(path)
    assert "cannot be read" in refusal(tmp_path / "nothing.pkl")
