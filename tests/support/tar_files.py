"""WebDataset tars for tests."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from jpeg_files import file_bytes, smooth_picture


def png(seed: int = 0) -> bytes:
    """A small picture."""
    return file_bytes(smooth_picture(8, 9, seed), "PNG")


def make_tar(
    path: Path, members: Mapping[str, bytes] | Sequence[tuple[str, bytes]], form: int = tarfile.PAX_FORMAT
) -> Path:
    """A tar with some files in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs = members.items() if isinstance(members, Mapping) else members
    with tarfile.open(path, "w", format=form) as tar:
        for name, content in pairs:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))
    return path


def labelled(count: int, begin: int = 0, field: str = "cls", told: str = "{}") -> dict[str, bytes]:
    """Pictures with the class of each beside it: its number modulo 3."""
    members: dict[str, bytes] = {}
    for number in range(begin, begin + count):
        members |= {f"{number:04d}.png": png(number), f"{number:04d}.{field}": told.format(number % 3).encode()}
    return members
