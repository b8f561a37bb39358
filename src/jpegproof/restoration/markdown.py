"""The benchmark's tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.reports.markdown import escape_markdown
from jpegproof.restoration.published import Published
from jpegproof.restoration.tables import HEADS, Cell, Table


def to_markdown(tables: Sequence[Table], published: Sequence[Published] = ()) -> str:
    """All tables under their titles, then what the numbers are and where the published ones come from.

    Args:
        tables: the tables.
        published: the numbers of their published lines.
    """
    parts = [_table(table) for table in tables]
    parts.append(
        "Means over pictures; after them the paired difference to the JPEG itself, with its 95 % bootstrap interval "
        "over pictures. Corrected pictures are rounded to 8 bits."
    )
    if published:
        lines = ["Published numbers are those of:", ""]
        for source in dict.fromkeys(row.source for row in published):
            methods = dict.fromkeys(row.method for row in published if row.source == source)
            lines.append(f"- {escape_markdown(', '.join(methods))}: {escape_markdown(source)}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    lines = [
        f"**{escape_markdown(table.title)}**",
        "",
        _line(["", *HEADS]),
        _line(["---", *("---:" for _ in HEADS)]),
        *(_line([escape_markdown(line.label), *map(_cell, line.cells)]) for line in table.lines),
    ]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    return f"{cell.text} ({cell.gain})" if cell.gain else cell.text


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
