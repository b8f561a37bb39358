"""Tables whose cells are words already, the same for Markdown and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.reports.markdown import escape_markdown


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table.

    Attributes:
        caption: what it is about.
        heads: of its columns.
        rows: as many cells each as there are heads.
        text: how many columns at the left are words; the rest are numbers.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: int = 1


def plain_markdown(tables: Sequence[PlainTable]) -> str:
    """GitHub-flavoured Markdown under the captions, ending in a newline; empty where there are no tables."""
    return "\n".join(map(_one, tables))


def _one(table: PlainTable) -> str:
    rules = ["---" if number < table.text else "---:" for number in range(len(table.heads))]
    lines = [f"**{escape_markdown(table.caption)}**", "", _line(table.heads), _line(rules)]
    lines += [_line([escape_markdown(cell) for cell in row]) for row in table.rows]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
