"""The protocol of a corrector, and the one way in which studies use its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import torch

from jpegproof.jpeg.codec import DecodedJpeg, Pixels

#: Of a corrector's convolutions; the picture itself stays float32.
Precision = Literal["float32", "bfloat16"]


class Corrector(Protocol):
    """Decoded JPEGs in, better pixels out.

    Attributes:
        scale: output size over input size; 1 for a restorer.
    """

    scale: int

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        """One (3, H * scale, W * scale) float32 RGB tensor in [0, 1] per image.

        Sizes may differ, inputs stay untouched, and an image's result never depends on its neighbours.
        """
        ...

    def describe(self) -> Mapping[str, Any]:
        """Everything the result depends on besides the image, as plain data for a fingerprint."""
        ...


def to_pixels(corrected: torch.Tensor) -> Pixels:
    """Rounds a (3, H, W) picture in [0, 1] to 8 bits: (H, W, 3) uint8, values outside clamped.

    Raises:
        ValueError: a value is not finite.
    """
    if not torch.isfinite(corrected).all():
        raise ValueError("the corrected picture has values that are not finite")
    rounded = corrected.detach().float().mul(255).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(rounded.permute(1, 2, 0).cpu().numpy())
