"""Parts of a decoded JPEG that are decoded JPEGs themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jpegproof.jpeg.codec import DecodedJpeg

#: Side of a unit of 4:2:0, pixels: four luma blocks that share one of each chroma plane. All that jpegproof's own
#: corrector asks of where a picture begins: where chroma is quartered it is told that it is halved.
UNIT = 16

#: Side of a square that holds whole units of every sampling, 4:1:1 and 4:1:0 among them: what a corrector may ask that
#: looks at chroma's own blocks.
WIDEST_UNIT = 32


def part_of(image: DecodedJpeg, region: tuple[int, int, int, int]) -> tuple[DecodedJpeg, tuple[int, int]]:
    """The part of a picture that covers a region and begins and ends on whole 16 x 16 units of its grid.

    Args:
        image: the whole.
        region: top, left, bottom, right (exclusive); may reach beyond the picture.

    Returns:
        The part, and (top, left) of it in the picture. The picture itself where that is all of it.
    """
    height, width = image.pixels.shape[:2]
    top, left = max(region[0], 0) // UNIT * UNIT, max(region[1], 0) // UNIT * UNIT
    bottom, right = min(-(-region[2] // UNIT) * UNIT, height), min(-(-region[3] // UNIT) * UNIT, width)
    if (top, left, bottom, right) == (0, 0, height, width):
        return image, (0, 0)
    pixels = np.ascontiguousarray(image.pixels[top:bottom, left:right])
    return DecodedJpeg(pixels, replace(image.header, size=(bottom - top, right - left))), (top, left)
