"""Reading a result file back as the rows that it was written from (`jpegproof.analysis.rows.write_rows`)."""

from __future__ import annotations

import csv
from dataclasses import MISSING, fields
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from jpegproof.exceptions import StoreError
from jpegproof.safe_text import without_mark

Row = TypeVar("Row")


def read_rows(path: Path, kind: type[Row], remedy: str) -> list[Row]:
    """The rows of a result file; none where there is no such file.

    Args:
        path: of the CSV file.
        kind: dataclass of its rows, whose fields are texts, numbers, or numbers and None. A column that an older
            version did not write yet takes the field's default.
        remedy: how a damaged file is mended, such as ``delete it and measure again``.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    kinds = get_type_hints(kind)
    known: Any = kind
    names = {field.name: field.default is not MISSING for field in fields(known)}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [
                kind(
                    **{
                        name: _value(line[name], kinds[name])
                        for name, spare in names.items()
                        if name in line or not spare
                    }
                )
                for line in csv.DictReader(file)
            ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise StoreError(f"{path}: cannot be read ({error}); {remedy}") from error


def _value(text: str, kind: Any) -> Any:
    kinds = get_args(kind) or (kind,)
    if not text and NoneType in kinds:
        return None
    if int in kinds:
        return int(text)
    return float(text) if float in kinds else without_mark(text)
