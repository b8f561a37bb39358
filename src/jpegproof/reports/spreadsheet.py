"""A table as CSV, one line per number, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, fields

from jpegproof.reports.tables import Table, TableKey
from jpegproof.safe_text import harmless

_HEAD = [
    *(field.name for field in fields(TableKey)),
    "quantity",
    "model",
    "reference",
    "mitigation",
    "corrector",
    "quality",
    "value",
    "ci_low",
    "ci_high",
    "n",
    "bits_per_pixel",
]


def to_csv(table: Table) -> str:
    """A table as CSV in UTF-8's characters: a header, then one line per model, edge and quality.

    Names are the study's own, not display names (but see `harmless`); numbers have six digits; what is not known is
    an empty cell; ``quality`` is empty for the originals.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    for block in table.blocks:
        for row in block.rows:
            for quality, cell in zip(table.columns, row.cells, strict=True):
                names = [harmless(name) for name in (*astuple(table.key), table.quantity.value, block.model)]
                edge = [harmless(row.mitigation), harmless(row.corrector)]
                numbers = [_number(number) for number in (cell.value, cell.ci_low, cell.ci_high)]
                where = "" if quality is None else quality
                writer.writerow(
                    [
                        *names,
                        _number(block.reference.value),
                        *edge,
                        where,
                        *numbers,
                        cell.n,
                        _number(cell.bits_per_pixel),
                    ]
                )
    return text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
