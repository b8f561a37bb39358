"""Structural similarity, in the two kinds that published tables mix without naming them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jpegproof.jpeg.bands import bands

#: One side of a window: its weights along a row or column, which sum to 1.
Window = tuple[float, ...]


def _gaussian(length: int, deviation: float) -> Window:
    places = np.arange(length) - (length - 1) / 2
    weights = np.exp(-(places**2) / (2 * deviation**2))
    return tuple(float(weight) for weight in weights / weights.sum())


#: The window of the paper: 11x11, Gaussian, standard deviation 1.5 pixels.
GAUSSIAN: Window = _gaussian(11, 1.5)
#: The window of many evaluations of JPEG: 8x8, all pixels alike.
BOX: Window = (1 / 8,) * 8

# The constants of the paper, for samples up to 255.
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(original: NDArray[np.uint8], picture: NDArray[np.uint8], window: Window) -> float:
    """How alike two pictures are in local mean, contrast and structure.

    Args:
        original: (H, W) or (H, W, 3) uint8, no side shorter than the window.
        picture: the same shape.
        window: `GAUSSIAN` or `BOX`.

    Returns:
        -1 to 1, 1 for equal pictures: the mean over the places where the whole window fits, and over the channels of a
        coloured picture. Variances are those of the window's weights, not corrected for its size.

    Raises:
        ValueError: the shapes differ, or the window does not fit.

    Source: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, Image quality assessment: from error visibility to
    structural similarity, IEEE TIP 13(4), 2004, equations 13 to 16.
    """
    if original.shape != picture.shape:
        raise ValueError(f"pictures of {original.shape} and {picture.shape} cannot be compared")
    if min(original.shape[:2]) < len(window):
        raise ValueError(f"a picture of {original.shape[:2]} is smaller than the window of {len(window)} pixels")
    total, beyond = 0.0, len(window) - 1
    for rows in bands(original.shape[0] - beyond, original.shape[1]):
        seen = slice(rows.start, rows.stop + beyond)
        alike = _alike(original[seen].astype(np.float64), picture[seen].astype(np.float64), window)
        total += float(alike.sum())
    places = (original.shape[0] - beyond) * (original.shape[1] - beyond)
    return total / (places * original[0, 0].size)


def _alike(first: NDArray[np.float64], second: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """The similarity at each place where the whole window fits, and of each channel."""
    mean_1, mean_2 = _averaged(first, window), _averaged(second, window)
    products = mean_1 * mean_2
    squares = mean_1 * mean_1 + mean_2 * mean_2
    variances = _averaged(first * first + second * second, window) - squares
    covariances = _averaged(first * second, window) - products
    return (2 * products + _C1) * (2 * covariances + _C2) / ((squares + _C1) * (variances + _C2))


def _averaged(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Weighted means where the whole window fits, first down, then across."""
    return _averaged_down(_averaged_down(values, window).swapaxes(0, 1), window).swapaxes(0, 1)


def _averaged_down(values: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    length = len(values) - len(weights) + 1
    total = values[:length] * weights[0]
    for place, weight in enumerate(weights[1:], start=1):
        total += values[place : place + length] * weight
    return total
