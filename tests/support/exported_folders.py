"""Exported folders small enough for tests, and uploads for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jpeg_files import smooth_picture

from jpegproof.correctors.gate import Gate
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.deploy.folder import Exported, write_folder
from jpegproof.jpeg.codec import encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model

GATE = Gate(((1, 60), (4, 20), (8, 0)))

WORLD = "jpegproof:world-classifier"


def upload(height: int, width: int, quality: int = 10, seed: int = 0) -> bytes:
    """A JPEG of a smooth picture."""
    return encode(smooth_picture(height, width, seed), Compression("jpeg", quality))


def uploads(sizes: Sequence[tuple[int, int]] = ((60, 72), (48, 48), (200, 131))) -> list[bytes]:
    """JPEGs of several sizes and qualities."""
    return [upload(*size, quality=10 + 30 * number, seed=number) for number, size in enumerate(sizes)]


def world_folder(folder: Path, corrector: GridCorrector | None, **options: Any) -> Path:
    """The embedded world's classifier as an export."""
    folder.mkdir(parents=True, exist_ok=True)
    model = find_model(WORLD)
    write_folder(folder, Exported(model, WORLD, corrector=corrector, **options))
    return folder
