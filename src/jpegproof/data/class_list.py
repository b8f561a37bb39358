"""Lists of classes in files."""

from __future__ import annotations

import csv
from pathlib import Path

from jpegproof.exceptions import DataError

_NUMBER, _NAME = "idx", "name"


def read_class_list(path: Path) -> tuple[str, ...]:
    """Names of classes in label order, from a file.

    Args:
        path: UTF-8 text with one name a line, or a table with the columns ``Idx`` (from 1) and ``Name``, separated by
            commas or tabs, as ADE20K's ``object150_info.csv`` and ``objectInfo150.txt`` are.

    Raises:
        DataError: it cannot be read, is empty, names a class twice, or its numbers do not run from 1.
    """
    try:
        # With or without the byte order mark that some editors put first.
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text; save the list of classes as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    names = tuple(_table(path, lines) or lines)
    if not names:
        raise DataError(f"{path}: names no class; write one name a line, in label order")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"{path}: must name each class once, one a line, in label order; {repeated!r} is there twice")
    return names


def _table(path: Path, lines: list[str]) -> list[str]:
    """The names of a table; nothing where the file is none."""
    separator = "\t" if lines and "\t" in lines[0] else ","
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    head = [cell.lower() for cell in rows[0]] if rows else []
    if _NUMBER not in head or _NAME not in head:
        return []
    names: dict[int, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        cells = dict(zip(head, row, strict=False))
        number = cells.get(_NUMBER, "")
        if not number.isdecimal() or not cells.get(_NAME) or int(number) in names:
            raise DataError(f"{path}, line {line}: needs a number of its own below Idx and a name below Name")
        names[int(number)] = cells[_NAME]
    if sorted(names) != list(range(1, len(names) + 1)):
        raise DataError(f"{path}: the numbers below Idx must be 1 to {len(names)}, each once")
    return [names[number] for number in sorted(names)]
