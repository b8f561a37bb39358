"""Single entries of COCO's instances format: what each says, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

#: No side of a picture is longer, pixels.
_LONGEST_SIDE = (1 << 31) - 1


class MistakeError(Exception):
    """What is wrong with one entry, and how to mend it."""


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


def category(item: Mapping[str, Any]) -> tuple[int, str]:
    """A category's id and name. Raises MistakeError."""
    require(item, "id", "name")
    if not isinstance(item["id"], int) or not isinstance(item["name"], str):
        raise MistakeError("needs a whole number as id and a text as name")
    return item["id"], item["name"]


def image(item: Mapping[str, Any]) -> tuple[int | str, str, tuple[int, int]]:
    """A picture's id, file name, and (H, W) in pixels. Raises MistakeError."""
    require(item, "id", "file_name", "height", "width")
    name, size = item["file_name"], (item["height"], item["width"])
    if not is_id(item["id"]):
        raise MistakeError(f"id {item['id']!r} is neither a whole number nor a text")
    if not isinstance(name, str) or not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise MistakeError(f"file_name {name!r} is no path below the picture folder")
    if not all(isinstance(side, int) and side > 0 for side in size):
        raise MistakeError(f"height {size[0]!r} and width {size[1]!r} are not whole numbers of pixels above 0")
    if max(size) > _LONGEST_SIDE:
        raise MistakeError(f"height or width is more than {_LONGEST_SIDE:,} pixels; correct it")
    return item["id"], name, size


def annotated(item: Mapping[str, Any], name: str, size: tuple[int, int]) -> CocoObject:
    """What an annotation with known picture and category says of its object.

    Args:
        item: the annotation.
        name: the picture's file.
        size: its (H, W) in pixels.

    Raises:
        MistakeError: the box, the area or the segmentation cannot be.
    """
    box, area, (height, width) = item["bbox"], item.get("area"), size
    if not (isinstance(box, list) and len(box) == 4 and all(map(_is_number, box)) and min(box[2:]) >= 0):
        raise MistakeError(f"bbox {box!r} is not [left, top, width, height] in pixels, the last two 0 or more")
    left, top, across, down = map(float, box)
    if left > width or top > height or left + across < 0 or top + down < 0:
        raise MistakeError(
            f"bbox {box} lies outside {name}, {width} x {height}; correct the box, or the picture's width and height"
        )
    if area is not None and not (_is_number(area) and area >= 0):
        raise MistakeError(f"area {area!r} is no number of square pixels; correct it, or leave it out")
    if item.get("iscrowd", 0) not in (0, 1):
        raise MistakeError(f"iscrowd {item['iscrowd']!r} is neither 0 nor 1")
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
        raise MistakeError("segmentation is neither a list of polygons nor run lengths with size and counts")
    if given["size"] != list(size):
        raise MistakeError(f"segmentation has size {given['size']}, the picture {list(size)} (height, width)")
    counts = given["counts"]
    lengths = _run_lengths(counts) if isinstance(counts, str) else counts
    if not isinstance(lengths, list) or not all(isinstance(length, int) and length >= 0 for length in lengths):
        raise MistakeError("segmentation's counts are no run lengths; export them again")
    if sum(lengths) != size[0] * size[1]:
        raise MistakeError(
            f"segmentation's counts are of {sum(lengths)} pixels, and the picture has {size[0] * size[1]}; export again"
        )
    return given


def _check_polygon(polygon: Any, size: tuple[int, int]) -> None:
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2 or not all(map(_is_number, polygon)):
        raise MistakeError(
            "segmentation has a polygon that is not [x1, y1, x2, y2, x3, y3, ...] of three points or more"
        )
    # Drawing takes time and memory by length, so a corner that is astray by much must not come that far.
    if max(map(abs, polygon)) > 4 * max(size):
        raise MistakeError(f"segmentation has a corner far outside the picture of {size[1]} x {size[0]}; correct it")


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


def require(item: Mapping[str, Any], *keys: str) -> None:
    """Raises MistakeError where an entry lacks any of its keys."""
    missing = [key for key in keys if key not in item]
    if missing:
        raise MistakeError(f"has no {' and no '.join(missing)}; add it")


def is_id(value: Any) -> bool:
    """Whether a value can be an id."""
    return isinstance(value, int | str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e12
