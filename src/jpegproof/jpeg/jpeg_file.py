"""A JPEG file with all that its correction needs: pixels, header, metadata."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.jpeg.header import header_of
from jpegproof.jpeg.intake import UnusablePictureError, bytes_of, is_jpeg, open_picture, opened
from jpegproof.jpeg.metadata import Metadata, metadata_of
from jpegproof.jpeg.segments import read_structure


class NothingToCorrectError(UnusablePictureError):
    """A picture that was not compressed as JPEGs are: of another format, or a lossless JPEG."""


@dataclass(frozen=True, slots=True, eq=False)
class JpegFile:
    """A decoded JPEG file.

    Attributes:
        image: pixels as the intake opens them, and the header.
        metadata: what the file says besides.
        pictures: how many it holds (MPO); the first is the one that was decoded.
    """

    image: DecodedJpeg
    metadata: Metadata
    pictures: int = 1


def open_jpeg_file(path: Path) -> JpegFile:
    """Reads and decodes a JPEG file.

    Raises:
        NothingToCorrectError: the file is a picture of another format, whatever its name, or a lossless JPEG.
        UnusablePictureError: the intake cannot use the file, or its header makes no sense.
    """
    data = bytes_of(path)
    if not is_jpeg(data):
        raise NothingToCorrectError(f"not a JPEG but {_other_format(data)}")
    pixels = open_picture(data)
    frame = read_structure(data).frame
    if frame is not None and frame.lossless:
        raise NothingToCorrectError("a lossless JPEG")
    try:
        with opened(data) as image:
            header = header_of(image)
            return JpegFile(DecodedJpeg(pixels, header, data), metadata_of(image), getattr(image, "n_frames", 1))
    # What the intake has decoded may still say nonsense of itself, over which Pillow's parsers stumble in many ways.
    except Exception as error:
        raise UnusablePictureError(f"has a header that cannot be read: {error}") from error


def _other_format(data: bytes) -> str:
    """Pillow's name of a picture's format.

    Raises:
        UnusablePictureError: it is no picture at all.
    """
    try:
        with opened(data) as image:
            return str(image.format)
    except Exception as error:
        open_picture(data)  # says better what is the matter
        raise UnusablePictureError(f"cannot be decoded: {error}") from error
