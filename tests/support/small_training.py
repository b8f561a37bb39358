"""Trainings small enough for tests: pictures in memory, a tiny model, a thin corrector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jpeg_files import smooth_picture

from jpegproof.correctors.default import untrained_corrector
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.model import Model, wrap
from jpegproof.models.preparation import ResizeCrop
from jpegproof.training.examples import Examples
from jpegproof.training.recipe import Recipe

RECIPE = Recipe(steps=4, batch=2, learning_rate=1e-2, precision="float32")


class PicturesInMemory:
    """A data set of smooth pictures; a picture of None cannot be decoded."""

    task = "classification"
    notes = ()
    class_names: tuple[str, ...] | None = ("one", "two", "three")

    def __init__(self, pictures: Sequence[Pixels | None], targets: Sequence[int | None] | None = None) -> None:
        self._pictures = pictures
        self._targets = targets or [number % 3 for number in range(len(pictures))]

    def __len__(self) -> int:
        return len(self._pictures)

    def name(self, index: int) -> str:
        return f"picture-{index}"

    def target(self, index: int) -> Any:
        return self._targets[index]

    def size_in_bytes(self, index: int) -> int:
        return 1000 + index

    def identity(self, index: int) -> str:
        return f"in memory {index}"

    def pixels(self, index: int) -> Pixels:
        picture = self._pictures[index]
        if picture is None:
            raise UnusablePictureError("made unusable")
        return picture


def pictures(count: int = 5, height: int = 48, width: int = 64) -> PicturesInMemory:
    """Pictures that differ from each other."""
    return PicturesInMemory([np.roll(smooth_picture(height, width), 5 * number, axis=1) for number in range(count)])


def examples(recipe: Recipe = RECIPE, count: int = 5, **changes: Any) -> Examples:
    """Examples from `pictures`."""
    return Examples([(pictures(count), range(count))], replace(recipe, **changes))


class Tiny(torch.nn.Module):
    """A network with everything that training may touch: convolution, batch norm, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Conv2d(3, 6, 5, stride=3)
        self.norm = torch.nn.BatchNorm2d(6)
        self.drop = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(6, 3)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.norm(self.features(batch)).relu().mean((2, 3))))


def tiny_model(seed: int = 0, prepare: ResizeCrop | None = None) -> Model:
    """A model for pictures of any size."""
    torch.manual_seed(seed)
    return wrap(Tiny(), prepare=prepare or ResizeCrop(40, (32, 32)))


def thin_corrector(seed: int = 0, awake: bool = False) -> GridCorrector:
    """A corrector of a few channels.

    Args:
        seed: of its weights.
        awake: whether its last layers are random instead of zero, so that it changes pictures before any training.
    """
    corrector = untrained_corrector(seed, width=8, depth=2)
    if awake:
        torch.manual_seed(seed + 1)
        for name, parameter in corrector.network.named_parameters():
            if name.startswith("tail") or "modulation" in name or ".second." in name:
                torch.nn.init.normal_(parameter, std=0.05)
    return corrector


def state_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a network's weights."""
    return {name: value.clone() for name, value in network.state_dict().items()}


def same_state(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Whether two copies are equal to the last bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
