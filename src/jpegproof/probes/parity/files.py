"""The files that all servers are given: a picture's own JPEG, or one that is saved of it first."""

from __future__ import annotations

from dataclasses import dataclass

from jpegproof.analysis.parity.rows import SUBSAMPLED
from jpegproof.data.files import PictureFiles, StoredPictures
from jpegproof.data.picture_set import PictureSet
from jpegproof.jpeg.codec import encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.exif import orientation_of
from jpegproof.jpeg.header import header_of
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError, is_jpeg, opened
from jpegproof.jpeg.refusals import refusal_of
from jpegproof.jpeg.segments import read_structure


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A picture's JPEG as every server gets it.

    Attributes:
        data: its bytes; empty where there are none.
        own: whether they are the picture's own file rather than saved for the comparison.
        subsampling: as `JpegHeader` says it; empty where it cannot be told.
        colours: what its components are: grey, YCbCr, RGB, CMYK, YCCK; empty where it cannot be told.
        orientation: EXIF's, 1 for upright or unknown.
        reason: why no server is given it; empty for none.
    """

    data: bytes
    own: bool
    subsampling: str = ""
    colours: str = ""
    orientation: int = 1
    reason: str = ""

    @property
    def kinds(self) -> list[str]:
        """In what it is of a kind over which decoders differ."""
        kinds = ["turned by EXIF"] if self.orientation > 1 else []
        kinds += [self.colours] if self.colours not in ("", "YCbCr") else []
        return kinds + ([SUBSAMPLED] if self.subsampling not in ("", "4:4:4", "4:0:0") else [])


def served_file(pictures: PictureSet, number: int, quality: int) -> ServedFile:
    """The file of a picture: its own bytes where these are a JPEG, else what Pillow saves of it.

    What is too large for this machine by its headers is given to no decoder.

    Args:
        pictures: the data set.
        number: of the picture.
        quality: libjpeg's, of what is saved.
    """
    try:
        if isinstance(pictures, StoredPictures):
            data = pictures.content(number)
            if is_jpeg(data):
                if type(pictures).pixels is not PictureFiles.pixels:
                    pictures.pixels(number)  # which says whether picture and label fit each other
                return _described(data)
        data = encode(pictures.pixels(number), Compression(quality=quality))
    except UnusablePictureError as error:
        return ServedFile(b"", False, reason=str(error))
    except (OSError, ValueError) as error:
        return ServedFile(b"", False, reason=f"cannot be saved as JPEG: {error}")
    return ServedFile(data, False, "4:2:0", "YCbCr")


def _described(data: bytes) -> ServedFile:
    structure = read_structure(data)
    refusal = refusal_of(structure, len(data), MAX_PIXELS)
    if refusal is not None:
        return ServedFile(b"", True, reason=refusal.reason)
    try:
        orientation = orientation_of(structure.exif) if structure.exif else 1
    except ValueError:
        orientation = 1
    try:
        with opened(data) as image:
            header = header_of(image)
    # Pillow answers damaged headers with whatever its many parsers stumble over; the decoders will say more.
    except Exception:
        return ServedFile(data, True, orientation=orientation)
    return ServedFile(data, True, header.subsampling, header.colours, orientation)
