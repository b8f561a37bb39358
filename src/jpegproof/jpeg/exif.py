"""The orientation that a camera noted in EXIF. The study's protocol ignores it, and people want to know."""

from __future__ import annotations

from typing import Literal

_ORIENTATION, _SHORT = 0x0112, 3
_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}


def orientation_of(exif: bytes) -> int:
    """The orientation in an EXIF block: 1 upright, 2 to 8 turned or mirrored; 1 also without a note, or with 0.

    Args:
        exif: from its TIFF header on, as it stands in a JPEG after ``Exif\\0\\0``.

    Raises:
        ValueError: the block cannot be parsed, or notes an orientation that does not exist.

    Source: CIPA DC-008 (EXIF 2.32), 4.6.2 and tag 0112; TIFF 6.0, section 2.
    """
    order = _ORDERS.get(exif[:4])
    if order is None:
        raise ValueError("EXIF does not begin with a TIFF header")

    def number(place: int, size: int) -> int:
        if place + size > len(exif):
            raise ValueError(f"EXIF points to byte {place}, behind its end")
        return int.from_bytes(exif[place : place + size], order)

    directory = number(4, 4)
    for entry in range(directory + 2, directory + 2 + 12 * number(directory, 2), 12):
        if number(entry, 2) == _ORIENTATION:
            kind, count, value = number(entry + 2, 2), number(entry + 4, 4), number(entry + 8, 2)
            if (kind, count) != (_SHORT, 1) or value > 8:
                raise ValueError("EXIF notes an orientation that does not exist")
            return value or 1  # cameras that do not know write 0
    return 1
