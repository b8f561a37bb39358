"""A table as Markdown: best bold, second best underlined."""

from __future__ import annotations

import re

from jpegproof.reports.names import plain
from jpegproof.reports.tables import BITS_PER_PIXEL, DASH, Cell, Mark, Table, column_label, format_number, model_label

# An underscore inside a word is no emphasis in GitHub's dialect, so that model names stay readable in the raw file.
_SPECIAL = re.compile(r"[\\`*\[\]|~$#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape_markdown(text: str) -> str:
    """A user's text that Markdown shows literally, on one line, inside a table cell too."""
    escaped = _SPECIAL.sub(lambda match: "\\" + match.group(), plain(text))
    return re.sub("[&<>]", lambda match: _HTML[match.group()], escaped)


def to_markdown(table: Table) -> str:
    """A table as GitHub-flavoured Markdown under its caption, ending in a newline."""
    heads = ["Model", "Mitigation", *(column_label(quality) for quality in table.columns)]
    lines = [
        f"**{escape_markdown(table.caption)}**",
        "",
        _line(heads),
        _line(["---", "---", *("---:" for _ in table.columns)]),
    ]
    if any(table.bits_per_pixel):
        lines.append(_line(["", BITS_PER_PIXEL, *(format_number(bits, 2) for bits in table.bits_per_pixel)]))
    for block in table.blocks:
        name = escape_markdown(model_label(block, table.decimals))
        for row in block.rows:
            numbers = [markdown_number(cell, table.decimals) for cell in row.cells]
            lines.append(_line([name, escape_markdown(row.label), *numbers]))
            name = ""
    return "\n".join(lines) + "\n"


def markdown_number(cell: Cell, decimals: int) -> str:
    """A number of a table: the best bold, the second underlined; a dash for none."""
    shown = format_number(cell.value, decimals)
    if shown == DASH or cell.mark is Mark.PLAIN:
        return shown
    # GitHub keeps <ins> and removes <u>.
    return f"**{shown}**" if cell.mark is Mark.BEST else f"<ins>{shown}</ins>"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
