"""The JPEG decoders that servers use, by the names that a user types."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image, JpegImagePlugin

from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.jpeg.bands import rgb_pixels
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import open_picture
from jpegproof.probes.parity.libraries import import_library
from jpegproof.probes.parity.nearest_chroma import decode_nearest_chroma

Size = tuple[int, int]
"""(H, W) in pixels."""

#: A file's bytes, and for decoders that shrink the size that the picture will be resized to; None for as it is stored.
Decode = Callable[[bytes, Size | None], Pixels]


@dataclass(frozen=True, slots=True)
class Decoder:
    """A way from a JPEG's bytes to its pixels.

    Attributes:
        name: as a user types it.
        does: what is particular about it, as the end of a sentence.
        library: what must be importable.
        decode: the way.
        shrinks: whether it decodes at 1/2, 1/4 or 1/8 where that is no smaller than what the model resizes to.
    """

    name: str
    does: str
    library: str
    decode: Decode
    shrinks: bool = False


def find_decoder(name: str) -> Decoder:
    """The decoder of a name, its library imported.

    Raises:
        UnknownNameError: no decoder has the name.
        MissingExtraError: its library is not installed.
    """
    if name not in DECODERS:
        raise UnknownNameError(f"decoder {name!r} is not known.{nearest(name, DECODERS)} Known: {', '.join(DECODERS)}.")
    found = DECODERS[name]
    import_library(found.library, f"the decoder {name}")
    return found


def decoded(decoder: Decoder, data: bytes, wanted: Size | None) -> Pixels | str:
    """The pixels of a file, (H, W, 3) uint8 RGB, or why there are none."""
    try:
        return np.ascontiguousarray(decoder.decode(data, wanted if decoder.shrinks else None))
    except MemoryError:
        return "does not fit into memory"
    except Exception as error:  # other people's decoders fail in whatever way they like
        lines = str(error).strip().splitlines()
        return lines[0] if lines else type(error).__name__


def fraction_of(stored: Size, wanted: Size) -> int:
    """1 over the smallest of libjpeg's fractions (1, 1/2, 1/4, 1/8) that is no smaller than a wanted size."""
    spare = min(stored[0] // max(wanted[0], 1), stored[1] // max(wanted[1], 1))
    return next(fraction for fraction in (8, 4, 2, 1) if fraction <= max(spare, 1))


def _pillow(data: bytes, wanted: Size | None) -> Pixels:
    del wanted
    return open_picture(data)


def _pillow_draft(data: bytes, wanted: Size | None) -> Pixels:
    with Image.open(BytesIO(data)) as image:
        if wanted is not None and isinstance(image, JpegImagePlugin.JpegImageFile):
            image.draft(None, (wanted[1], wanted[0]))
        return rgb_pixels(image)


def _opencv(data: bytes, wanted: Size | None) -> Pixels:
    import cv2

    flag = cv2.IMREAD_COLOR
    if wanted is not None:
        with Image.open(BytesIO(data)) as image:
            fraction = fraction_of((image.height, image.width), wanted)
        flag = {
            1: cv2.IMREAD_COLOR,
            2: cv2.IMREAD_REDUCED_COLOR_2,
            4: cv2.IMREAD_REDUCED_COLOR_4,
            8: cv2.IMREAD_REDUCED_COLOR_8,
        }[fraction]
    return _from_bgr(cv2, cv2.imdecode(np.frombuffer(data, np.uint8), flag))


def _opencv_unturned(data: bytes, wanted: Size | None) -> Pixels:
    import cv2

    del wanted
    flag = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    return _from_bgr(cv2, cv2.imdecode(np.frombuffer(data, np.uint8), flag))


def _from_bgr(cv2: Any, picture: Any) -> Pixels:
    if picture is None:
        raise ValueError("OpenCV does not read it, and says no more")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _torchvision(data: bytes, wanted: Size | None) -> Pixels:
    from torchvision.io import ImageReadMode, decode_jpeg

    del wanted
    coded = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    with warnings.catch_warnings():  # servers use it all the same until it goes
        warnings.simplefilter("ignore", DeprecationWarning)
        picture = decode_jpeg(coded, mode=ImageReadMode.RGB)
    assert isinstance(picture, torch.Tensor)  # a list only for a list
    return picture.permute(1, 2, 0).numpy()


def _simplejpeg(**options: bool) -> Decode:
    def decode(data: bytes, wanted: Size | None) -> Pixels:
        import simplejpeg

        del wanted
        return simplejpeg.decode_jpeg(data, "RGB", **options)

    return decode


def _nearest_chroma(data: bytes, wanted: Size | None) -> Pixels:
    del wanted
    return decode_nearest_chroma(data)


_FRACTION = "at 1/2, 1/4 or 1/8 where that is no smaller than what the model resizes to"

#: In the order in which they are told of.
DECODERS = {
    decoder.name: decoder
    for decoder in (
        Decoder("pillow", "Pillow, as the study decodes; EXIF orientation ignored", "PIL", _pillow),
        Decoder("pillow-draft", f"Pillow's draft mode: {_FRACTION}", "PIL", _pillow_draft, shrinks=True),
        Decoder("opencv", "cv2.imdecode as it comes, which turns pictures by their EXIF orientation", "cv2", _opencv),
        Decoder("opencv-unturned", "cv2.imdecode with IMREAD_IGNORE_ORIENTATION", "cv2", _opencv_unturned),
        Decoder("opencv-reduced", f"cv2.imdecode with IMREAD_REDUCED_COLOR: {_FRACTION}", "cv2", _opencv, shrinks=True),
        Decoder("torchvision", "torchvision.io.decode_jpeg", "torchvision", _torchvision),
        Decoder("simplejpeg", "simplejpeg (libjpeg-turbo) as it comes: accurate", "simplejpeg", _simplejpeg()),
        Decoder(
            "simplejpeg-fastdct",
            "simplejpeg with fastdct: a faster, less accurate inverse DCT",
            "simplejpeg",
            _simplejpeg(fastdct=True),
        ),
        Decoder(
            "simplejpeg-fastupsample",
            "simplejpeg with fastupsample: chroma repeated, as on GPUs, not interpolated",
            "simplejpeg",
            _simplejpeg(fastupsample=True),
        ),
        Decoder(
            "nearest-chroma",
            "chroma repeated as on GPUs, by means of Pillow: the same as simplejpeg-fastupsample, of 4:2:0 files",
            "PIL",
            _nearest_chroma,
        ),
    )
}
