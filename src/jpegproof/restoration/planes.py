"""What of a picture is restored and compared: its colours, or its luma as a grey picture."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.ycbcr import LUMA

Plane = Literal["colour", "luma"]
PLANES: tuple[Plane, ...] = get_args(Plane)

# Luma 16 is black and 235 is white.
_BLACK, _RANGE = 16.0, 219.0
_WEIGHTS = np.array(LUMA) * _RANGE / 255


def studio_luma(pixels: Pixels) -> NDArray[np.float64]:
    """The luma of a picture on the studio's range, not rounded.

    Args:
        pixels: (H, W, 3) uint8 RGB.

    Returns:
        (H, W), 16 (black) to 235 (white).

    Source: ITU-R BT.601, section 2.5; MATLAB's rgb2ycbcr is the same to three decimals.
    """
    return pixels @ _WEIGHTS + _BLACK


def is_grey(pixels: Pixels) -> bool:
    """Whether the three channels of a picture are alike."""
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())


def grey_picture(pixels: Pixels) -> NDArray[np.uint8]:
    """The grey picture that stands for a picture's luma in published tables: (H, W) uint8.

    A grey picture's values as they are; of a coloured one the rounded studio-range luma.
    """
    return pixels[..., 0].copy() if is_grey(pixels) else np.rint(studio_luma(pixels)).astype(np.uint8)
