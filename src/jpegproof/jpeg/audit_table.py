"""The CSV file of an audit: a row for every file."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from jpegproof.exceptions import StoreError
from jpegproof.jpeg.audit import AuditedFile
from jpegproof.jpeg.examine import PictureFacts
from jpegproof.safe_text import harmless

_FACTS = [field.name for field in fields(PictureFacts)]


def write_audit(path: Path, files: Iterable[AuditedFile]) -> None:
    """Writes a row for every file: ``path``, ``name``, then the fields of `PictureFacts`.

    What is not known is an empty cell; hazards are separated by semicolons. ``path`` is exact and harmless in a
    spreadsheet; ``urllib.parse.unquote_to_bytes`` gives back its bytes.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["path", "name", *_FACTS])
            for each in files:
                cells = [_cell(getattr(each.facts, name)) for name in _FACTS]
                writer.writerow([each.path, harmless(each.name), *cells])
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}; name another file with --csv") from error


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ";".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else value
