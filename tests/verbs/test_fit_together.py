"""The verb fit in several processes and in parts: one training, one file, one voice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small_study import make_model_file, make_pictures
from small_training import thin_corrector
from together import launched_as

from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import JpegproofError
from jpegproof.silence import Silence
from jpegproof.verbs.fit import fit

MODEL = "tiny_model.py:build"

CROWDED = """
import torch
from jpegproof import ResizeCrop, wrap


class Crowded(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 5, stride=4)
        self.head = torch.nn.Linear(8, 10)

    def forward(self, batch):
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return self.head(self.first(batch).relu().mean((2, 3)))


def build():
    torch.manual_seed(0)
    return wrap(Crowded(), prepare=ResizeCrop(40, (32, 32)))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "pictures", count=60)
    make_model_file(tmp_path)
    corrector = thin_corrector()
    (tmp_path / "thin.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return tmp_path


class Listening(Silence):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def warn(self, text: str) -> None:
        self.heard.append(text)


def artifacts(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "artifacts").iterdir() if path.is_file())


def record(folder: Path) -> dict[str, object]:
    (file,) = (folder / "artifacts").glob("*.json")
    return json.loads(file.read_text())


@pytest.mark.slow
def test_torchrun_trains_what_one_process_trains(place):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
    command += ["jpegproof.cli.main", "fit", MODEL, "pictures", "--layout", "folder", "--start", "thin.safetensors"]
    command += ["--batch", "5", "--precision", "float32", "--minutes", "0.01", "--out", "two", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("trained now") == run.stdout.count("table and verdict") == 1
    steps = json.loads((place / "two" / "budget.json").read_text())["steps"]
    options = {"batch": 5, "precision": "float32", "layout": "folder", "start": "thin.safetensors", "threads": 1}
    fit(MODEL, "pictures", steps=steps, out="one", **options)
    assert artifacts(place / "two") == artifacts(place / "one")
    assert (record(place / "two")["processes"], record(place / "one")["processes"]) == (2, 1)
    states = [load_file(place / folder / "corrector.safetensors") for folder in ("one", "two")]
    assert all(torch.allclose(states[0][name], states[1][name], rtol=1e-4, atol=1e-5) for name in states[0])
    # Called again, by however many processes, it finds what was trained.
    again = fit(MODEL, "pictures", steps=steps, out="two", **options)
    assert again.seconds == 0


def test_parts_change_neither_the_name_nor_the_outcome(place):
    options = {"steps": 2, "batch": 4, "start": "thin.safetensors", "layout": "folder", "hold_back": 0, "threads": 1}
    whole = fit(MODEL, "pictures", precision="float32", out="whole", **options)
    parts = fit(MODEL, "pictures", precision="float32", out="parts", accumulate=2, **options)
    assert artifacts(place / "whole") == artifacts(place / "parts")
    assert record(place / "parts")["accumulate"] == 2
    states = load_file(whole.file), load_file(parts.file)
    assert all(torch.allclose(states[0][name], states[1][name], rtol=1e-4, atol=1e-5) for name in states[0])
    fit(MODEL, "pictures", precision="float16", out="half", **options)
    assert record(place / "half")["precision"] == "float16"
    assert artifacts(place / "half") != artifacts(place / "whole")


def test_that_memory_ran_out_is_said(place):
    (place / "crowded.py").write_text(CROWDED)
    listening = Listening()
    options = {"steps": 2, "batch": 8, "start": "thin.safetensors", "hold_back": 0, "layout": "folder"}
    fit("crowded.py:build", "pictures", out="crowded", threads=1, progress=listening, **options)
    assert [note for note in listening.heard if "at most 2 pictures at a time" in note]
    assert record(place / "crowded")["accumulate"] == 4


@pytest.mark.parametrize(
    ("variables", "change", "words"),
    [
        ({"WORLD_SIZE": "2"}, {}, "start them with torchrun"),
        (launched_as(0, 4, 29500), {"batch": 2}, "cannot be shared out among 4 processes"),
        (launched_as(0, 2, 29500), {"device": "cuda:1"}, "cannot be shared by 2 processes"),
        (launched_as(0, 2, 29500), {"batch": 4, "accumulate": 3}, "1 to 2 parts"),
        ({}, {"precision": "float8"}, "float8|precision"),
    ],
)
def test_mistakes_of_the_launch_are_answered_in_words(place, monkeypatch, variables, change, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    options = {"batch": 2, "steps": 1, "start": "thin.safetensors", "threads": 1, **change}
    with pytest.raises(JpegproofError, match=words):
        fit(MODEL, "pictures", **options)
