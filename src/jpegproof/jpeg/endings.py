"""Whether the data of a JPEG reaches its end, told without an entropy decoder of our own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from jpegproof.jpeg.segments import END, JpegStructure

_ZEROS_BY_CHANCE = 8

# Two patterns, so that no code table reads both as what libjpeg makes of missing bits: blocks like the one before.
_FILLING = b"\x55" * 32 + b"\x33" * 32


def is_whole(
    data: bytes, structure: JpegStructure, pixels: NDArray[np.uint8], decode: Callable[[bytes], NDArray[np.uint8]]
) -> bool:
    """Whether a file's pixels are all coded in its data.

    libjpeg reads data that breaks off as if zeros followed, and says nothing. So other bits are put behind the data:
    where they change the picture, something was missing there.

    Args:
        data: the file up to where its end marker stands or should stand.
        structure: of the file.
        pixels: what the file decodes to with an end marker.
        decode: from a file to its pixels.
    """
    # Data that breaks off where a restart marker should stand takes bits only after that marker.
    marker = bytes([0xFF, 0xD0 + structure.restarts % 8]) if structure.restart_interval else b""
    return np.array_equal(decode(data + _FILLING + marker + _FILLING + END), pixels)


def without_empty_tail(data: bytes) -> bytes:
    """The file without a run of zeros at its end, which broken-off downloads have in place of what is missing.

    Coded data may end in a zero byte or two by chance; in a longer run only where a large even area is coded in a scan
    of its own.
    """
    kept = data.rstrip(b"\0")
    if len(data) - len(kept) <= _ZEROS_BY_CHANCE:
        return without_fill_bytes(data)
    return kept + b"\0" if kept.endswith(b"\xff") else kept


def without_fill_bytes(data: bytes) -> bytes:
    """The data without what may stand before an end marker: 0xFF, which in coded data is followed by a zero."""
    return data.rstrip(b"\xff")


def has_every_scan(structure: JpegStructure) -> bool:
    """Whether the scans bring every coefficient of every component to its last bit.

    A file that is cut off between two scans lacks a component, or is a coarser picture, without any data missing in
    the scans that are there.
    """
    frame = structure.frame
    if frame is None:
        return False
    missing = {(layer.number, place) for layer in frame.components for place in range(64)}
    for scan in structure.scans:
        band = range(scan.first, scan.last + 1) if frame.progressive else range(64)
        if scan.bits_left == 0 or not frame.progressive:
            missing -= {(number, place) for number in scan.components for place in band}
    return not missing
