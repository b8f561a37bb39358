"""Folders of pictures and label maps, small enough for tests."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

#: Values of a label map of 4 x 6 pixels.
VALUES = np.array([[0, 0, 1, 1, 2, 2]] * 4, dtype=np.uint8)


def save_picture(path: Path, size: tuple[int, int] = (4, 6)) -> Path:
    """A picture of (H, W) pixels, as the ending says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), 128, dtype=np.uint8)).save(path)
    return path


def save_label(path: Path, values: np.ndarray = VALUES) -> Path:
    """An 8-bit grey PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def pair(folder: Path, names: Sequence[str] = ("one", "two"), values: np.ndarray = VALUES) -> tuple[Path, Path, Path]:
    """Pictures, label maps, and a list of the classes sky, road and tree."""
    for name in names:
        save_picture(folder / "pictures" / f"{name}.jpg", values.shape)
        save_label(folder / "labels" / f"{name}.png", values)
    (folder / "classes.txt").write_text("sky\nroad\ntree\n")
    return folder / "pictures", folder / "labels", folder / "classes.txt"


def ade20k(folder: Path, splits: Sequence[str] = ("validation",), values: np.ndarray = VALUES) -> Path:
    """The challenge's folder, two pictures a split."""
    root = folder / "ADEChallengeData2016"
    for split in splits:
        for number in (1, 2):
            name = f"ADE_{split[:3]}_{number:08d}"
            save_picture(root / "images" / split / f"{name}.jpg", values.shape)
            save_label(root / "annotations" / split / f"{name}.png", values)
    return root


def grey_png(values: np.ndarray, bits: int) -> bytes:
    """A grey PNG of 1, 2 or 4 bits a pixel, as optimisers write them and Pillow does not."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = values.shape
    digits = ((values[..., None] >> np.arange(bits - 1, -1, -1)) & 1).reshape(height, -1).astype(np.uint8)
    rows = b"".join(b"\0" + np.packbits(row).tobytes() for row in digits)
    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
