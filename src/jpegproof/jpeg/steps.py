"""What happens to a picture between two saves: it is resized, or cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True, slots=True)
class Resize:
    """Resizes with Pillow's bicubic filter, which averages where it shrinks; no side falls below a pixel.

    Attributes:
        scale: factor of both sides; None where `longest` says it.
        longest: the longer side is brought down to so many pixels; a smaller picture stays as it is.

    Raises:
        ValueError: not exactly one of the two is given, or it is not positive.
    """

    scale: float | None = None
    longest: int | None = None

    def __post_init__(self) -> None:
        if (self.scale is None) == (self.longest is None):
            raise ValueError("a resize takes a scale or the longest side, one of the two")
        given = self.scale if self.scale is not None else self.longest
        if not (given is not None and 0 < given < 100_000):
            raise ValueError(f"a resize to {given!r} leaves no picture")

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, resized."""
        height, width = pixels.shape[:2]
        scale = self.scale if self.scale is not None else min(1.0, (self.longest or 0) / max(height, width))
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        if size == (width, height):
            return pixels
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


@dataclass(frozen=True, slots=True)
class Crop:
    """Cuts pixels off above and at the left, which moves the picture against the grid of the next save.

    Attributes:
        pixels: how many rows and columns, 1 or more; 8 and its multiples keep the grid where it was.

    Raises:
        ValueError: fewer than 1.
    """

    pixels: int

    def __post_init__(self) -> None:
        if self.pixels < 1:
            raise ValueError(f"a crop of {self.pixels} pixels cuts nothing; use 1 or more")

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, cut.

        Raises:
            ValueError: nothing would be left.
        """
        height, width = pixels.shape[:2]
        if min(height, width) <= self.pixels:
            raise ValueError(f"a crop of {self.pixels} pixels leaves nothing of a picture of {width} x {height}")
        return np.ascontiguousarray(pixels[self.pixels :, self.pixels :])
