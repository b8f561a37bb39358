"""The table of a correction: one row per file, written as the work goes on, so that it is there after any end."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from io import StringIO
from pathlib import Path
from typing import Literal

from jpegproof.exceptions import StoreError
from jpegproof.safe_text import harmless, printable, without_mark
from jpegproof.studies.store import write_whole

#: ``untouched``: the output has exactly the pixels of the input. ``kept``: the output was there before, and nobody
#: knows from which run. ``nothing to correct``: not a JPEG, or a lossless one.
Outcome = Literal["corrected", "untouched", "kept", "nothing to correct", "skipped"]

#: Outcomes that leave an output.
DONE: tuple[Outcome, ...] = ("corrected", "untouched", "kept")


@dataclass(frozen=True, slots=True)
class FileCorrection:
    """What became of one file.

    Attributes:
        input: its whole path.
        output: its corrected picture, below the output folder; empty where there is none.
        outcome: see `Outcome`.
        note: why it was skipped, or what could not be carried over.
        width: pixels; None of a file that could not be opened.
        height: pixels.
        quality: the standard quality that the file's tables are nearest to.
        settings: a name for corrector, gate, format and its quality: equal where these are.
    """

    input: str
    output: str
    outcome: Outcome
    note: str = ""
    width: int | None = None
    height: int | None = None
    quality: int | None = None
    settings: str = ""


_COLUMNS = [field.name for field in fields(FileCorrection)]


def shown(path: Path) -> str:
    """A path as printable text; bytes that are not UTF-8 become backslash escapes too."""
    return printable(os.fsencode(path).decode("utf-8", errors="backslashreplace"))


class CorrectionTable:
    """The CSV file of a correction, safe to open in a spreadsheet.

    Args:
        path: where it is or will be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def earlier(self) -> list[FileCorrection]:
        """The rows that earlier runs have left; a last row that was cut off is dropped.

        Raises:
            StoreError: the file cannot be read, or is no such table.
        """
        if not os.path.lexists(self.path):
            return []
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{self.path}: cannot be read: {error}; name another file with --csv") from error
        lines = csv.reader(StringIO(text[: text.rfind("\n") + 1]))
        if next(lines, None) != _COLUMNS:
            raise StoreError(f"{self.path}: is not a table of corrections, so it is left alone; use --csv for another")
        return [_row(cells) for cells in lines if len(cells) == len(_COLUMNS)]

    def begin(self, rows: Iterable[FileCorrection]) -> None:
        """Begins the file anew with rows that stay.

        Raises:
            StoreError: the file cannot be written.
        """
        write_whole(self.path, _lines([_COLUMNS, *map(_cells, rows)]))

    def add(self, row: FileCorrection) -> None:
        """Writes one more row.

        Raises:
            StoreError: the file cannot be written.
        """
        try:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                file.write(_lines([_cells(row)]))
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written: {error.strerror}; what is finished is kept") from error


def _lines(rows: Iterable[list[str]]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _cells(row: FileCorrection) -> list[str]:
    values = (getattr(row, name) for name in _COLUMNS)
    return ["" if value is None else harmless(str(value)) for value in values]


def _row(cells: list[str]) -> FileCorrection:
    told = dict(zip(_COLUMNS, map(without_mark, cells), strict=True))
    numbers = {name: int(told[name]) if told[name].isdigit() else None for name in ("width", "height", "quality")}
    outcome: Outcome = told["outcome"]  # pyright: ignore[reportAssignmentType]
    return FileCorrection(told["input"], told["output"], outcome, told["note"], **numbers, settings=told["settings"])
