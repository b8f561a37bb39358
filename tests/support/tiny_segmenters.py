"""Segmenters small enough for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

#: One class a patch of 4 pixels, told by its colours; a batch norm, losses, and pictures of any size.
SEGMENTER_FILE = """
import torch
import torch.nn.functional as F
from jpegproof import ResizeCrop, wrap


class Patches(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.look = torch.nn.Conv2d(3, 6, 4, stride=4)
        self.norm = torch.nn.BatchNorm2d(6)
        self.say = torch.nn.Conv2d(6, classes, 1)

    def logits(self, images):
        return [self.say(torch.tanh(self.norm(self.look(image[None]))))[0] for image in images]

    def class_maps(self, images, sizes):
        scores = [F.interpolate(one[None], size, mode="bilinear") for one, size in zip(self.logits(images), sizes)]
        return [one[0].argmax(0) for one in scores]

    def losses(self, images, targets):
        scores = [F.interpolate(one[None], wanted.shape, mode="bilinear")
                  for one, wanted in zip(self.logits(images), targets)]
        losses = [F.cross_entropy(one, wanted[None], ignore_index=-1) for one, wanted in zip(scores, targets)]
        return {"pixels": torch.stack(losses).mean()}


def build(classes=11, crop=False, seed=3):
    torch.manual_seed(seed)
    prepare = ResizeCrop(48, (40, 40)) if crop else ResizeCrop(64, None)
    return wrap(Patches(classes), task="semantic_segmentation", prepare=prepare)
"""


class Shades(nn.Module):
    """Tells classes by the red channel: class k from k / classes on. Its logits are per pixel, and do not learn."""

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.classes = classes
        self.gain = nn.Parameter(torch.ones(()))
        self.norm = nn.BatchNorm2d(3)
        self.asked = 0

    def logits(self, images: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        self.asked += len(images)
        centres = (torch.arange(self.classes) + 0.5) / self.classes
        return [-self.gain * (image[0][None] - centres[:, None, None]).abs() for image in images]

    def class_maps(self, images: Sequence[torch.Tensor], sizes: Sequence[tuple[int, int]]) -> list[torch.Tensor]:
        assert [tuple(image.shape[1:]) for image in images] == list(sizes)
        return [(image[0] * self.classes).long().clamp(max=self.classes - 1) for image in images]

    def losses(self, images: Sequence[torch.Tensor], targets: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
        pixels = [
            nn.functional.cross_entropy(logits[None], target[None], ignore_index=-1)
            for logits, target in zip(self.logits(images), targets, strict=True)
        ]
        return {"pixels": torch.stack(pixels).mean(), "deep": 0.5 * torch.stack(pixels).mean()}


class Answering(nn.Module):
    """Answers with what it is given."""

    def __init__(self, maps: Callable[[Sequence[tuple[int, int]]], object], classes: int = 4) -> None:
        super().__init__()
        self._maps, self._classes = maps, classes

    def logits(self, images: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return [torch.zeros(self._classes, 2, 2) for _ in images]

    def class_maps(self, images: Sequence[torch.Tensor], sizes: Sequence[tuple[int, int]]) -> object:
        return self._maps(sizes)


def shade(numbers: torch.Tensor, classes: int = 4) -> torch.Tensor:
    """The (3, H, W) picture in which `Shades` sees these classes."""
    return ((numbers.float() + 0.5) / classes).expand(3, *numbers.shape)
