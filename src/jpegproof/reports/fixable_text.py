"""Split losses in words and as Markdown."""

from __future__ import annotations

from jpegproof.reports.fixable_tables import FixableTable
from jpegproof.reports.markdown import escape_markdown
from jpegproof.reports.tables import Cell, format_number


def fixable_markdown(table: FixableTable) -> str:
    """A table as GitHub-flavoured Markdown under its caption, with intervals, ending in a newline."""
    lines = [
        f"**{escape_markdown(table.caption)}**",
        "",
        f"| {table.head} | Lost | Recovered | Remaining | Best cure |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for line in table.lines:
        numbers = " | ".join(cell_text(cell, table.decimals) for cell in (line.loss, line.recovered, line.remaining))
        lines.append(f"| {escape_markdown(line.label)} | {numbers} | {escape_markdown(line.chosen)} |")
    return "\n".join(lines) + "\n"


def cell_text(cell: Cell, decimals: int) -> str:
    """``12.3 [11.0, 13.1]``."""
    shown = format_number(cell.value, decimals)
    if cell.ci_low is None or cell.ci_high is None:
        return shown
    return f"{shown} [{format_number(cell.ci_low, decimals)}, {format_number(cell.ci_high, decimals)}]"


def describe_fixable(table: FixableTable) -> str:
    """What a reader who cannot see the figure is told."""
    told = [
        f"at quality {line.label} {format_number(line.loss.value, table.decimals)} lost, of it "
        f"{format_number(line.recovered.value, table.decimals)} recovered"
        for line in table.lines
    ]
    return f"{table.axis} of {table.model}, split into what the best cure recovers and what remains: {'; '.join(told)}."
