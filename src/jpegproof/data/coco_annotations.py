"""COCO's instances format: one JSON file of pictures, categories and annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from zlib import crc32

from jpegproof.data.coco_entries import CocoObject, MistakeError, annotated
from jpegproof.data.coco_index import PARTS, VERSION, annotation_index
from jpegproof.data.remembered_columns import Columns, remembered_columns
from jpegproof.exceptions import DataError

#: A smaller file is read in no time, so that nothing of it need be remembered.
_WORTH_REMEMBERING = 1 << 20
_STRETCH = 1 << 20


class CocoAnnotations:
    """The content of an annotations file: names by category id, and the pictures in the order of their ids.

    Objects stay in the file and are read from it when they are asked for.

    Args:
        path: the file.
        index: what `annotation_index` says of it.

    Attributes:
        categories: names by category id.
        object_count: how many objects all pictures have together.
        masked_count: how many of them have a mask.
    """

    def __init__(self, path: Path, index: Columns) -> None:
        self._path, self._arrays, self._encoding = path, index.arrays, str(index.facts["encoding"])
        self.categories: Mapping[int, str] = dict(index.facts["categories"])
        self.object_count = len(index.arrays["begins"])
        self.masked_count: int = index.facts["masked"]

    def __len__(self) -> int:
        return len(self._arrays["heights"])

    def file_name(self, index: int) -> str:
        """A picture's file, relative to the picture folder."""
        begin, end = self._span("name_ends", index)
        return self._arrays["names"][begin:end].tobytes().decode("utf-8", "surrogatepass")

    def file_names(self) -> Iterator[str]:
        """All pictures' files."""
        return (self.file_name(index) for index in range(len(self)))

    def size(self, index: int) -> tuple[int, int]:
        """A picture's (H, W) in pixels as stated."""
        return int(self._arrays["heights"][index]), int(self._arrays["widths"][index])

    def objects(self, index: int) -> tuple[CocoObject, ...]:
        """A picture's objects, in the file's order.

        Raises:
            DataError: the file cannot be read any more, or has changed.
        """
        begin, end = self._span("object_ends", index)
        try:
            stored = self._stored(begin, end)
        except OSError as error:
            raise DataError(f"{self._path}: cannot be read any more: {error.strerror}; check the path") from error
        check = 0
        for entry in stored:
            check = crc32(entry, check)
        try:
            if check != self._arrays["checks"][index]:
                raise ValueError("other bytes")
            items = [json.loads(entry.decode(self._encoding, "surrogatepass")) for entry in stored]
            name, size = self.file_name(index), self.size(index)
            return tuple(annotated(item, name, size) for item in items)
        except (ValueError, MistakeError) as error:
            raise DataError(f"{self._path}: has changed since it was opened; start again") from error

    def _stored(self, begin: int, end: int) -> list[bytes]:
        """The bytes of entries, by their numbers in the index."""
        entries: list[bytes] = []
        if begin < end:
            with self._path.open("rb") as file:
                for number in range(begin, end):
                    file.seek(int(self._arrays["begins"][number]))
                    entries.append(file.read(int(self._arrays["lengths"][number])))
        return entries

    def _span(self, ends: str, index: int) -> tuple[int, int]:
        return int(self._arrays[ends][index - 1]) if index else 0, int(self._arrays[ends][index])


def read_annotations(path: Path) -> CocoAnnotations:
    """Reads and checks an annotations file; one that was read before and has not changed is opened at once.

    A box may reach beyond its picture (some data sets frame whole people), but not lie wholly outside. Where
    ``iscrowd`` is absent, it is 0.

    Raises:
        DataError: the file cannot be read, is no JSON, not in the instances format, or has mistakes; the first ones
            are named with their places.
    """
    try:
        is_small = path.stat().st_size < _WORTH_REMEMBERING
        if not is_small:
            return CocoAnnotations(path, remembered_columns(path, "coco", VERSION, lambda: annotation_index(path)))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    return CocoAnnotations(path, annotation_index(path))


def looks_like_annotations(path: Path) -> bool:
    """Whether a file names the three parts of the instances format, told without parsing it; not if unreadable."""
    missing = {b'"%s"' % part.encode() for part in PARTS}
    before = b""
    try:
        with path.open("rb") as file:
            while missing and (stretch := file.read(_STRETCH)):
                text = before + stretch
                missing = {part for part in missing if part not in text}
                before = text[-max(map(len, missing), default=1) :]
    except OSError:
        return False
    return not missing
