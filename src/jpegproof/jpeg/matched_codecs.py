"""WebP and AVIF at the bytes of a JPEG: their quality is chosen picture by picture, so that files are equally large.

A codec's own quality means something else in every codec. What can be compared is what is lost at equal bytes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, features

from jpegproof.exceptions import JpegproofError
from jpegproof.jpeg.codec import Pixels, encode
from jpegproof.jpeg.compression import OTHER_ENCODERS, Compression

#: Both codecs' scale.
_LOWEST, _HIGHEST = 0, 100


def require_codec(codec: str) -> None:
    """Raises JpegproofError where this Pillow cannot write a codec's files."""
    if not features.check(codec):
        raise JpegproofError(
            f"codec {codec}: this Pillow was built without it; install a Pillow that has it (pip's has, from 11.3 on "
            "for AVIF), or leave the codec out"
        )


def encode_matched(pixels: Pixels, compression: Compression) -> bytes:
    """Compresses a picture to WebP or AVIF, as near to the bytes of the JPEG as the codec's qualities come.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        compression: whose codec is not JPEG; its quality and subsampling are the JPEG's. WebP halves chroma always.

    Raises:
        ValueError: a side is too long for JPEG or for the codec.
        OSError: the codec fails.
    """
    wanted = len(encode(pixels, replace(compression, codec="jpeg")))
    picture = Image.fromarray(pixels)

    @lru_cache
    def at(quality: int) -> bytes:
        return _saved(picture, compression, quality)

    # The highest quality whose file is not larger, if sizes rise with quality; and the one above it may be nearer.
    low, high = _LOWEST, _HIGHEST + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(at(middle)) <= wanted else (low, middle)
    near = [quality for quality in (low, low + 1) if quality <= _HIGHEST]
    return at(min(near, key=lambda quality: (abs(len(at(quality)) - wanted), quality)))


def decode_matched(data: bytes) -> Pixels:
    """Decodes it to RGB as Pillow does: (H, W, 3) uint8.

    Raises:
        OSError: the file is damaged.
    """
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def _saved(picture: Image.Image, compression: Compression, quality: int) -> bytes:
    options: dict[str, Any] = {**OTHER_ENCODERS[compression.codec], "quality": quality}
    if compression.codec == "avif":
        options |= {"subsampling": compression.subsampling, "max_threads": 1}  # workers have threads of their own
    out = BytesIO()
    picture.save(out, format=compression.codec.upper(), **options)
    return out.getvalue()
