"""Pictures into files of several formats, with the metadata of the file that they came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.jpeg.metadata import Metadata

#: Of a JPEG, unless told otherwise: what was corrected loses little once more.
DEFAULT_QUALITY = 95

#: What a JPEG segment holds besides its own length.
_SEGMENT = 65_533

#: EXIF tags that in a TIFF would describe how the pixels are stored (TIFF 6.0, section 8; tiles: section 15).
_STRUCTURAL_TAGS = frozenset([*range(254, 260), 262, 266, 273, *range(277, 280), 284, *range(317, 326), 338, 339])
_TIFF_XMP = 700

#: Pillow's options and what had to be left out, from metadata that fit the picture's mode.
_Options = Callable[[Metadata], tuple[dict[str, Any], list[str]]]


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """A format that corrected pictures can be saved in.

    Attributes:
        name: as users type it.
        suffix: of its files.
        lossless: whether it keeps every pixel.
        longest_side: pixels.
        options: what Pillow is told about metadata.
    """

    name: str
    suffix: str
    lossless: bool
    longest_side: int
    options: _Options

    def save(
        self, pixels: NDArray[np.uint8], file: BinaryIO, metadata: Metadata, quality: int | None = None
    ) -> list[str]:
        """Writes a picture.

        Args:
            pixels: (H, W, 3) RGB, or (H, W) grey.
            file: open for reading and writing, at its beginning.
            metadata: what to carry over. An ICC profile of another colour space is left out.
            quality: of a format that loses something, 1 to 100; 95 unless given. Such a format keeps chroma at full
                size.

        Returns:
            What could not be carried over, a short sentence each.

        Raises:
            OSError: the file cannot be written.
            ValueError: the format cannot hold the picture.
        """
        picture = Image.fromarray(pixels)
        fitting = metadata.with_profile_for(picture.mode)
        options, left_out = self.options(fitting)
        if metadata.icc_profile and not fitting.icc_profile:
            left_out.append(f"the ICC profile is left out: it is not one for {picture.mode} pictures")
        if not self.lossless:
            options |= {"quality": quality or DEFAULT_QUALITY, "subsampling": "4:4:4"}
        picture.save(file, format=self.name.upper(), **options)
        return left_out


def picture_format(name: str) -> PictureFormat:
    """The format of a name.

    Raises:
        UnknownNameError: no such format.
    """
    if name not in FORMATS:
        raise UnknownNameError(f"format {name!r} is not known.{nearest(name, FORMATS)} Known: {', '.join(FORMATS)}.")
    return FORMATS[name]


def _common(metadata: Metadata) -> dict[str, Any]:
    """The options that Pillow's writers share."""
    options = {"exif": metadata.exif, "icc_profile": metadata.icc_profile, "dpi": metadata.dpi}
    return {name: value for name, value in options.items() if value}


def _png(metadata: Metadata) -> tuple[dict[str, Any], list[str]]:
    texts = PngImagePlugin.PngInfo()
    for key, value in (("XML:com.adobe.xmp", metadata.xmp), ("Comment", metadata.comment)):
        if value:
            texts.add_itxt(key, _text(value))
    return {**_common(metadata), "pnginfo": texts}, []


def _jpeg(metadata: Metadata) -> tuple[dict[str, Any], list[str]]:
    options, left_out = _common(metadata), []
    if len(metadata.exif) > _SEGMENT:  # joined from several segments
        del options["exif"]
        left_out.append("the EXIF block is left out: it is too long for one JPEG segment")
    for name, value in (("xmp", metadata.xmp), ("comment", metadata.comment)):
        if value:
            options[name] = value
    return options, left_out


def _webp(metadata: Metadata) -> tuple[dict[str, Any], list[str]]:
    options = {**_common(metadata), "xmp": metadata.xmp, "lossless": True}
    options.pop("dpi", None)
    return options, _without_comment(metadata, "WebP")


def _tiff(metadata: Metadata) -> tuple[dict[str, Any], list[str]]:
    left_out = _without_comment(metadata, "TIFF")
    options, tags = _common(metadata), Image.Exif()
    try:
        tags.load(metadata.exif)
        for group in (0x8769, 0x8825):  # EXIF proper and GPS are read here, or not at all
            tags.get_ifd(group)
    except Exception:  # damaged EXIF fails in whatever way Pillow's parser stumbles
        tags = Image.Exif()
        left_out.append("the EXIF block is left out: it cannot be read, and TIFF has to take it apart")
    for tag in _STRUCTURAL_TAGS & set(tags):
        del tags[tag]
    if metadata.xmp:
        tags[_TIFF_XMP] = metadata.xmp
    # Uncompressed: Pillow's compressed TIFFs lose the parts of EXIF that lie in directories of their own.
    return {**options, "exif": tags, "compression": "raw"}, left_out


def _without_comment(metadata: Metadata, name: str) -> list[str]:
    return [f"the comment is left out: {name} has no place for it"] if metadata.comment else []


def _text(value: bytes) -> str:
    """UTF-8 where it is, else one character a byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


#: By name, the default first. The longest sides are the formats' own.
FORMATS: dict[str, PictureFormat] = {
    item.name: item
    for item in (
        PictureFormat("png", ".png", True, 2**31 - 1, _png),
        PictureFormat("tiff", ".tif", True, 2**31 - 1, _tiff),
        PictureFormat("webp", ".webp", True, 16_383, _webp),
        PictureFormat("jpeg", ".jpg", False, 65_500, _jpeg),
    )
}
