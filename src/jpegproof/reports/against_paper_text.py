"""The paper's numbers beside ours as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.reports.against_paper import AgainstPaper
from jpegproof.reports.fixable_text import cell_text
from jpegproof.reports.latex import escape_latex
from jpegproof.reports.latex_long import left, long_table
from jpegproof.reports.markdown import escape_markdown
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import plain
from jpegproof.reports.paper_labels import paper_row_label
from jpegproof.reports.tables import DASH, format_number
from jpegproof.safe_text import harmless

HEADS = ("Mitigation", "Quality", "Ours", "Paper", "Difference", "In our interval", "Our share (%)", "Their share (%)")


@dataclass(frozen=True, slots=True)
class AgainstTable:
    """One model in one of the paper's tables: a caption, and one line of texts per number, in the order of `HEADS`."""

    caption: str
    lines: tuple[tuple[str, ...], ...]


def against_tables(rows: Sequence[AgainstPaper]) -> list[AgainstTable]:
    """One table per model and table of the paper, as texts to show."""
    groups: dict[tuple[int, str], list[AgainstPaper]] = {}
    for row in rows:
        groups.setdefault((row.table, row.model), []).append(row)
    return [AgainstTable(_caption(own[0]), tuple(map(_line, own))) for own in groups.values()]


def against_markdown(rows: Sequence[AgainstPaper]) -> str:
    """All of them as GitHub-flavoured Markdown, each under its caption, ending in a newline."""
    parts = []
    for table in against_tables(rows):
        lines = [f"**{escape_markdown(table.caption)}**", "", f"| {' | '.join(HEADS)} |"]
        lines.append("| --- |" + " ---: |" * (len(HEADS) - 1))
        lines += [f"| {' | '.join(map(escape_markdown, line))} |" for line in table.lines]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def against_latex(rows: Sequence[AgainstPaper]) -> str:
    """All of them as LaTeX's ``longtable``."""
    spec = left(5.5) + "r" * (len(HEADS) - 1)
    heads = [[escape_latex(head) for head in HEADS]]
    return "\n".join(
        long_table(
            table.caption,
            f"against-paper-{number}",
            spec,
            heads,
            [[[_minus(escape_latex(text)) for text in line] for line in table.lines]],
        )
        for number, table in enumerate(against_tables(rows), 1)
    )


_COLUMNS = (
    *("table", "model", "paper_model", "metric", "mitigation", "corrector", "quality"),
    *("ours", "ours_low", "ours_high", "paper", "difference", "paper_in_our_interval"),
    *("our_reference", "our_reference_low", "our_reference_high", "paper_reference", "our_loss", "paper_loss"),
    *("our_share", "our_share_low", "our_share_high", "paper_share", "n"),
)


def against_csv(rows: Sequence[AgainstPaper]) -> str:
    """One line per number under a header; numbers have six digits; what is not known is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        names = (row.model, row.paper_model, row.metric, row.mitigation, row.corrector)
        numbers = [
            *(row.ours.value, row.ours.ci_low, row.ours.ci_high, row.theirs, row.difference),
            *(row.our_reference.value, row.our_reference.ci_low, row.our_reference.ci_high, row.their_reference),
            *(row.our_loss, row.their_loss),
            *(row.our_share.value, row.our_share.ci_low, row.our_share.ci_high, row.their_share),
        ]
        shown = ["" if number is None else f"{number:.6g}" for number in numbers]
        within = "" if row.within is None else str(row.within).lower()
        n = row.ours.n or ""
        writer.writerow([row.table, *map(harmless, names), row.quality, *shown[:5], within, *shown[5:], n])
    return text.getvalue()


def _caption(row: AgainstPaper) -> str:
    named = "" if row.model == row.paper_model else f" (here {plain(row.model)})"
    ours = cell_text(row.our_reference, 2)
    return (
        f"Table {row.table} of the paper: {row.paper_model}{named}, {find_metric(row.metric).inline_label} (%). "
        f"On the originals: ours {ours}, the paper's {format_number(row.their_reference, 2)}"
    )


def _line(row: AgainstPaper) -> tuple[str, ...]:
    named = f" ({plain(row.corrector)})" if row.corrector not in ("", "identity") else ""
    within = DASH if row.within is None else "yes" if row.within else "no"
    return (
        paper_row_label(row.mitigation) + named,
        str(row.quality),
        cell_text(row.ours, 2),
        format_number(row.theirs, 2),
        format_number(row.difference, 2),
        within,
        cell_text(row.our_share, 1),
        format_number(row.their_share, 1),
    )


def _minus(text: str) -> str:
    # A hyphen is no minus sign in LaTeX's text.
    return f"$-${text[1:]}" if text.startswith("-") and text[1:2].isdigit() else text
