"""Correctors by the text that a user types."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_training import thin_corrector
from tiny_dncnn import dncnn_file

from jpegproof.correctors.default import corrector_bytes, shipped_name
from jpegproof.exceptions import UnknownNameError, WeightsError
from jpegproof.verbs.corrector_name import named_corrector

CPU = torch.device("cpu")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    corrector = thin_corrector(awake=True)
    path = tmp_path / "thin.safetensors"
    path.write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return path


def test_names_and_files_give_what_they_say(file: Path, tmp_path: Path):
    assert named_corrector("default", CPU).describe()["kind"] == "grid"
    assert named_corrector("identity", CPU).describe() == {"kind": "identity"}
    assert shipped_name(named_corrector("small", CPU)) == "small"
    assert shipped_name(named_corrector("jpegproof", CPU)) == "default"
    ours, told = named_corrector(str(file), CPU), named_corrector(f"jpegproof:{file}", CPU)
    assert ours.describe() == told.describe() != named_corrector("default", CPU).describe()
    assert named_corrector(f"spandrel:{dncnn_file(tmp_path)}", CPU).describe()["kind"] == "off_the_shelf"


def test_the_precision_is_passed_on(file: Path, tmp_path: Path):
    for text in (str(file), f"spandrel:{dncnn_file(tmp_path)}"):
        assert named_corrector(text, CPU, "bfloat16").describe()["precision"] == "bfloat16"
    assert named_corrector("identity", CPU, "bfloat16").describe() == {"kind": "identity"}


def test_a_mistyped_name_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="Did you mean 'default'"):
        named_corrector("defalt", CPU)
    with pytest.raises(UnknownNameError, match="Use default or small, FILE"):
        named_corrector("unheard:of", CPU)


@pytest.mark.parametrize(
    "text", ["gone.safetensors", "jpegproof:gone.safetensors", "spandrel:gone.pth", "qgac:gone.pth"]
)
def test_a_missing_file_is_told(text: str):
    with pytest.raises(WeightsError, match="there is no such weights file"):
        named_corrector(text, CPU)


@pytest.mark.parametrize("kind", ["spandrel", "qgac"])
def test_a_kind_without_its_file_is_told(kind: str):
    with pytest.raises(WeightsError, match="needs the file of its weights"):
        named_corrector(kind, CPU)
