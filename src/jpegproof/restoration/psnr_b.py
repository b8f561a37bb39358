"""PSNR-B: a peak signal-to-noise ratio that also counts how visible the 8x8 blocks are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.jpeg.bands import bands
from jpegproof.restoration.planes import studio_luma
from jpegproof.restoration.psnr import decibels, mean_squared_error

BLOCK = 8


def psnr_b(original: NDArray[np.uint8], picture: NDArray[np.uint8]) -> float:
    """How near a picture is to its original, in decibels, less where its blocks stand out.

    Args:
        original: (H, W) or (H, W, 3) uint8.
        picture: the degraded or restored picture, the same shape; the only one that is searched for blocks.

    Returns:
        10 log10(255^2 / (mean squared error + blocking effect)); infinite where both are nothing. In colour the error
        is over RGB jointly and the blocking effect that of the studio-range luma.

    Raises:
        ValueError: the shapes differ, or a side is shorter than 2.

    Source: C. Yim, A. C. Bovik, Quality assessment of deblocked images, IEEE TIP 20(1), 2011, equations 5 to 11. The
    colour convention is the one that gives the values of published tables (docs/restoration.md).
    """
    error = mean_squared_error(original, picture)
    height, width = picture.shape[:2]
    plane = np.empty((height, width))
    for rows in bands(height, width):
        plane[rows] = picture[rows] if picture.ndim == 2 else studio_luma(picture[rows])
    return decibels(error + blocking_effect(plane))


def blocking_effect(plane: NDArray[np.float64]) -> float:
    """How much more neighbours differ across the borders of 8x8 blocks than elsewhere.

    Args:
        plane: (H, W) on a scale of 0 to 255, the grid of blocks beginning at its top left corner.

    Returns:
        The blocking effect factor, in squared sample values: (mean squared difference of the neighbours on two sides of
        a border - that of all other neighbours) * log2(8) / log2(shorter side); 0 where that is negative, and where
        the plane has no border or nothing but borders.

    Raises:
        ValueError: a side is shorter than 2.

    Source: see `psnr_b`. Each pair of neighbours counts once, horizontal and vertical alike; a side of any length has
    floor((length - 1) / 8) borders.
    """
    if min(plane.shape) < 2:
        raise ValueError(f"a plane of {plane.shape} has no blocks to look for; both sides must be 2 or more")
    totals, counts = np.zeros(2), np.zeros(2)  # within blocks, and across their borders
    for rows in bands(*plane.shape):
        down = np.diff(plane[rows.start : rows.stop + 1], axis=0)  # to the first row of the next band, too
        across = np.diff(plane[rows], axis=1).T
        for steps, first in ((down, rows.start), (across, 0)):
            on_border = np.arange(first, first + len(steps)) % BLOCK == BLOCK - 1
            squares = steps * steps
            for place, chosen in enumerate((squares[~on_border], squares[on_border])):
                totals[place] += chosen.sum()
                counts[place] += chosen.size
    if not counts.all():
        return 0.0
    within, border = totals / counts
    return max(float(border - within), 0.0) * float(np.log2(BLOCK) / np.log2(min(plane.shape)))
