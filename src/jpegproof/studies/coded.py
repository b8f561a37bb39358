"""One picture through a codec: delivered, saved, decoded; whatever does not survive is a reason in its place."""

from __future__ import annotations

from dataclasses import dataclass

from jpegproof.jpeg.chain import before_last_save
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.matched_codecs import decode_matched, encode_matched

#: A JPEG; of other codecs the pixels; or why there is neither.
Decoded = DecodedJpeg | Pixels | str


@dataclass(frozen=True, slots=True)
class Coded:
    """A picture on its way through a codec.

    Attributes:
        saved: (H, W, 3) uint8 RGB as it was saved last, or why it did not get there.
        file: what was saved, or why nothing was.
        decoded: what comes out, or why nothing does.
    """

    saved: Pixels | str
    file: bytes | str
    decoded: Decoded

    @property
    def is_saved(self) -> bool:
        """Whether it came to its last save."""
        return not isinstance(self.saved, str)


def coded(compression: Compression, pixels: Pixels) -> Coded:
    """Takes a picture all the way."""
    saved = delivered(compression, pixels)
    file = compressed(compression, saved)
    return Coded(saved, file, decompressed(compression, file))


def delivered(compression: Compression, pixels: Pixels | str) -> Pixels | str:
    """The picture after what happened before its last save."""
    if isinstance(pixels, str) or not compression.before:
        return pixels
    try:
        return before_last_save(pixels, compression)
    except (OSError, ValueError) as error:
        return f"cannot be delivered: {error}"


def compressed(compression: Compression, pixels: Pixels | str) -> bytes | str:
    """The file of its last save."""
    if isinstance(pixels, str):
        return pixels
    try:
        return encode(pixels, compression) if compression.codec == "jpeg" else encode_matched(pixels, compression)
    except (OSError, ValueError) as error:
        return f"cannot be compressed: {error}"


def decompressed(compression: Compression, file: bytes | str) -> Decoded:
    """What the file decodes to."""
    if isinstance(file, str):
        return file
    return decode(file) if compression.codec == "jpeg" else decode_matched(file)
