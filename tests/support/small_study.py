"""A study small enough for tests: a few pictures in class folders, a tiny network from an entry point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tiny_dncnn import dncnn_file

from jpegproof.studies.engine import Hands
from jpegproof.studies.run import Run, run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import with_absolute_paths

MODEL_FILE = """
import torch
from jpegproof import ResizeCrop, wrap


class Tiny(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = torch.nn.Conv2d(3, 8, 5, stride=4)
        self.head = torch.nn.Linear(8, classes)

    def forward(self, pictures):
        return self.head(self.features(pictures).relu().mean((2, 3)))


def build(classes=3, seed=0, crop=32):
    torch.manual_seed(seed)
    return wrap(Tiny(classes), prepare=ResizeCrop(40, (crop, crop)))
"""

HERE = Hands("cpu", workers=1, threads=1)


def make_pictures(folder: Path, count: int = 6, classes: int = 3, height: int = 50, width: int = 60) -> Path:
    """Class folders of smooth pictures with some detail, as PNG; the same every time."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = random.integers(0, 256, (6, 7, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)).astype(int)
        noisy = np.clip(smooth + random.integers(-20, 21, smooth.shape), 0, 255).astype(np.uint8)
        path = folder / f"class{number % classes}" / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(path)
    return folder


def make_model_file(folder: Path) -> Path:
    """An entry point that builds a tiny network."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny_model.py"
    path.write_text(MODEL_FILE)
    return path


def make_corrector_file(folder: Path) -> Path:
    """A small DnCNN of random weights."""
    return dncnn_file(folder).rename(folder / "small_dncnn.safetensors")


def study_content(folder: Path, qualities: Any = (10, 50), corrector: bool = False, **changes: Any) -> dict[str, Any]:
    """What a study file would say, for pictures and model made in `folder` on first use."""
    if not (folder / "pictures").exists():
        make_pictures(folder / "pictures")
        make_model_file(folder)
        make_corrector_file(folder)
    content: dict[str, Any] = {
        "name": "small",
        "data": {"pictures": {"path": "pictures"}},
        "models": {"tiny": {"from": "tiny_model.py:build"}},
        "compression": {"qualities": list(qualities)},
        "mitigations": ["none"],
    }
    if corrector:
        content["correctors"] = {"dncnn": {"from": "spandrel", "weights": "small_dncnn.safetensors"}}
        content["mitigations"].append({"mitigation": "off_the_shelf", "corrector": "dncnn"})
    return {**content, **changes}


def study_spec(folder: Path, **changes: Any) -> StudySpec:
    """The spec of `study_content`, with absolute paths."""
    return with_absolute_paths(StudySpec.model_validate(study_content(folder, **changes)), folder)


def run_here(spec: StudySpec, out: str | Path, **options: Any) -> Run:
    """Runs a study in this process with one thread."""
    return run_study(spec, out, HERE, allow_code=True, **options)


def prediction_files(out: Path) -> dict[str, bytes]:
    """The content of every finished prediction file, by name."""
    return {path.name: path.read_bytes() for path in sorted((out / "predictions").glob("*/*.parquet"))}
