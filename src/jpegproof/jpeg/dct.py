"""The 8x8 discrete cosine transform of JPEG, on whole planes; usable with gradients."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

BLOCK = 8
"""Side of a block, samples."""


def to_coefficients(samples: Tensor) -> Tensor:
    """The coefficients of a plane's blocks, in place.

    Args:
        samples: (..., H, W) float, level shifted (0 is mid-grey), H and W multiples of 8.

    Returns:
        (..., H, W): where an 8x8 block of samples was, its 8x8 coefficients are, row = vertical frequency. Orthonormal,
        so that their sizes are JPEG's: -1024..1023 for 8-bit samples.

    Source: ITU-T T.81, A.3.3.
    """
    basis = _basis(samples.device, samples.dtype)
    return from_blocks(basis @ to_blocks(samples) @ basis.T)


def to_samples(coefficients: Tensor) -> Tensor:
    """The plane of which `to_coefficients` makes the given coefficients; same shapes and ranges the other way."""
    basis = _basis(coefficients.device, coefficients.dtype)
    return from_blocks(basis.T @ to_blocks(coefficients) @ basis)


def to_blocks(plane: Tensor) -> Tensor:
    """(..., H, W) to (..., H / 8, W / 8, 8, 8): a view."""
    return plane.unflatten(-1, (-1, BLOCK)).unflatten(-3, (-1, BLOCK)).transpose(-3, -2)


def from_blocks(blocks: Tensor) -> Tensor:
    """(..., h, w, 8, 8) to (..., 8 h, 8 w), each block in its place."""
    return blocks.transpose(-3, -2).flatten(-4, -3).flatten(-2, -1)


def _basis(device: torch.device, dtype: torch.dtype) -> Tensor:
    return basis_rows().to(device=device, dtype=dtype)


@cache
def basis_rows() -> Tensor:
    """(8, 8) float64: row u is the cosine of frequency u."""
    rows = [
        [math.cos((2 * x + 1) * u * math.pi / 16) * (math.sqrt(1 / 8) if u == 0 else 1 / 2) for x in range(BLOCK)]
        for u in range(BLOCK)
    ]
    # Made outside of inference mode, or what is learnt later could not use it.
    with torch.inference_mode(False):
        return torch.tensor(rows, dtype=torch.float64, device="cpu")
