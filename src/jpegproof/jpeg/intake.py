"""Any picture file to 8-bit RGB, or a reason why not: the one door through which users' pictures come in."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from threading import Lock

import numpy as np
from PIL import Image, UnidentifiedImageError

from jpegproof.jpeg.bands import rgb_pixels
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.endings import has_every_scan, is_whole, without_empty_tail
from jpegproof.jpeg.refusals import refusal_of
from jpegproof.jpeg.segments import END, START, JpegStructure, read_structure

# The same bound as Pillow's own refusal (twice its MAX_IMAGE_PIXELS): a 537 MB RGB picture. Checked from the header,
# before any pixel is allocated, so that a tiny file cannot claim the machine's memory.
MAX_PIXELS = 178_956_970

# No picture of so many pixels takes more, in any of the formats.
MAX_BYTES = 2**31

# Told by content, whatever a file's name. Others stay shut: Pillow hands some of them to other programs (EPS).
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "PPM", "GIF", "JPEG2000", "AVIF")

_WARNINGS = Lock()


class UnusablePictureError(Exception):
    """A picture that cannot be decoded; the message is the reason, in words for the skip record.

    Attributes:
        hazard: what is the matter, one of `jpegproof.jpeg.hazards.HAZARDS`.
    """

    def __init__(self, reason: str, hazard: str = "damaged") -> None:
        super().__init__(reason)
        self.hazard = hazard


def open_picture(source: Path | bytes) -> Pixels:
    """Reads a picture as the study's protocol says: Pillow opens, converts to RGB, ignores EXIF orientation.

    Grey becomes three equal channels, CMYK and palettes are converted by Pillow (which takes CMYK in a JPEG for
    Adobe's inverted kind), transparency is dropped, 16-bit grey is scaled to 8 bits, an animation gives its first
    frame. A TIFF's orientation is part of how it stores pixels, and Pillow applies it.

    What is done about each kind of odd file is in `jpegproof.jpeg.hazards`. A JPEG of at most 16 MB takes less than
    10 seconds of one core, whatever it holds.

    Args:
        source: a file, or its bytes.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        UnusablePictureError: missing, empty, cut off, damaged, not a picture, too large, or of a range of values
            that has no place among 8 bits (floating point).
    """
    data = bytes_of(source) if isinstance(source, Path) else source
    if not data:
        raise UnusablePictureError("the file is empty", "empty")
    if not is_jpeg(data):
        return _decoded(data)
    structure = read_structure(data)
    refusal = refusal_of(structure, len(data), MAX_PIXELS)
    if refusal:
        raise UnusablePictureError(refusal.reason, refusal.hazard)
    return _decoded(data) if structure.end else _decoded_without_end(data, structure)


def bytes_of(path: Path) -> bytes:
    """The content of a picture file.

    Raises:
        UnusablePictureError: it cannot be read, is larger than 2 GiB, or is no file but a pipe or a device, which
            would be read forever.
    """
    try:
        status = path.stat()
        if not (S_ISREG(status.st_mode) or S_ISDIR(status.st_mode)):
            raise UnusablePictureError("is a pipe, a socket or a device, not a file", "unreadable")
        if status.st_size > MAX_BYTES:
            raise UnusablePictureError(f"takes {status.st_size:,} bytes, more than {MAX_BYTES:,}", "too many bytes")
        return path.read_bytes()
    except OSError as error:
        raise UnusablePictureError(f"cannot be read: {error.strerror or error}", "unreadable") from error


def is_jpeg(data: bytes) -> bool:
    """Whether bytes begin as those of a JPEG do."""
    return data[:3] == START + b"\xff"


def whole_jpeg(data: bytes, structure: JpegStructure) -> bytes:
    """A JPEG with its end marker: the file itself, or what Pillow needs in its place where the marker is missing."""
    return data if structure.end else without_empty_tail(data) + END


def opened(source: Path | bytes) -> Image.Image:
    """A picture that Pillow has opened, pixels not loaded; what it warns of is not shown to the user.

    Args:
        source: a file's bytes, or the file, of which no more is read than its headers.

    Raises:
        UnidentifiedImageError: not a picture of the known formats.
        Exception: whatever Pillow's many parsers stumble over.
    """
    # Warnings are switched off for the whole process, so one thread at a time.
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(source if isinstance(source, Path) else BytesIO(source), formats=FORMATS)


def _decoded(data: bytes) -> Pixels:
    try:
        with opened(data) as image:
            width, height = image.size
            if width * height == 0:
                raise UnusablePictureError(f"has no pixels ({width}x{height})")
            if width * height > MAX_PIXELS:
                raise UnusablePictureError(f"claims {width}x{height} pixels, more than {MAX_PIXELS:,}", "too large")
            return _to_rgb(image)
    except UnusablePictureError:
        raise
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except Image.DecompressionBombError as error:
        raise UnusablePictureError(f"cannot be decoded: {error}", "too large") from error
    except MemoryError as error:
        raise UnusablePictureError("does not fit into memory", "too large") from error
    # Pillow answers damaged and hostile files with whatever its many parsers stumble over.
    except Exception as error:
        reason = str(error) or type(error).__name__
        cut_off = "truncated" in reason.lower()
        raise UnusablePictureError(f"cannot be decoded: {reason}", "cut off" if cut_off else "damaged") from error


def _unidentified(data: bytes) -> UnusablePictureError:
    if is_jpeg(data):
        return UnusablePictureError("cannot be decoded: its headers are damaged")
    start = data.find(START + b"\xff")
    if start > 0:
        return UnusablePictureError(
            f"no known picture format, though a JPEG may begin at byte {start:,}", "junk before"
        )
    return UnusablePictureError(f"not a picture of a known format ({', '.join(FORMATS)})", "no picture")


def _decoded_without_end(data: bytes, structure: JpegStructure) -> Pixels:
    cut_off = UnusablePictureError("cannot be decoded: the file is truncated", "cut off")
    if structure.scan_start is None or not has_every_scan(structure):
        raise cut_off
    pixels = _decoded(whole_jpeg(data, structure))
    try:
        whole = is_whole(without_empty_tail(data), structure, pixels, _decoded)
    except UnusablePictureError:
        whole = False
    if not whole:
        raise cut_off
    return pixels


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        # Pillow would clip 16-bit grey at 255 instead of scaling it.
        wide = np.asarray(image).astype(np.int64)
        if wide.min() < 0 or wide.max() > 65_535:
            raise UnusablePictureError("holds 32-bit numbers, whose black and white nobody knows", "unscaled numbers")
        return np.repeat((wide >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if image.mode == "F":
        raise UnusablePictureError(
            "holds floating-point numbers, whose black and white nobody knows", "unscaled numbers"
        )
    return rgb_pixels(image)
