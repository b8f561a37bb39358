"""Any picture file to 8-bit RGB, or a reason why not: the one door through which users' pictures come in."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from jpegproof.jpeg.codec import Pixels

# The same bound as Pillow's own refusal (twice its MAX_IMAGE_PIXELS): a 537 MB RGB picture. Checked from the header,
# before any pixel is allocated, so that a tiny file cannot claim the machine's memory.
MAX_PIXELS = 178_956_970

# Told by content, whatever a file's name. Others stay shut: Pillow hands some of them to other programs (EPS).
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "PPM", "GIF", "JPEG2000", "AVIF")


class UnusablePictureError(Exception):
    """A picture that cannot be decoded; the message is the reason, in words for the skip record."""


def open_picture(source: Path | bytes) -> Pixels:
    """Reads a picture as the study's protocol says: Pillow opens, converts to RGB, ignores EXIF orientation.

    Grey becomes three equal channels, CMYK and palettes are converted by Pillow (which takes CMYK in a JPEG for
    Adobe's inverted kind), transparency is dropped, 16-bit grey is scaled to 8 bits, an animation gives its first
    frame. A TIFF's orientation is part of how it stores pixels, and Pillow applies it.

    Args:
        source: a file, or its bytes.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        UnusablePictureError: missing, empty, cut off, damaged, not a picture, too large, or of a range of values
            that has no place among 8 bits (floating point).
    """
    try:
        data = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise UnusablePictureError(f"cannot be read: {error.strerror or error}") from error
    if not data:
        raise UnusablePictureError("the file is empty")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height == 0:
                raise UnusablePictureError(f"has no pixels ({width}x{height})")
            if width * height > MAX_PIXELS:
                raise UnusablePictureError(f"claims {width}x{height} pixels, more than {MAX_PIXELS:,}")
            return _to_rgb(image)
    except UnusablePictureError:
        raise
    except UnidentifiedImageError as error:
        raise UnusablePictureError(f"not a picture of a known format ({', '.join(FORMATS)})") from error
    except MemoryError as error:
        raise UnusablePictureError("does not fit into memory") from error
    # Pillow answers damaged and hostile files with whatever its many parsers stumble over.
    except Exception as error:
        raise UnusablePictureError(f"cannot be decoded: {str(error) or type(error).__name__}") from error


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        # Pillow would clip 16-bit grey at 255 instead of scaling it.
        wide = np.asarray(image).astype(np.int64)
        if wide.min() < 0 or wide.max() > 65_535:
            raise UnusablePictureError("holds 32-bit numbers, whose black and white nobody knows")
        return np.repeat((wide >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if image.mode == "F":
        raise UnusablePictureError("holds floating-point numbers, whose black and white nobody knows")
    return np.asarray(image.convert("RGB"))
