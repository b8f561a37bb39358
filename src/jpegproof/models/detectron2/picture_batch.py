"""Pictures of different sizes as the one tensor that a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

#: Blue, green, red, on the scale 0..255: what is taken off every pixel. The networks divide by nothing.
PIXEL_MEAN = (103.53, 116.28, 123.675)
PIXEL_STD = (1.0, 1.0, 1.0)

#: Sides are padded to a multiple of it, the stride of the backbone's last map.
MULTIPLE = 32


@dataclass(frozen=True, slots=True, eq=False)
class PictureBatch:
    """A network's input.

    Attributes:
        pixels: (N, 3, H, W) blue, green, red, 0..255 less the mean; zero to the right of and below each picture.
        sizes: per picture its (H, W) without padding.
    """

    pixels: Tensor
    sizes: tuple[tuple[int, int], ...]


def picture_batch(images: Sequence[Tensor]) -> PictureBatch:
    """Puts (3, H, W) RGB images in [0, 1], one or more, into one batch; differentiable.

    The padding is part of what the network sees: the same picture beside a larger one has slightly other answers.
    """
    sizes = tuple((image.shape[-2], image.shape[-1]) for image in images)
    height, width = (-(-max(side) // MULTIPLE) * MULTIPLE for side in zip(*sizes, strict=True))
    mean = images[0].new_tensor(PIXEL_MEAN)[:, None, None]
    padded = [
        F.pad(image.flip(0) * 255 - mean, (0, width - size[1], 0, height - size[0]))
        for image, size in zip(images, sizes, strict=True)
    ]
    return PictureBatch(torch.stack(padded), sizes)
