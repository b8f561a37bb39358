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


@lru_cache(maxsize=256)
def resampling_matrix(source: int, resized: int, filter_name: str) -> Weights:
    """(resized, source) float32: row r holds what each source sample adds to resized sample r. Rows sum to 1.

    Args:
        source, resized: numbers of samples, 1 or more.
        filter_name: ``bilinear``, ``bicubic``, ``lanczos`` or ``nearest``.

    The filters are stretched when shrinking, cut at the borders and normalised, as Pillow's ``resize`` does; Pillow
    further rounds to 8 bits between its two passes, which no matrix can do.
    """
    matrix = np.zeros((resized, source), dtype=np.float64)
    scale = source / resized
    centres = (np.arange(resized) + 0.5) * scale
    if filter_name == "nearest":
        matrix[np.arange(resized), np.minimum(centres.astype(np.int64), source - 1)] = 1.0
        return matrix.astype(np.float32)
    stretch = max(scale, 1.0)
    reach = SUPPORT[filter_name] * stretch
    for row, centre in enumerate(centres):
        begin, end = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), source)
        weights = _FILTERS[filter_name]((np.arange(begin, end) - centre + 0.5) / stretch)
        matrix[row, begin:end] = weights / weights.sum()
    return matrix.astype(np.float32)


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
        filter_name: see `resampling_matrix`.

    Returns:
        (C, bottom - top, right - left).
    """
    top, left, bottom, right = window
    rows = _rows(source[0], resized[0], filter_name, (top, bottom), origin[0], region.shape[-2])
    columns = _rows(source[1], resized[1], filter_name, (left, right), origin[1], region.shape[-1])
    return torch.einsum("oh,chw,pw->cop", rows.to(region), region, columns.to(region))


def _rows(
    source: int, resized: int, filter_name: str, window: tuple[int, int], begin: int, length: int
) -> torch.Tensor:
    matrix = resampling_matrix(source, resized, filter_name)[window[0] : window[1], begin : begin + length]
    return torch.from_numpy(np.ascontiguousarray(matrix))


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
