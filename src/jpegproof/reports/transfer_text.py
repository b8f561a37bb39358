"""The table of transfer and multihead as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from jpegproof.reports.latex import escape_latex, latex_number
from jpegproof.reports.latex_long import left, long_table
from jpegproof.reports.markdown import escape_markdown, markdown_number
from jpegproof.reports.transfer_table import TransferTable
from jpegproof.safe_text import harmless

#: So many columns of numbers fit beside each other on a page on its side.
COLUMNS_ON_A_PAGE = 20


def transfer_markdown(table: TransferTable) -> str:
    """As GitHub-flavoured Markdown under its caption, ending in a newline: one table per model, whose columns are
    qualities, since Markdown knows no heads of several columns."""
    parts = [f"**{escape_markdown(table.caption)}**\n"]
    for number, group in enumerate(table.groups):
        heads = [escape_markdown(group.label), *map(str, table.qualities)]
        lines = [f"| {' | '.join(heads)} |", "| --- |" + " ---: |" * len(table.qualities)]
        for row in table.rows:
            if any(cell.value is not None for cell in row.cells[number]):
                cells = [markdown_number(cell, table.decimals) for cell in row.cells[number]]
                lines.append(f"| {' | '.join([escape_markdown(row.label), *cells])} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def transfer_csv(table: TransferTable) -> str:
    """One line per number under a header; numbers have six digits, and what is not known is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("task", "dataset", "model", "metric", "reference", "row", "label", "quality")
    writer.writerow([*names, "value", "ci_low", "ci_high", "n"])
    for row in table.rows:
        for group, cells in zip(table.groups, row.cells, strict=True):
            for quality, cell in zip(table.qualities, cells, strict=True):
                where = (group.task, group.dataset, group.model, group.metric)
                numbers = [_number(value) for value in (cell.value, cell.ci_low, cell.ci_high)]
                known = [*map(harmless, where), _number(group.reference.value), harmless(row.row), harmless(row.label)]
                writer.writerow([*known, quality, *numbers, cell.n or ""])
    return text.getvalue()


def transfer_latex(table: TransferTable, label: str) -> str:
    """As LaTeX's ``longtable``, models beside each other as in the paper; several tables where they are too many."""
    together = max(COLUMNS_ON_A_PAGE // len(table.qualities), 1)
    begins = range(0, len(table.groups), together)
    return "\n".join(
        _page(table, range(begin, min(begin + together, len(table.groups))), f"{label}-{number}" if number else label)
        for number, begin in enumerate(begins)
    )


def _page(table: TransferTable, groups: range, label: str) -> str:
    wide = len(table.qualities)
    spec = left(6) + ("@{\\quad}" + "r" * wide) * len(groups)
    models = [
        rf"\multicolumn{{{wide}}}{{>{{\raggedright\arraybackslash}}p{{{0.7 * wide:.1f}cm}}}}"
        rf"{{{escape_latex(table.groups[group].label)}}}"
        for group in groups
    ]
    heads = [["", *models], ["Mitigation", *(str(quality) for _ in groups for quality in table.qualities)]]
    return long_table(table.caption, label, spec, heads, list(_lines(table, groups)))


def _lines(table: TransferTable, groups: range) -> Iterator[Sequence[Sequence[str]]]:
    """The rows that the four tables before know too, then transfer, then multihead, a rule between them."""
    kinds: dict[str, list[list[str]]] = {}
    for row in table.rows:
        cells = [cell for group in groups for cell in row.cells[group]]
        if any(cell.value is not None for cell in cells):
            kind = next((name for name in ("transfer", "multihead") if row.row.startswith(name)), "")
            numbers = [latex_number(cell, table.decimals) for cell in cells]
            kinds.setdefault(kind, []).append([escape_latex(row.label), *numbers])
    yield from kinds.values()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
