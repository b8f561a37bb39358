"""How far two pictures of one size are apart, in levels of 8 bits, and how many of them together are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PixelDistance:
    """How far a picture is from another of its size, over all pixels and channels.

    Attributes:
        mean_square: of the differences, in squared levels.
        mean: of the absolute differences, in levels.
        largest: absolute difference, in levels.
    """

    mean_square: float
    mean: float
    largest: int


@dataclass(frozen=True, slots=True)
class PooledDistance:
    """The distances of several pictures as one.

    Attributes:
        psnr: in dB, of the mean over pictures of their mean squares, with a peak of 255; None where nothing differs,
            or nothing was compared.
        mean: over pictures of their mean absolute differences, in levels; None where nothing was compared.
        largest: absolute difference of all; None where nothing was compared.
        n: pictures that were compared.
    """

    psnr: float | None
    mean: float | None
    largest: int | None
    n: int


def pixel_distance(first: NDArray[np.uint8], second: NDArray[np.uint8], rows: int = 256) -> PixelDistance | None:
    """The distance of two (H, W, 3) uint8 pictures; None where their sizes differ.

    Args:
        first, second: the pictures.
        rows: so many are compared at a time, since differences take more memory than pixels.
    """
    if first.shape != second.shape:
        return None
    square, absolute, largest = 0, 0, 0
    for top in range(0, len(first), rows):
        difference = np.abs(first[top : top + rows].astype(np.int32) - second[top : top + rows])
        square += int(np.square(difference, dtype=np.int64).sum())
        absolute += int(difference.sum(dtype=np.int64))
        largest = max(largest, int(difference.max(initial=0)))
    return PixelDistance(square / first.size, absolute / first.size, largest)


def pooled(distances: Iterable[PixelDistance | None]) -> PooledDistance:
    """The distances of pictures as one; None is a picture that was not compared."""
    known = [distance for distance in distances if distance is not None]
    if not known:
        return PooledDistance(None, None, None, 0)
    square = sum(distance.mean_square for distance in known) / len(known)
    psnr = 10 * math.log10(255**2 / square) if square > 0 else None
    mean = sum(distance.mean for distance in known) / len(known)
    return PooledDistance(psnr, mean, max(distance.largest for distance in known), len(known))
