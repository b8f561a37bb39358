"""Encoders for two kinds of JPEG that no library at hand writes: arithmetic coding and lossless. Grey, and tiny."""

from __future__ import annotations

import struct
from typing import Any

from numpy.typing import NDArray

# (Qe, next state after the less probable symbol, after the more probable one): T.81, table D.3, as far as symbols
# that are nearly always the same one can lead.
_STATES = [
    (0x5A1D, 1, 1), (0x2586, 14, 2), (0x1114, 16, 3), (0x080B, 18, 4), (0x03D8, 20, 5), (0x01DA, 23, 6),
    (0x00E5, 25, 7), (0x006F, 28, 8), (0x0036, 30, 9), (0x001A, 33, 10), (0x000D, 35, 11), (0x0006, 9, 12),
    (0x0003, 10, 13), (0x0001, 12, 13),
]  # fmt: skip


class _Context:
    """What the coder has learned of one decision."""

    def __init__(self) -> None:
        self.state = self.likely = 0


class _QMCoder:
    """The arithmetic encoder of T.81, annex D.1."""

    def __init__(self) -> None:
        self.out = bytearray([0])
        self.low, self.range, self.count, self.stacked = 0, 0x10000, 11, 0

    def put(self, context: _Context, bit: int) -> None:
        estimate, after_unlikely, after_likely = _STATES[context.state]
        self.range -= estimate
        if bit == context.likely:
            if self.range >= 0x8000:
                return
            if self.range < estimate:
                self.low, self.range = self.low + self.range, estimate
            context.state = after_likely
        else:
            if self.range >= estimate:
                self.low, self.range = self.low + self.range, estimate
            context.likely ^= context.state == 0  # the only one of these states whose symbols change places
            context.state = after_unlikely
        while self.range < 0x8000:
            self.range, self.low, self.count = self.range << 1, self.low << 1, self.count - 1
            if not self.count:
                self._byte()
                self.count = 8

    def _byte(self) -> None:
        byte = self.low >> 19
        if byte == 0xFF:
            self.stacked += 1
        else:
            if byte > 0xFF:
                self.out[-1] += 1
                if self.out[-1] == 0xFF:
                    self.out.append(0)
            self._append(b"\0" if byte > 0xFF else b"\xff\0")
            self.out.append(byte & 0xFF)
        self.low &= 0x7FFFF

    def _append(self, each: bytes) -> None:
        self.out += each * self.stacked
        self.stacked = 0

    def end(self) -> bytes:
        low = (self.low + self.range - 1) & 0xFFFF0000
        self.low = (low + 0x8000 if low < self.low else low) << self.count
        self._byte()
        self.low <<= 8
        self._byte()
        self._append(b"\xff\0")
        return bytes(self.out[1:]).rstrip(b"\0")


def _grey_file(frame_marker: int, height: int, width: int, tables: bytes, scan_header: bytes, scan: bytes) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])
    parts = [(0xDB, bytes([0, *[16] * 64])), (frame_marker, frame), (0xC4, tables), (0xDA, scan_header)]
    head = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload for marker, payload in parts if payload
    )
    return b"\xff\xd8" + head + scan + b"\xff\xd9"


def arithmetic_grey(height: int, width: int) -> bytes:
    """An arithmetic-coded sequential JPEG (SOF9) of one even grey, 128."""
    coder, same_as_before, ends_here = _QMCoder(), _Context(), _Context()
    for _ in range(-(-height // 8) * -(-width // 8)):
        coder.put(same_as_before, 0)
        coder.put(ends_here, 1)
    return _grey_file(0xC9, height, width, b"", bytes([1, 1, 0, 0, 63, 0]), coder.end())


def lossless_grey(grey: NDArray[Any]) -> bytes:
    """A lossless Huffman-coded JPEG (SOF3, predictor 1) of an (H, W) uint8 picture."""
    bits = []
    for row in range(grey.shape[0]):
        for column in range(grey.shape[1]):
            left = int(grey[row, column - 1]) if column else int(grey[row - 1, 0]) if row else 128
            difference = int(grey[row, column]) - left
            size = abs(difference).bit_length()
            bits.append(f"{size:04b}")  # all sizes have codes of four bits
            if size:
                bits.append(f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    scan = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    tables = bytes([0, 0, 0, 0, 9, *[0] * 12, *range(9)])
    return _grey_file(0xC3, len(grey), grey.shape[1], tables, bytes([1, 1, 0, 1, 0, 0]), scan)
