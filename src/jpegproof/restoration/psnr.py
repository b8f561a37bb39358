"""Peak signal-to-noise ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.jpeg.bands import bands

PEAK = 255.0


def psnr(original: NDArray[np.uint8], picture: NDArray[np.uint8]) -> float:
    """How near a picture is to its original, in decibels; all samples count alike, so that RGB is taken jointly.

    Args:
        original: (H, W) or (H, W, 3) uint8.
        picture: the same shape.

    Returns:
        10 log10(255^2 / mean squared error); infinite where the two are equal. The peak is 255 for studio-range luma
        too, as in published tables.

    Raises:
        ValueError: the shapes differ.
    """
    return decibels(mean_squared_error(original, picture))


def mean_squared_error(original: NDArray[np.uint8], picture: NDArray[np.uint8]) -> float:
    """The mean over all samples of the squared difference; see `psnr`."""
    if original.shape != picture.shape:
        raise ValueError(f"pictures of {original.shape} and {picture.shape} cannot be compared")
    total = 0.0
    for rows in bands(*original.shape[:2]):
        difference = original[rows].astype(np.float64) - picture[rows]
        total += float(np.sum(difference * difference))
    return total / original.size


def decibels(error: float) -> float:
    """A squared error against the squared peak, in decibels; infinite where there is no error."""
    return float("inf") if error == 0 else float(10 * np.log10(PEAK**2 / error))
