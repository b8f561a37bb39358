"""What a picture file says of itself before a pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from PIL import Image, JpegImagePlugin

from jpegproof.jpeg.header import header_of
from jpegproof.jpeg.intake import opened

PictureColours = Literal["grey", "palette", "colour", "four inks"]

_LOSSLESS = frozenset(["PNG", "BMP", "PPM", "GIF"])
_LOSSLESS_IN_TIFF = frozenset(
    ["raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "lzma", "zstd", "group3", "group4"]
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file is, by its headers.

    Attributes:
        format: Pillow's name of its format, such as ``JPEG``.
        width: in pixels.
        height: in pixels.
        colours: what a pixel is stored as.
        lossless: whether the format gives back what was put in; false where the headers leave it open.
        quality: the libjpeg quality whose tables a JPEG's are nearest to; None for other formats.
        tables: a digest of a JPEG's quantisation tables; empty for other formats.
        subsampling: of a JPEG, as `JpegHeader` says it; empty for other formats.
        progressive: whether a JPEG's scans refine each other; None for other formats.
        exif: whether it carries EXIF data.
    """

    format: str
    width: int
    height: int
    colours: PictureColours = "colour"
    lossless: bool = True
    quality: int | None = None
    tables: str = ""
    subsampling: str = ""
    progressive: bool | None = None
    exif: bool = False


def file_facts(file: Path | bytes) -> FileFacts | None:
    """Reads a file's headers; None where it cannot be told what it is, as of a file that no study can use.

    Args:
        file: the file, or its bytes.
    """
    try:
        # Not a pipe or a device, which would be waited for.
        if isinstance(file, Path) and not file.is_file():
            return None
        with opened(file) as image:
            return _facts_of(image)
    # Pillow answers damaged and hostile files with whatever its many parsers stumble over.
    except Exception:
        return None


def _facts_of(image: Image.Image) -> FileFacts:
    facts = FileFacts(
        format=str(image.format),
        width=image.width,
        height=image.height,
        colours=_colours(image),
        lossless=_is_lossless(image),
        exif="exif" in image.info,
    )
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return facts
    header = header_of(image)
    tables = [header.luma] if header.chroma is None else [header.luma, header.chroma]
    digest = blake2b(b"".join(table.tobytes() for table in tables), digest_size=8).hexdigest()
    return replace(
        facts,
        format="JPEG",  # also of a file that holds several of them (MPO)
        quality=header.quality.quality,
        tables=digest,
        subsampling=header.subsampling,
        progressive=header.progressive,
    )


def _colours(image: Image.Image) -> PictureColours:
    if image.mode.startswith(("1", "L", "I", "F")):
        return "grey"
    if image.mode.startswith("P"):
        return "palette"
    return "four inks" if image.mode == "CMYK" else "colour"


def _is_lossless(image: Image.Image) -> bool:
    if image.format == "TIFF":
        return image.info.get("compression") in _LOSSLESS_IN_TIFF
    return image.format in _LOSSLESS
