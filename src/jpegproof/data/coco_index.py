"""Where a COCO annotations file keeps the objects of each picture, found and checked while it streams by.

Nothing of an object is kept but the place of its entry in the file, 12 bytes, so that a large file takes little memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from jpegproof.data.coco_entries import MistakeError, annotated, category, image, is_id, require
from jpegproof.data.json_stream import Entry, NoJsonError, lists_by_key, text_encoding
from jpegproof.data.remembered_columns import Columns
from jpegproof.exceptions import DataError

#: Raised whenever an index would come out otherwise, or its objects.
VERSION = 1
PARTS = ("images", "annotations", "categories")
_SHOWN = 5


def annotation_index(path: Path) -> Columns:
    """Reads and checks an annotations file.

    It is read twice, as annotations may come before the pictures and categories that they name.

    Returns:
        Facts: ``categories``, pairs of id and name in the file's order; ``masked``, how many objects have a mask;
        ``encoding`` of the file's text.
        Arrays, in the order of the pictures' ids: ``names``, uint8, their file names in UTF-8 end to end, and
        ``name_ends``; ``heights`` and ``widths``, pixels; ``object_ends``, where each picture's objects end among
        ``begins`` and ``lengths``, places of entries in the file in bytes; ``checks``, the CRC-32 of all of them.

    Raises:
        DataError: as `jpegproof.data.coco_annotations.read_annotations`.
    """
    try:
        return _index(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except NoJsonError as error:
        raise DataError(
            f"{path}: is no whole JSON file (line {error.line}, column {error.column}: {error.message}); download or "
            "export it again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON text; download or export it again") from error


def _index(path: Path) -> Columns:
    lists: dict[str, bool] = {}
    images, categories = _Images(), _Categories()
    for part, entries in lists_by_key(path):
        lists[part] = entries is not None
        if part == "images":
            images = _Images(entries or ())
        elif part == "categories":
            categories = _Categories(entries or ())
    if not all(lists.get(part) for part in PARTS):
        raise DataError(
            f"{path}: is not in COCO's instances format, which has the lists {', '.join(PARTS[:-1])} and {PARTS[-1]}"
            "; pictures without annotations are measured with --layout folder"
        )
    # Of a key that is there twice, the last counts, as in `json.loads`.
    annotations = _Annotations(images, categories.names)
    for entries in _lists(path, "annotations"):
        annotations = _Annotations(images, categories.names, entries)
    found = (
        categories.mistakes,
        images.mistakes,
        _repeated(path, "images", "id", images.ids),
        _repeated(path, "images", "file_name", images.files),
        _repeated(path, "categories", "id", categories.ids),
        annotations.mistakes,
        _repeated(path, "annotations", "id", annotations.ids),
    )
    count = sum(mistakes.count for mistakes in found)
    if count:
        first = list(chain.from_iterable(mistakes.first for mistakes in found))[:_SHOWN]
        more = [f"and {count - _SHOWN:,} more"] if count > _SHOWN else []
        told = "1 mistake" if count == 1 else f"{count:,} mistakes"
        raise DataError(f"{path}: {told}.\n" + "\n".join(f"  {text}" for text in first + more))
    if not images.rows:
        raise DataError(f"{path}: lists no pictures; there is nothing to measure")
    order = images.order()
    facts = {"categories": list(categories.names.items()), "masked": annotations.masked}
    return Columns(facts | {"encoding": text_encoding(path)}, images.columns(order) | annotations.columns(order))


class _Mistakes:
    """How many there are, and the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, text: str) -> None:
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(text)

    def accepted(
        self, part: str, entries: Iterable[Entry], read: Callable[[Mapping[str, Any]], Any]
    ) -> Iterator[tuple[Entry, Any]]:
        """The entries that a reader complains of nothing in, with what it makes of them."""
        for entry in entries:
            item = entry.value
            try:
                if not isinstance(item, dict):
                    raise MistakeError("is no object of JSON")
                answer = read(item)
            except MistakeError as error:
                own = f" (id {item['id']})" if isinstance(item, dict) and is_id(item.get("id")) else ""
                self.add(f"{part}[{entry.place}]{own}: {error}")
            else:
                yield entry, answer


class _Values:
    """Values that should differ, by the places of their entries; 16 bytes each."""

    def __init__(self) -> None:
        self._places, self._hashes = array("q"), array("q")

    def add(self, place: int, value: int | str) -> None:
        self._places.append(place)
        self._hashes.append(hash(value))

    def alike(self) -> set[int]:
        """The places of those that are equal to another, and of a few that are not."""
        hashes = np.frombuffer(self._hashes, dtype=np.int64)
        order = np.argsort(hashes, kind="stable")
        same = np.diff(hashes[order]) == 0
        alike = np.concatenate([same, [False]]) | np.concatenate([[False], same])
        return set(np.frombuffer(self._places, dtype=np.int64)[order[alike[: len(order)]]].tolist())


