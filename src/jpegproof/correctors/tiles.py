"""Tiles: a corrector for pictures larger than memory allows, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import isqrt
from typing import Any

import numpy as np
from torch import Tensor

from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.dct import BLOCK
from jpegproof.jpeg.parts import WIDEST_UNIT

#: Tiles begin at multiples of it, so that a tile's blocks, and which of them share a chroma block, are those of the
#: picture, whatever corrector looks at them.
GRID = WIDEST_UNIT

#: What pictures and tiles may take together, bytes. With torch itself (600 MB) and what the picture takes when it is
#: decoded and saved, 100 megapixels stay below 2 GiB.
MEMORY = 10**9

_PICTURE = 6
"""Bytes per pixel of a whole picture that are there meanwhile: 3 of the input, 3 of the output."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a picture is cut.

    Attributes:
        side: pixels along a tile at most, without its surroundings; a multiple of 32.
        overlap: pixels of surroundings that a corrector sees beyond each side of a tile; a multiple of 32.

    Raises:
        ValueError: one is not such a multiple, or there is no side.
    """

    side: int
    overlap: int

    def __post_init__(self) -> None:
        if self.side < GRID or self.overlap < 0 or self.side % GRID or self.overlap % GRID:
            raise ValueError(
                f"tiles of {self.side} pixels with {self.overlap} around do not lie on the {GRID}-pixel grid"
            )


def tiling_for(corrector: Corrector, height: int, width: int) -> Tiling | None:
    """How to cut a picture so that its correction stays within `MEMORY`; None where it need not be cut.

    jpegproof's own network sees all that its receptive field reaches: two 3x3 convolutions on the grid of blocks in
    each residual block, 144 pixels at a depth of 9. Its answers then are those without tiles, up to rounding in the
    last bits. Half of that was not enough: on black and white checks, pixels moved by up to 7 of 255 (on photographs by
    0.2). Of other networks nothing is known; 64 pixels are three times what DnCNN's 20 layers see.
    """
    if isinstance(corrector, GridCorrector):
        # Live tensors of the size of the picture, and as much again for what the allocator does not give back.
        overlap, bytes_per_pixel = _on_grid(2 * BLOCK * corrector.network.depth), 400
    else:
        overlap, bytes_per_pixel = 64, 1500  # dozens of channels at full size
    left = MEMORY - _PICTURE * height * width
    if height * width * bytes_per_pixel <= left:
        return None
    seen = isqrt(max(left, 0) // bytes_per_pixel)
    return Tiling(max((seen - 2 * overlap) // GRID * GRID, 2 * overlap), overlap)


def _on_grid(pixels: int) -> int:
    return -(-pixels // GRID) * GRID


class Tiled:
    """A corrector that sees a large picture tile by tile.

    A picture of one tile goes through whole, with the same answer as without tiles. In larger ones each tile is
    corrected with its surroundings, which are then cut off. What a network learns from the picture as a whole, such as
    a quality that it estimates, it then learns from each tile.

    Args:
        corrector: what corrects the tiles; keeps the size.
        tiling: how pictures are cut; None to let the corrector and the picture's size decide (`tiling_for`).

    Raises:
        ValueError: the corrector enlarges.
    """

    scale = 1

    def __init__(self, corrector: Corrector, tiling: Tiling | None = None) -> None:
        if corrector.scale != 1:
            raise ValueError(f"a corrector that enlarges {corrector.scale} times cannot be used on tiles")
        self.corrector = corrector
        self.tiling = tiling

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[Tensor]:
        """See `Corrector`; needs 12 bytes a pixel for each answer, where `pixels` needs 3."""
        return [self._tensor(image) for image in images]

    def pixels(self, image: DecodedJpeg, on_tile: Callable[[float], None] | None = None) -> Pixels:
        """A corrected picture, rounded to 8 bits tile by tile.

        Args:
            image: of any size.
            on_tile: hears after each tile how much of the picture is done, in (0, 1].

        Returns:
            (H, W, 3) uint8, a new array.

        Raises:
            ValueError: the corrector's answer is not finite.
        """
        corrected = np.empty_like(image.pixels)
        done = 0
        for rows, columns, answer in self._answers(image):
            corrected[rows, columns] = to_pixels(answer)
            done += answer.shape[1] * answer.shape[2]
            if on_tile is not None:
                on_tile(3 * done / corrected.size)
        return corrected

    def describe(self) -> Mapping[str, Any]:
        """See `Corrector`."""
        tiles = MEMORY if self.tiling is None else [self.tiling.side, self.tiling.overlap]
        return {**self.corrector.describe(), "tiles": tiles}

    def _tensor(self, image: DecodedJpeg) -> Tensor:
        corrected: Tensor | None = None
        for rows, columns, answer in self._answers(image):
            if answer.shape[1:] == image.pixels.shape[:2]:
                return answer
            if corrected is None:
                corrected = answer.new_empty((3, *image.pixels.shape[:2]))
            corrected[:, rows, columns] = answer
        assert corrected is not None
        return corrected

    def _answers(self, image: DecodedJpeg) -> Iterator[tuple[slice, slice, Tensor]]:
        """(rows, columns, (3, h, w) answer) of every tile."""
        height, width = image.pixels.shape[:2]
        tiling = self.tiling or tiling_for(self.corrector, height, width)
        if tiling is None:
            yield slice(0, height), slice(0, width), self.corrector([image])[0]
            return
        for rows, columns in product(_cuts(height, tiling.side), _cuts(width, tiling.side)):
            seen_rows, seen_columns = (
                slice(max(cut.start - tiling.overlap, 0), min(cut.stop + tiling.overlap, length))
                for cut, length in ((rows, height), (columns, width))
            )
            (answer,) = self.corrector([_part(image, seen_rows, seen_columns)])
            own_rows, own_columns = (
                slice(cut.start - seen.start, cut.stop - seen.start)
                for cut, seen in ((rows, seen_rows), (columns, seen_columns))
            )
            yield rows, columns, answer[:, own_rows, own_columns]


def _cuts(length: int, side: int) -> list[slice]:
    """A length in as few pieces of at most `side` as can be, about equal, each beginning on the grid."""
    pieces = -(-length // side)
    step = _on_grid(-(-length // pieces))
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]


def _part(image: DecodedJpeg, rows: slice, columns: slice) -> DecodedJpeg:
    """A part of a picture as if it were a file of its own with the same tables; the picture itself where it is all."""
    pixels = image.pixels[rows, columns]
    if pixels.shape == image.pixels.shape:
        return image
    return DecodedJpeg(pixels, replace(image.header, size=pixels.shape[:2]))
