"""Label files: pictures whose pixels are numbers of classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError, bytes_of, opened

#: Formats that keep numbers as they are.
LABEL_SUFFIXES = frozenset([".png", ".bmp", ".tif", ".tiff", ".pgm"])

_PNG = b"\x89PNG\r\n\x1a\n"
_MEND = "save label maps as 8-bit grey PNG whose values are the numbers of the classes"


def read_label_file(path: Path) -> NDArray[np.uint8]:
    """The values of a label file, (H, W).

    Grey of 1 to 8 bits is taken as it is. Of a palette of colours the indices count, as in Pascal VOC; a palette of
    greys in another order than their values is refused, since nobody knows which of the two is meant.

    Raises:
        UnusablePictureError: missing, damaged, in colour, of 16 bits, or too large; with how to mend it.
    """
    if not path.exists():
        raise UnusablePictureError(f"has no label map: there is no {path.name} in {path.parent.name}")
    try:
        data = bytes_of(path)
        with opened(data) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnusablePictureError(f"claims {image.width}x{image.height} pixels")
            return _values(image, data)
    except UnusablePictureError as error:
        raise UnusablePictureError(f"its label map {path.name} {error}") from error
    except Exception as error:  # Pillow answers damaged files with whatever its parsers stumble over
        reason = str(error) or type(error).__name__
        raise UnusablePictureError(f"its label map {path.name} cannot be decoded: {reason}") from error


def _values(image: Image.Image, data: bytes) -> NDArray[np.uint8]:
    if image.format in ("JPEG", "WEBP", "AVIF", "JPEG2000"):
        raise UnusablePictureError(f"is a {image.format} file, which does not keep numbers as they are; {_MEND}")
    if image.mode.startswith("I") or image.mode == "F":
        raise UnusablePictureError(f"holds more than 8 bits a pixel; {_MEND}")
    if image.mode == "P":
        return _indices(image)
    if image.mode not in ("L", "1"):
        raise UnusablePictureError(f"is in colour ({image.mode}), so its values are no numbers of classes; {_MEND}")
    return np.asarray(image).astype(np.uint8) // _stretch(data)


def _indices(image: Image.Image) -> NDArray[np.uint8]:
    """The indices of a picture with a palette."""
    indices = np.asarray(image)
    colours = np.asarray(image.getpalette("RGB"), dtype=np.int64).reshape(-1, 3)
    used = np.unique(indices)
    shown = colours[used[used < len(colours)]]
    grey = (shown == shown[:, :1]).all()
    if grey and not np.array_equal(shown[:, 0], used[: len(shown)]):
        raise UnusablePictureError(f"has a palette of greys that are not in the order of their values; {_MEND}")
    return indices


def _stretch(data: bytes) -> int:
    """What Pillow multiplies the numbers of 2 or 4 bits with, so that white is 255."""
    depth, colour = (data[24], data[25]) if data.startswith(_PNG) else (8, 0)
    return {2: 85, 4: 17}.get(depth, 1) if colour == 0 else 1
