"""Between Pillow's pictures and arrays, a band of rows at a time: a large picture is never there three times over."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from jpegproof.jpeg.codec import Pixels

#: Pixels of a band; what is copied on the way is a small multiple of that many bytes.
BAND = 2**22


def bands(height: int, width: int) -> Iterator[slice]:
    """The rows of a picture in bands of about 4 megapixels, at least one row each."""
    step = max(BAND // max(width, 1), 1)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def rgb_pixels(image: Image.Image) -> Pixels:
    """The pixels that ``image.convert("RGB")`` has.

    Converted in one piece, a picture of 100 megapixels would take 1.4 GB on the way to its 300 MB.

    Returns:
        (H, W, 3) uint8, a new array.

    Raises:
        OSError, ValueError: whatever Pillow raises for damaged files and modes that it cannot convert.
    """
    image.load()
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for rows in bands(image.height, image.width):
        pixels[rows] = np.asarray(image.crop((0, rows.start, image.width, rows.stop)).convert("RGB"))
    return pixels


def grey_pixels(pixels: Pixels) -> NDArray[np.uint8]:
    """Luma as Pillow computes it (ITU-R BT.601): (H, W) uint8 from (H, W, 3) uint8."""
    grey = np.empty(pixels.shape[:2], np.uint8)
    for rows in bands(*pixels.shape[:2]):
        grey[rows] = np.asarray(Image.fromarray(pixels[rows]).convert("L"))
    return grey


def same_pixels(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Whether two pictures are equal in size and every pixel."""
    return first.shape == second.shape and all(
        np.array_equal(first[rows], second[rows]) for rows in bands(*first.shape[:2])
    )
