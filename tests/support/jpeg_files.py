"""Pictures and JPEG files made on the spot, and a reader of JPEG segments that shares nothing with the package."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Where the steps of a quantisation segment stand in the 8x8 block, row by row: along the diagonals (T.81, figure 5).
_PLACES = [(row, column) for row in range(8) for column in range(8)]
ZIGZAG = [8 * r + c for r, c in sorted(_PLACES, key=lambda p: (sum(p), p[0] if sum(p) % 2 else p[1]))]


def smooth_picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: colours that change slowly, with a little noise, as in a photograph."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int64)
    return np.clip(smooth + random.integers(-8, 9, smooth.shape), 0, 255).astype(np.uint8)


def noise_picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 noise: the worst case for a codec."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def file_bytes(picture: Image.Image | NDArray[Any], kind: str = "JPEG", **options: Any) -> bytes:
    """A picture as Pillow writes it."""
    out = BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(out, format=kind, **options)
    return out.getvalue()


def segments(data: bytes) -> list[tuple[int, int, bytes]]:
    """(marker, position of the payload, payload) of every segment up to the first scan."""
    assert data[:2] == b"\xff\xd8"
    found, place = [], 2
    while True:
        assert data[place] == 0xFF
        marker, length = data[place + 1], struct.unpack(">H", data[place + 2 : place + 4])[0]
        found.append((marker, place + 4, data[place + 4 : place + 2 + length]))
        if marker == 0xDA:
            return found
        place += 2 + length


def tables_in(data: bytes) -> dict[int, NDArray[np.int64]]:
    """The (8, 8) quantisation tables of a file by number, row = vertical frequency."""
    tables = {}
    for marker, _, payload in segments(data):
        while marker == 0xDB and payload:
            wide, number = payload[0] >> 4, payload[0] & 15
            size = 128 if wide else 64
            steps = np.frombuffer(payload[1 : 1 + size], dtype=">u2" if wide else "u1")
            table = np.zeros(64, dtype=np.int64)
            table[ZIGZAG] = steps
            tables[number] = table.reshape(8, 8)
            payload = payload[1 + size :]
    return tables


def frame_header(data: bytes) -> tuple[int, int, bytes]:
    """(marker, position of the payload, payload) of the start of frame."""
    (frame,) = [segment for segment in segments(data) if segment[0] in (0xC0, 0xC1, 0xC2)]
    return frame


def with_sampling(data: bytes, *factors: int) -> bytes:
    """The file with other sampling factors (0xHV per component) in its frame header; the scan no longer fits them."""
    _, place, _ = frame_header(data)
    changed = bytearray(data)
    for component, factor in enumerate(factors):
        changed[place + 6 + 3 * component + 1] = factor
    return bytes(changed)


def with_size(data: bytes, height: int, width: int) -> bytes:
    """The file with another size in its frame header."""
    _, place, _ = frame_header(data)
    return data[: place + 1] + struct.pack(">HH", height, width) + data[place + 5 :]


def png_of_size(height: int, width: int) -> bytes:
    """A PNG file of some dozen bytes that claims a size."""

    def chunk(kind: bytes, payload: bytes) -> bytes:
        return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    )
