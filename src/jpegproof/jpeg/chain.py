"""The way of a picture to its last save."""

from __future__ import annotations

from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression


def before_last_save(pixels: Pixels, compression: Compression) -> Pixels:
    """The picture that is saved last: `pixels` after all that happened before, each save decoded again.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        compression: whose `before` is followed.

    Raises:
        ValueError: a step leaves nothing of the picture, or it does not fit into JPEG.
    """
    for step in compression.before:
        pixels = decode(encode(pixels, step)).pixels if isinstance(step, Compression) else step(pixels)
    return pixels
