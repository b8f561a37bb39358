"""Pictures inside the page: read, checked, and embedded while there is room for them."""

from __future__ import annotations

import io
import warnings
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ROOM = 6_000_000
"""How many bytes of a page its pictures may take."""

_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
#: Sheets are drawn for print; on a page so many pixels across are enough.
_WIDEST = 1600
_MOST_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture as it stands in the page.

    Attributes:
        uri: a ``data:`` URI of a JPEG, PNG or WebP file.
        width, height: in pixels.
    """

    uri: str
    width: int
    height: int


class PictureRoom:
    """What is left of the bytes that pictures of one page may take.

    Attributes:
        left_out: names of the files that found no room or are no pictures, in the order in which they came.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.left_out: list[str] = []
        self._room = room

    def embed(self, folder: Path, name: str) -> EmbeddedPicture | None:
        """A picture file as it is.

        Args:
            folder: outside of which no file is read, whatever its name says.
            name: the file's, relative to it.

        Returns:
            None where the file is missing, no JPEG, PNG or WebP, outside of the folder, or there is no room left.
        """
        return self._embed(folder, name, smaller=False)

    def embed_sheet(self, folder: Path, name: str) -> EmbeddedPicture | None:
        """A drawn sheet, as a WebP of what a page can show; else as `embed`."""
        return self._embed(folder, name, smaller=True)

    def _embed(self, folder: Path, name: str, smaller: bool) -> EmbeddedPicture | None:
        found = _read(folder, name, smaller)
        if found is None or len(found.uri) > self._room:
            self.left_out.append(f"{folder.name}/{name}")
            return None
        self._room -= len(found.uri)
        return found


def _read(folder: Path, name: str, smaller: bool) -> EmbeddedPicture | None:
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return None
        content = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # refused below
            picture = Image.open(io.BytesIO(content), formats=list(_TYPES))
        if picture.width * picture.height > _MOST_PIXELS:
            return None
        picture.load()
        kind, size = str(picture.format), picture.size
        if smaller:
            content, size = _as_webp(picture)
            kind = "WEBP"
    # Pillow has no one error for all that can be wrong with a file.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return EmbeddedPicture(f"data:{_TYPES[kind]};base64,{b64encode(content).decode()}", *size)


def _as_webp(picture: Image.Image) -> tuple[bytes, tuple[int, int]]:
    shown = picture.convert("RGB")
    if shown.width > _WIDEST:
        shown = shown.resize((_WIDEST, max(1, round(shown.height * _WIDEST / shown.width))), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    shown.save(file, "WEBP", quality=85, method=4)
    return file.getvalue(), shown.size
