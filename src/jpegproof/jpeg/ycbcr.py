"""JPEG's colour space, in floating point; usable with gradients."""

from __future__ import annotations

import torch
from torch import Tensor

#: Shares of red, green and blue in luma (ITU-R BT.601).
LUMA = (0.299, 0.587, 0.114)

_RED, _GREEN, _BLUE = LUMA

#: Red, green, blue to luma and two chroma planes around 0: the rows of `rgb_to_ycbcr` as a matrix.
TO_YCBCR = (
    LUMA,
    (-_RED / (2 - 2 * _BLUE), -_GREEN / (2 - 2 * _BLUE), 0.5),
    (0.5, -_GREEN / (2 - 2 * _RED), -_BLUE / (2 - 2 * _RED)),
)


def rgb_to_ycbcr(picture: Tensor) -> Tensor:
    """(..., 3, H, W) RGB in 0..255 to Y in 0..255 and Cb, Cr around 128, neither rounded nor clamped.

    Source: JFIF 1.02 (ITU-T T.871, section 7); full range.
    """
    red, green, blue = picture.unbind(-3)
    luma = _RED * red + _GREEN * green + _BLUE * blue
    return torch.stack([luma, (blue - luma) / (2 - 2 * _BLUE) + 128, (red - luma) / (2 - 2 * _RED) + 128], dim=-3)


def ycbcr_to_rgb(picture: Tensor) -> Tensor:
    """The inverse of `rgb_to_ycbcr`, neither rounded nor clamped."""
    luma, cb, cr = picture.unbind(-3)
    red = luma + (2 - 2 * _RED) * (cr - 128)
    blue = luma + (2 - 2 * _BLUE) * (cb - 128)
    return torch.stack([red, (luma - _RED * red - _BLUE * blue) / _GREEN, blue], dim=-3)