def _repeated(path: Path, part: str, key: str, values: _Values) -> _Mistakes:
    """Which entries have the value of an earlier one; the file is read again where any may."""
    mistakes = _Mistakes()
    alike = values.alike()
    if not alike:
        return mistakes
    given: dict[int, Any] = {}
    for entries in _lists(path, part):
        given = {entry.place: entry.value[key] for entry in entries if entry.place in alike}
    first: dict[Any, int] = {}
    for place, value in given.items():
        if value in first:
            mistakes.add(f"{part}[{place}]: {key} {value!r} is that of {part}[{first[value]}] too; give each its own")
        first.setdefault(value, place)
    return mistakes


def _lists(path: Path, part: str) -> Iterator[Iterator[Entry]]:
    """The entries of a part, as often as the file has it."""
    for key, entries in lists_by_key(path):
        if key == part and entries is not None:
            yield entries


class _Categories:
    """Their names by id."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.mistakes, self.ids = _Mistakes(), _Values()
        self.names: dict[int, str] = {}
        for entry, (identity, name) in self.mistakes.accepted("categories", entries, category):
            self.ids.add(entry.place, identity)
            self.names[identity] = name


class _Images:
    """The pictures in the file's order: their rows by id, their files, their sizes."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.mistakes, self.ids, self.files = _Mistakes(), _Values(), _Values()
        self.rows: dict[int | str, int] = {}
        self.names: list[str] = []
        self.heights, self.widths = array("i"), array("i")
        for entry, (identity, name, size) in self.mistakes.accepted("images", entries, image):
            self.ids.add(entry.place, identity)
            self.files.add(entry.place, name)
            self.rows[identity] = len(self.names)
            self.names.append(name)
            self.heights.append(size[0])
            self.widths.append(size[1])

    def order(self) -> NDArray[np.int64]:
        """(N,) rows in the order of the ids: numbers first, then texts."""
        ids = sorted(self.rows, key=lambda identity: (isinstance(identity, str), identity))
        return np.array([self.rows[identity] for identity in ids], dtype=np.int64)

    def columns(self, order: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """What the index says of the pictures."""
        names = bytearray()
        ends = np.empty(len(order), dtype=np.int64)
        for place, row in enumerate(order):
            names += self.names[row].encode("utf-8", "surrogatepass")
            ends[place] = len(names)
        return {
            "names": np.frombuffer(bytes(names), dtype=np.uint8),
            "name_ends": ends,
            "heights": np.frombuffer(self.heights, dtype=np.int32)[order],
            "widths": np.frombuffer(self.widths, dtype=np.int32)[order],
        }


class _Annotations:
    """Where the entries of objects are, in the file's order, and the rows of their pictures."""

    def __init__(self, images: _Images, names: Mapping[int, str], entries: Iterable[Entry] = ()) -> None:
        self.mistakes, self.ids, self.masked = _Mistakes(), _Values(), 0
        self._rows, self._begins, self._lengths = array("q"), array("q"), array("i")
        self._checks = array("I", bytes(4 * len(images.names)))

        def read(item: Mapping[str, Any]) -> tuple[int, bool]:
            require(item, "image_id", "category_id", "bbox")
            if not is_id(item["image_id"]) or item["image_id"] not in images.rows:
                raise MistakeError(f"image_id {item['image_id']!r} is not among the images; list the picture there")
            if not is_id(item["category_id"]) or item["category_id"] not in names:
                raise MistakeError(f"category_id {item['category_id']!r} is not among the categories; list it there")
            if not is_id(item.get("id", 0)):
                raise MistakeError(f"id {item['id']!r} is neither a whole number nor a text")
            row = images.rows[item["image_id"]]
            thing = annotated(item, images.names[row], (images.heights[row], images.widths[row]))
            return row, thing.segmentation is not None

        for entry, (row, is_masked) in self.mistakes.accepted("annotations", entries, read):
            if "id" in entry.value:
                self.ids.add(entry.place, entry.value["id"])
            self.masked += is_masked
            self._rows.append(row)
            self._begins.append(entry.begin)
            self._lengths.append(len(entry.stored))
            self._checks[row] = crc32(entry.stored, self._checks[row])

    def columns(self, order: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """What the index says of the objects, picture by picture, those of each in the file's order."""
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        ranks = rank[np.frombuffer(self._rows, dtype=np.int64)]
        sorting = np.argsort(ranks, kind="stable")
        return {
            "object_ends": np.cumsum(np.bincount(ranks, minlength=len(order))),
            "begins": np.frombuffer(self._begins, dtype=np.int64)[sorting],
            "lengths": np.frombuffer(self._lengths, dtype=np.int32)[sorting],
            "checks": np.frombuffer(self._checks, dtype=np.uint32)[order],
        }
