"""Models whose name is a file or a folder: the same from anywhere, and told where they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from jpegproof.models.local_sources import absolute_source, missing_source
from jpegproof.models.names import LIBRARIES, is_entry_point, unknown_model


@pytest.mark.parametrize(
    ("source", "absolute"),
    [
        ("own.py:build", "{root}/own.py:build"),
        ("torchscript:a/network.pt", "torchscript:{root}/a/network.pt"),
        ("export:network.pt2", "export:{root}/network.pt2"),
        ("onnx:/elsewhere/network.onnx", "onnx:/elsewhere/network.onnx"),
        ("hf:here", "hf:{root}/here"),
        ("hf:somebody/there", "hf:somebody/there"),
        ("torchvision:resnet18", "torchvision:resnet18"),
        ("package.module:build", "package.module:build"),
    ],
)
def test_names_of_files_and_folders_become_absolute(source: str, absolute: str, tmp_path: Path):
    (tmp_path / "here").mkdir()
    assert absolute_source(source, tmp_path) == absolute.format(root=tmp_path)


def test_a_missing_file_is_found_out(tmp_path: Path):
    (tmp_path / "network.pt").touch()
    assert missing_source("torchscript:network.pt", tmp_path) is None
    assert missing_source("onnx:network.onnx", tmp_path) == tmp_path / "network.onnx"
    assert missing_source("hf:nowhere", tmp_path) is None
    assert missing_source("torchvision:resnet18", tmp_path) is None


def test_no_library_is_taken_for_a_module_of_ones_own():
    assert not any(is_entry_point(f"{library}:name") for library in LIBRARIES)
    assert "Did you mean 'onnx:file'" in unknown_model("onx:file")
    assert all(f"{library}:" in unknown_model("strange") for library in LIBRARIES)
