"""COCO's instances format: one JSON file of pictures, categories and annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from jpegproof.exceptions import DataError

_SHOWN = 5
_PARTS = ("images", "annotations", "categories")


@dataclass(frozen=True, slots=True)
class CocoObject:
    """One annotation.

    Attributes:
        box: left, top, width, height in pixels.
        category: its id.
        crowd: whether it is a region of many objects.
        area: square pixels as stated; None where nothing is.
        segmentation: polygons, or run lengths (compressed or not); None without a mask.
    """

    box: tuple[float, float, float, float]
    category: int
    crowd: bool
    area: float | None
    segmentation: list[Any] | dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class CocoPicture:
    """One picture: its file, relative to the picture folder; (H, W) in pixels as stated; its objects."""

    file_name: str
    size: tuple[int, int]
    objects: tuple[CocoObject, ...]


@dataclass(frozen=True, slots=True)
class CocoAnnotations:
    """The content of an annotations file: names by category id, and the pictures in the order of their ids."""

    categories: Mapping[int, str]
    pictures: tuple[CocoPicture, ...]


def read_annotations(path: Path) -> CocoAnnotations:
    """Reads and checks an annotations file.

    A box may reach beyond its picture (some data sets frame whole people), but not lie wholly outside. Where
    ``iscrowd`` is absent, it is 0.

    Raises:
        DataError: the file cannot be read, is no JSON, not in the instances format, or has mistakes; the first ones
            are named with their places.
    """
    content = _content(path)
    mistakes: list[str] = []
    categories = _read(content["categories"], "categories", _category, mistakes)
    names = dict(categories.values())
    images = _read(content["images"], "images", _image, mistakes)
    mistakes += _repeated("images", {place: identity for place, (identity, _, _) in images.items()}, "id")
    mistakes += _repeated("images", {place: name for place, (_, name, _) in images.items()}, "file_name")
    mistakes += _repeated("categories", {place: identity for place, (identity, _) in categories.items()}, "id")
    pictures = {identity: (name, size) for identity, name, size in images.values()}
    objects: dict[int | str, list[CocoObject]] = {identity: [] for identity in pictures}

    def annotation(item: Mapping[str, Any]) -> Any:
        _require(item, "image_id", "category_id", "bbox")
        if not _is_id(item["image_id"]) or item["image_id"] not in pictures:
            raise _MistakeError(f"image_id {item['image_id']!r} is not among the images; list the picture there")
        if not _is_id(item["category_id"]) or item["category_id"] not in names:
            raise _MistakeError(f"category_id {item['category_id']!r} is not among the categories; list it there")
        if not _is_id(item.get("id", 0)):
            raise _MistakeError(f"id {item['id']!r} is neither a whole number nor a text")
        objects[item["image_id"]].append(_object(item, *pictures[item["image_id"]]))
        return item.get("id")

    annotations = _read(content["annotations"], "annotations", annotation, mistakes)
    mistakes += _repeated("annotations", {place: own for place, own in annotations.items() if own is not None}, "id")
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes):,} mistakes"
        more = [f"and {len(mistakes) - _SHOWN:,} more"] if len(mistakes) > _SHOWN else []
        raise DataError(f"{path}: {count}.\n" + "\n".join(f"  {text}" for text in mistakes[:_SHOWN] + more))
    if not pictures:
        raise DataError(f"{path}: lists no pictures; there is nothing to measure")
    order = sorted(pictures, key=lambda identity: (isinstance(identity, str), identity))
    return CocoAnnotations(names, tuple(CocoPicture(*pictures[own], tuple(objects[own])) for own in order))


def looks_like_annotations(path: Path) -> bool:
    """Whether a file names the three parts of the instances format, told without parsing it; not if unreadable."""
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return all(b'"%s"' % part.encode() in text for part in _PARTS)


class _MistakeError(Exception):
    """What is wrong with one entry, and how to mend it."""


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}: is no whole JSON file (line {error.lineno}, column {error.colno}: {error.msg}); download or "
            "export it again"
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON text; download or export it again") from error
    if not isinstance(content, dict) or any(not isinstance(content.get(part), list) for part in _PARTS):
        raise DataError(
            f"{path}: is not in COCO's instances format, which has the lists {', '.join(_PARTS[:-1])} and {_PARTS[-1]}"
            "; pictures without annotations are measured with --layout folder"
        )
    return content


def _read(items: list[Any], part: str, read: Any, mistakes: list[str]) -> dict[int, Any]:
    """What a reader makes of the entries of a part, by place; its complaints go to the mistakes."""
    answers = {}
    for place, item in enumerate(items):
        try:
            if not isinstance(item, dict):
                raise _MistakeError("is no object of JSON")
            answers[place] = read(item)
        except _MistakeError as error:
            own = f" (id {item['id']})" if isinstance(item, dict) and _is_id(item.get("id")) else ""
            mistakes.append(f"{part}[{place}]{own}: {error}")
    return answers


def _repeated(part: str, values: Mapping[int, Any], key: str) -> Iterator[str]:
    first: dict[Any, int] = {}
    for place, value in values.items():
        if value in first:
            yield f"{part}[{place}]: {key} {value!r} is that of {part}[{first[value]}] too; give each its own"
        first.setdefault(value, place)


def _category(item: Mapping[str, Any]) -> tuple[int, str]:
    _require(item, "id", "name")
    if not isinstance(item["id"], int) or not isinstance(item["name"], str):
        raise _MistakeError("needs a whole number as id and a text as name")
    return item["id"], item["name"]


def _image(item: Mapping[str, Any]) -> tuple[int | str, str, tuple[int, int]]:
    _require(item, "id", "file_name", "height", "width")
    name, size = item["file_name"], (item["height"], item["width"])
    if not _is_id(item["id"]):
        raise _MistakeError(f"id {item['id']!r} is neither a whole number nor a text")
    if not isinstance(name, str) or not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise _MistakeError(f"file_name {name!r} is no path below the picture folder")
    if not all(isinstance(side, int) and side > 0 for side in size):
        raise _MistakeError(f"height {size[0]!r} and width {size[1]!r} are not whole numbers of pixels above 0")
    return item["id"], name, size


def _object(item: Mapping[str, Any], name: str, size: tuple[int, int]) -> CocoObject:
    box, area, (height, width) = item["bbox"], item.get("area"), size
    if not (isinstance(box, list) and len(box) == 4 and all(map(_is_number, box)) and min(box[2:]) >= 0):
        raise _MistakeError(f"bbox {box!r} is not [left, top, width, height] in pixels, the last two 0 or more")
    left, top, across, down = map(float, box)
    if left > width or top > height or left + across < 0 or top + down < 0:
        raise _MistakeError(
            f"bbox {box} lies outside {name}, {width} x {height}; correct the box, or the picture's width and height"
        )
    if area is not None and not (_is_number(area) and area >= 0):
        raise _MistakeError(f"area {area!r} is no number of square pixels; correct it, or leave it out")
    if item.get("iscrowd", 0) not in (0, 1):
        raise _MistakeError(f"iscrowd {item['iscrowd']!r} is neither 0 nor 1")
    return CocoObject(
        (left, top, across, down),
        item["category_id"],
        bool(item.get("iscrowd", 0)),
        None if area is None else float(area),
        _segmentation(item.get("segmentation"), size),
    )


def _segmentation(given: Any, size: tuple[int, int]) -> list[Any] | dict[str, Any] | None:
    if given is None or given in ([], {}, [[]]):
        return None
    if isinstance(given, list):
        for polygon in given:
            _check_polygon(polygon, size)
        return given
    if not isinstance(given, dict) or not {"size", "counts"} <= set(given):
        raise _MistakeError("segmentation is neither a list of polygons nor run lengths with size and counts")
    if given["size"] != list(size):
        raise _MistakeError(f"segmentation has size {given['size']}, the picture {list(size)} (height, width)")
    counts = given["counts"]
    lengths = _run_lengths(counts) if isinstance(counts, str) else counts
    if not isinstance(lengths, list) or not all(isinstance(length, int) and length >= 0 for length in lengths):
        raise _MistakeError("segmentation's counts are no run lengths; export them again")
    if sum(lengths) != size[0] * size[1]:
        raise _MistakeError(
            f"segmentation's counts are of {sum(lengths)} pixels, and the picture has {size[0] * size[1]}; export again"
        )
    return given


def _check_polygon(polygon: Any, size: tuple[int, int]) -> None:
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2 or not all(map(_is_number, polygon)):
        raise _MistakeError(
            "segmentation has a polygon that is not [x1, y1, x2, y2, x3, y3, ...] of three points or more"
        )
    # Drawing takes time and memory by length, so a corner that is astray by much must not come that far.
    if max(map(abs, polygon)) > 4 * max(size):
        raise _MistakeError(f"segmentation has a corner far outside the picture of {size[1]} x {size[0]}; correct it")


def _run_lengths(counts: str) -> list[int] | None:
    """The run lengths in COCO's compressed text: five bits a character, from the third on as differences.

    Returns None for what is no such text. pycocotools trusts the text, and writes beyond its memory with a wrong one.
    """
    lengths: list[int] = []
    value = shift = 0
    for character in counts.encode("utf-8"):
        bits = character - 48
        if not 0 <= bits < 64 or shift > 40:
            return None
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = shift = 0
    return lengths if shift == 0 else None


def _require(item: Mapping[str, Any], *keys: str) -> None:
    missing = [key for key in keys if key not in item]
    if missing:
        raise _MistakeError(f"has no {' and no '.join(missing)}; add it")


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e12
