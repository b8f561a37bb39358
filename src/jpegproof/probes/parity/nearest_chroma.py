"""Decoding that repeats chroma samples instead of interpolating them, as decoders on GPUs and fast settings do.

libjpeg reaches half size by halving luma's blocks alone: quartered chroma (4:2:0) then comes out as it is stored, one
sample for each pixel. So a decode at full size gives luma, one at half size chroma, and no library is needed that can
switch interpolation off. What comes out equals libjpeg-turbo's own decoding without fancy upsampling in every pixel.

Source: jpeg_calc_output_dimensions() of libjpeg-turbo's jdmaster.c, which scales components by their transforms where
it can; build_ycc_rgb_table() of its jdcolor.c for the whole numbers of the conversion.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from jpegproof.jpeg.bands import bands
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.header import header_of
from jpegproof.jpeg.intake import open_picture

# Shares of ITU-R BT.601 as libjpeg rounds them: parts of 65,536.
_RED_OF_CR, _BLUE_OF_CB, _GREEN_OF_CB, _GREEN_OF_CR, _HALF = 91_881, 116_130, -22_554, -46_802, 32_768


def decode_nearest_chroma(data: bytes) -> Pixels:
    """Decodes a JPEG with each chroma sample repeated.

    Returns:
        (H, W, 3) uint8 RGB; of a file without chroma, or with all of it, what every decoder makes of it.

    Raises:
        ValueError: chroma is sampled in another way than 4:2:0, or the picture is one pixel narrow or low.
        UnusablePictureError, OSError: the file is damaged.
    """
    with Image.open(BytesIO(data)) as image:
        header = header_of(image)
    if header.colours != "YCbCr" or header.subsampling == "4:4:4":
        return open_picture(data)
    height, width = header.size
    if header.subsampling != "4:2:0" or min(height, width) < 2:
        raise ValueError(
            f"chroma is sampled {header.subsampling} in a {width}x{height} picture; nearest-chroma does 4:2:0 from 2x2 "
            "pixels on, simplejpeg-fastupsample does others"
        )
    luma = _planes(data, (width, height))[..., 0]
    chroma = _planes(data, (width // 2, height // 2))[..., 1:]
    pixels = np.empty((height, width, 3), np.uint8)
    columns = np.arange(width) // 2
    for rows in bands(height, width):
        lines = np.arange(rows.start, rows.stop) // 2
        pixels[rows] = _rgb(luma[rows], chroma[lines[:, None], columns])
    return pixels


def _planes(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 Y, Cb, Cr at the fraction of libjpeg's that a (width, height) asks for."""
    with Image.open(BytesIO(data)) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        image.draft("YCbCr", size)
        return np.asarray(image)


def _rgb(luma: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> Pixels:
    """(H, W) and (H, W, 2) uint8 as (H, W, 3) uint8 RGB, in libjpeg's whole numbers."""
    y = luma.astype(np.int32)
    cb, cr = chroma[..., 0].astype(np.int32) - 128, chroma[..., 1].astype(np.int32) - 128
    red = y + ((_RED_OF_CR * cr + _HALF) >> 16)
    green = y + ((_GREEN_OF_CB * cb + _GREEN_OF_CR * cr + _HALF) >> 16)
    blue = y + ((_BLUE_OF_CB * cb + _HALF) >> 16)
    return np.clip(np.stack([red, green, blue], axis=-1), 0, 255).astype(np.uint8)
