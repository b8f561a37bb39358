"""Detectors of fakes small enough for tests, and pictures for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from jpegproof.data.image_folder import ImageFolder

#: One logit a patch of 4 pixels, or one a picture, told by its colours; a batch norm, and pictures of any size.
DETECTOR_FILE = """
import torch


class Patches(torch.nn.Module):
    fake_class = 0

    def __init__(self, outputs, whole):
        super().__init__()
        self.look = torch.nn.Conv2d(3, 6, 4, stride=4)
        self.norm = torch.nn.BatchNorm2d(6)
        self.say = torch.nn.Conv2d(6, outputs, 1)
        self.whole = whole

    def forward(self, pictures):
        logits = self.say(torch.tanh(self.norm(self.look(pictures))))
        return logits.mean((2, 3)) if self.whole else logits


def patches():
    return Patches(2, False)


def whole():
    return Patches(1, True)
"""


class Answering(torch.nn.Module):
    """Answers what a function makes of the batch."""

    def __init__(self, answer: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self._answer = answer

    def forward(self, pictures: torch.Tensor) -> Any:
        return self._answer(pictures)


class RealAndFakeFolders(ImageFolder):
    """Pictures in the folders ``real`` and ``fake``."""

    task = "forensics"

    def __init__(self, path: Path) -> None:
        super().__init__(path, classes=("real", "fake"))


def make_real_and_fake(folder: Path, count: int = 6, size: tuple[int, int] = (48, 56)) -> Path:
    """Smooth pictures as real ones, and the same with a checkerboard as fake ones, as PNG; always the same."""
    random = np.random.default_rng(0)
    height, width = size
    board = 12 * ((np.indices(size).sum(axis=0) % 2) * 2 - 1)[..., None]
    for number in range(count):
        coarse = random.integers(40, 216, (6, 7, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)).astype(int)
        for kind, pixels in (("real", smooth), ("fake", smooth + board)):
            path = folder / kind / f"{number:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return folder
