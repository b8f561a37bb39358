"""What a JPEG file says besides its pixels, to be carried over to another file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

#: Where an ICC profile says what kind of numbers it describes (ICC.1, table 17: colour space, bytes 16 to 19).
_COLOUR_SPACE = slice(16, 20)
_SPACES = {"RGB": b"RGB ", "L": b"GRAY"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """A file's metadata, byte for byte as they stand there; empty where there are none.

    The EXIF block is never rewritten: makers' notes hold offsets into it, which a rewriting would break. So the
    orientation stays as it was (and so do the pixels, in stored orientation), and so does the thumbnail.

    Attributes:
        exif: with its ``Exif`` prefix.
        icc_profile: the colour profile.
        xmp: an XMP packet (XML).
        comment: the JPEG comment, in an encoding that nobody states.
        dpi: dots per inch, across and down; None where the file gives none outside its EXIF block.
    """

    exif: bytes = b""
    icc_profile: bytes = b""
    xmp: bytes = b""
    comment: bytes = b""
    dpi: tuple[float, float] | None = None

    def with_profile_for(self, mode: str) -> Metadata:
        """The same, but without an ICC profile that describes other numbers than those of a mode (``RGB``, ``L``)."""
        fits = self.icc_profile[_COLOUR_SPACE] == _SPACES[mode]
        return self if fits else replace(self, icc_profile=b"")


def metadata_of(image: Image.Image) -> Metadata:
    """Reads the metadata of a JPEG that Pillow has opened (pixels need not be loaded)."""
    info = image.info
    # Pillow also makes up a resolution from EXIF, where it stands anyway, and 72 where that cannot be read.
    stated = info.get("jfif_unit") in (1, 2) and min(info.get("dpi", (0, 0))) > 0
    return Metadata(
        exif=_bytes(info.get("exif")),
        icc_profile=_bytes(info.get("icc_profile")),
        xmp=_bytes(info.get("xmp")),
        comment=_bytes(info.get("comment")),
        dpi=info["dpi"] if stated else None,
    )


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
