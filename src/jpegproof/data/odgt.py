"""The list files of the official ADE20K code: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from jpegproof.exceptions import DataError

_SHOWN = 5
_PICTURE, _LABEL = "fpath_img", "fpath_segm"


@dataclass(frozen=True, slots=True)
class ListedPicture:
    """One line: the picture's and its label map's paths below the data folder."""

    picture: str
    label: str


def read_odgt(path: Path) -> list[ListedPicture]:
    """Reads and checks a list file, such as ``validation.odgt``; sizes in it are not needed and not looked at.

    Raises:
        DataError: it cannot be read, is empty, or has mistakes; the first ones are named with their lines.

    Source of the format: CSAILVision/semantic-segmentation-pytorch, ``data/validation.odgt``.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no list of pictures in UTF-8 text; download it again") from error
    listed: list[ListedPicture] = []
    mistakes: list[str] = []
    first: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = _listed(line)
            if item.picture in first:
                raise ValueError(f"{item.picture} stands on line {first[item.picture]} too; keep one of the two")
            first[item.picture] = number
            listed.append(item)
        except ValueError as error:
            mistakes.append(f"line {number}: {error}")
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes):,} mistakes"
        more = [f"and {len(mistakes) - _SHOWN:,} more"] if len(mistakes) > _SHOWN else []
        raise DataError(f"{path}: {count}.\n" + "\n".join(f"  {text}" for text in mistakes[:_SHOWN] + more))
    if not listed:
        raise DataError(f"{path}: lists no pictures; there is nothing to measure")
    return listed


def _listed(line: str) -> ListedPicture:
    try:
        item: Any = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("is no JSON object; each line of a list file is one") from error
    if not isinstance(item, dict):
        raise ValueError("is no JSON object; each line of a list file is one")
    for key in (_PICTURE, _LABEL):
        value = item.get(key)
        if not isinstance(value, str) or not value:
            raise ValueError(f"has no {key}; it is the path below the data folder")
        if "\\" in value or PurePosixPath(value).is_absolute() or ".." in PurePosixPath(value).parts:
            raise ValueError(f"{key} {value!r} is no path below the data folder; write it with / and without ..")
    return ListedPicture(item[_PICTURE], item[_LABEL])
