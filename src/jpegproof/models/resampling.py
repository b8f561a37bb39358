"""Pillow's resizing filters as matrices: differentiable, on any region, for training."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

Weights = NDArray[np.float32]

#: Half the width of each filter at scale 1, in samples.
SUPPORT = {"bilinear": 1.0, "bicubic": 2.0, "lanczos": 3.0, "nearest": 0.0}


def contributing(source: int, resized: int, filter_name: str, first: int, last: int) -> tuple[int, int]:
    """Which source samples the resized samples first..last - 1 depend on: begin, and end (exclusive)."""
    if source == resized:
        return max(first, 0), min(last, source)
    scale = source / resized
    if filter_name == "nearest":
        return int((first + 0.5) * scale), min(int((last - 0.5) * scale) + 1, source)
    reach = SUPPORT[filter_name] * max(scale, 1.0)
    begin = int((first + 0.5) * scale - reach + 0.5)
    end = int((last - 0.5) * scale + reach + 0.5)
    return max(begin, 0), min(max(end, begin + 1), source)


@lru_cache(maxsize=64)
def resampling_rows(source: int, resized: int, filter_name: str, first: int, last: int) -> tuple[int, Weights]:
    """What resized samples first..last - 1 are made of.

    Args:
        source, resized: numbers of samples, 1 or more.
        filter_name: ``bilinear``, ``bicubic``, ``lanczos`` or ``nearest``.
        first, last: a range of resized samples, inside them.

    Returns:
        The first source sample that counts, and a (last - first, columns) float32 matrix over the source samples from
        there on; its rows sum to 1.

    The filters are stretched when shrinking, cut at the borders and normalised, as Pillow's ``resize`` does; Pillow
    further rounds to 8 bits between its two passes, which no matrix can do.
    """
    start, stop = contributing(source, resized, filter_name, first, last)
    matrix = np.zeros((last - first, stop - start), dtype=np.float64)
    scale = source / resized
    centres = (np.arange(first, last) + 0.5) * scale
    if filter_name == "nearest":
        matrix[np.arange(last - first), np.minimum(centres.astype(np.int64), source - 1) - start] = 1.0
        return start, matrix.astype(np.float32)
    stretch = max(scale, 1.0)
    reach = SUPPORT[filter_name] * stretch
    for row, centre in enumerate(centres):
        begin, end = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), source)
        weights = _FILTERS[filter_name]((np.arange(begin, end) - centre + 0.5) / stretch)
        matrix[row, begin - start : end - start] = weights / weights.sum()
    return start, matrix.astype(np.float32)


def resize_region(
    region: torch.Tensor,
    origin: tuple[int, int],
    source: tuple[int, int],
    resized: tuple[int, int],
    window: tuple[int, int, int, int],
    filter_name: str,
) -> torch.Tensor:
    """The window of a resized picture, from the region of the source that it depends on.

    Args:
        region: (C, h, w), part of the source.
        origin: (top, left) of the region in the source.
        source, resized: (H, W) of the whole source, and of it resized.
        window: top, left, bottom, right in the resized picture, inside it.
        filter_name: see `resampling_rows`.

    Returns:
        (C, bottom - top, right - left) float32, whatever precision the caller computes in: what is resized is a
        picture, and half precision would round it to worse than 8 bits.
    """
    top, left, bottom, right = window
    first, down = resampling_rows(source[0], resized[0], filter_name, top, bottom)
    begin, across = resampling_rows(source[1], resized[1], filter_name, left, right)
    row, column = first - origin[0], begin - origin[1]
    needed = region[:, row : row + down.shape[1], column : column + across.shape[1]].float()
    with torch.autocast(region.device.type, enabled=False):
        weights = [torch.from_numpy(part).to(needed.device) for part in (down, across)]
        return torch.einsum("oh,chw,pw->cop", weights[0], needed, weights[1])


def _bilinear(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(1 - np.abs(x), 0)


def _bicubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic with a = -0.5, Pillow's choice."""
    a, x = -0.5, np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


_FILTERS = {"bilinear": _bilinear, "bicubic": _bicubic, "lanczos": _lanczos}
