"""Picture files in folders: finding them, and telling whether their content has changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn, Protocol, runtime_checkable

from jpegproof.data.file_digests import FileDigests
from jpegproof.data.many_paths import ManyPaths
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.file_facts import FileFacts, file_facts
from jpegproof.jpeg.intake import bytes_of, open_picture

PICTURE_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".ppm", ".pgm", ".tif", ".tiff"]
)


class PictureFiles:
    """A fixed list of picture files below one folder: what all folder layouts share."""

    def __init__(self, root: Path, paths: Sequence[Path]) -> None:
        self.root = root
        self.paths = paths if isinstance(paths, ManyPaths) else ManyPaths(root, paths)
        self._digests = FileDigests(self.paths)
        self._facts: dict[int, FileFacts | None] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def name(self, index: int) -> str:
        """The path below the root; a name that is not UTF-8 is shown with backslash escapes."""
        return shown_name(self.paths[index].relative_to(self.root).as_posix())

    def size_in_bytes(self, index: int) -> int:
        """The file's size; 0 where it cannot be told."""
        try:
            return self.paths[index].stat().st_size
        except OSError:
            return 0

    def identity(self, index: int) -> str:
        """A digest of the file's bytes: a moved or touched file keeps it, a changed one does not."""
        return self._digests[index]

    def facts(self, index: int) -> FileFacts | None:
        """What the file says of itself; None where it cannot be told what it is."""
        if index not in self._facts:
            self._facts[index] = file_facts(self.paths[index])
        return self._facts[index]

    def content(self, index: int) -> bytes:
        """The file's bytes; see `bytes_of`."""
        return bytes_of(self.paths[index])

    def pixels(self, index: int) -> Pixels:
        """The decoded file; see `open_picture`."""
        return open_picture(self.paths[index])


@runtime_checkable
class StoredPictures(Protocol):
    """What a data set says besides where each of its pictures is stored as a file, by itself or in another one."""

    def size_in_bytes(self, index: int) -> int:
        """The file's size; 0 where it cannot be told."""
        ...

    def content(self, index: int) -> bytes:
        """The file's bytes. Raises UnusablePictureError where it cannot be read."""
        ...


def file_bytes(pictures: object, index: int) -> int | None:
    """The size in bytes of the file that a picture of a set is read from; None where it is drawn or made."""
    return pictures.size_in_bytes(index) or None if isinstance(pictures, StoredPictures) else None


def shown_name(path: str) -> str:
    """A path as text that can be stored; what is not UTF-8 in it is shown with backslash escapes."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def folder_at(path: Path | str) -> Path:
    """The folder of a data set.

    Raises:
        DataError: it is missing, or is no folder.
    """
    folder = Path(path).expanduser()
    if not folder.exists():
        raise DataError(f"{folder}: there is no such folder; check the path")
    if not folder.is_dir():
        raise DataError(f"{folder}: is a file, but a data set is a folder of pictures")
    return folder


def pictures_below(folder: Path) -> ManyPaths:
    """Every picture file below a folder, sorted by path.

    Hidden files and folders are left out, and so are jpegproof's own results: their figures are no data. Linked
    folders are followed, each folder once.

    Raises:
        DataError: a folder cannot be read.
    """
    return ManyPaths(folder, _pictures_in_order(folder, folder, set()))


def _pictures_in_order(top: Path, folder: Path, seen: set[str]) -> Iterator[str]:
    """The pictures among what `walked` finds, in order; only the names of one folder are held at a time."""
    try:
        with os.scandir(folder) as entries:
            is_folder = {entry.name: _is_folder(entry) for entry in entries}
    except OSError as error:
        _unreadable(error)
    place = os.path.realpath(folder)
    if place in seen or (folder != top and {"predictions", "plan.json"} <= is_folder.keys()):
        return
    seen.add(place)
    for name in sorted(is_folder, key=os.path.normcase):
        if not is_folder[name]:
            if is_picture_name(name):
                yield os.path.join(folder, name)  # noqa: PTH118
        elif not name.startswith("."):
            yield from _pictures_in_order(top, folder / name, seen)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def walked(folder: Path, seen: set[str]) -> tuple[list[Path], list[Path]]:
    """Files below a folder, and the folders that are left out: hidden ones, and jpegproof's own results.

    Args:
        folder: where to begin.
        seen: real paths of folders that have been walked; they are not walked again, and new ones are added.

    Raises:
        DataError: a folder cannot be read.
    """
    found: list[Path] = []
    left_out: list[Path] = []
    for current, folders, files in os.walk(folder, onerror=_unreadable, followlinks=True):
        place = os.path.realpath(current)
        results = Path(current) != folder and {"predictions", "plan.json"} <= {*folders, *files}
        if place in seen or results:
            left_out += [Path(current)] if results else []
            folders.clear()
            continue
        seen.add(place)
        left_out += [Path(current) / name for name in folders if name.startswith(".")]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(current) / name for name in files]
    return found, left_out


def _unreadable(error: OSError) -> NoReturn:
    raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error


def is_picture_name(name: str) -> bool:
    """Whether a file of this name counts as a picture."""
    return not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES


def no_pictures(folder: Path) -> DataError:
    """The error for a folder in which nothing can be measured."""
    return DataError(
        f"{folder}: holds no pictures; files ending in {', '.join(sorted(PICTURE_SUFFIXES))} count, "
        "also in folders below it"
    )
