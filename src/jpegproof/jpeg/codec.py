"""Pixels to JPEG bytes and back, through Pillow's libjpeg-turbo."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFile

from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.header import JpegHeader, header_of

Pixels = NDArray[np.uint8]

# libjpeg's own bound (JPEG_MAX_DIMENSION), a little below the format's 65,535.
MAX_SIDE = 65_500

_ROOM = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class DecodedJpeg:
    """A JPEG's pixels together with what the file says of itself: all a corrector may look at.

    Attributes:
        pixels: (H, W, 3) uint8 RGB.
        header: tables, sampling, scan order.
        data: the file's bytes, for correctors that read its coefficients; None where these are not the picture's,
            such as for a part of it.
    """

    pixels: Pixels
    header: JpegHeader
    data: bytes | None = None

    def tensor(self) -> torch.Tensor:
        """The pixels as a new (3, H, W) float32 RGB tensor in [0, 1]."""
        return torch.from_numpy(self.pixels.copy()).permute(2, 0, 1).float().div_(255)


def encode(pixels: Pixels, compression: Compression) -> bytes:
    """Compresses a picture to JPEG.

    A quality alone gives exactly the bytes of Pillow's ``save(quality=...)`` with its defaults.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        compression: how; not the original.

    Raises:
        ValueError: the compression is `ORIGINAL`, or a side is longer than libjpeg's 65,500 pixels.
    """
    if compression.is_original:
        raise ValueError("the original is not compressed; there are no JPEG bytes of it")
    height, width = pixels.shape[:2]
    if max(height, width) > MAX_SIDE:
        raise ValueError(f"a {width}x{height} picture does not fit JPEG, whose sides end at {MAX_SIDE:,} pixels")
    options: dict[str, Any] = {"subsampling": compression.subsampling, "progressive": compression.progressive}
    if compression.tables is not None:
        options["qtables"] = [list(table) for table in compression.tables]
    else:
        options["quality"] = compression.quality
    picture = Image.fromarray(pixels)
    try:
        return _saved(picture, options)
    except OSError:
        if not compression.progressive:
            raise
    # libjpeg writes a progressive file in one go, into a buffer whose size Pillow guesses from the quality: too low
    # for noise. No coefficients take more than this.
    with _ROOM:
        usual, ImageFile.MAXBLOCK = ImageFile.MAXBLOCK, 12 * height * width + 65_536
        try:
            return _saved(picture, options)
        finally:
            ImageFile.MAXBLOCK = usual


def _saved(picture: Image.Image, options: dict[str, Any]) -> bytes:
    with _file_in_memory() as out:
        picture.save(out, format="JPEG", **options)
        out.seek(0)
        return out.read()


def _file_in_memory() -> IO[bytes]:
    """A file that nobody else sees; one that the system knows of, where it can, so that threads compress at once.

    Into such a file Pillow compresses without holding Python's lock, into any other object it holds it.
    """
    if hasattr(os, "memfd_create"):
        with suppress(OSError):  # some sandboxes do not have it
            return os.fdopen(os.memfd_create("jpegproof"), "w+b")
    return BytesIO()


def decode(data: bytes) -> DecodedJpeg:
    """Decodes a JPEG to RGB as Pillow does (libjpeg-turbo's accurate integer DCT and fancy upsampling).

    Raises:
        ValueError: the bytes are not a JPEG.
        OSError: the JPEG is damaged.
    """
    with Image.open(BytesIO(data)) as image:
        header = header_of(image)
        return DecodedJpeg(pixels=np.asarray(image.convert("RGB")), header=header, data=data)
