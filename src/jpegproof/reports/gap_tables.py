"""Tables of how much of the gap each cure closes: what it gives back of what compression costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jpegproof.analysis.rows import Gap, by_column
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import MITIGATION_LABELS, edge_label, plain, setting_label
from jpegproof.reports.tables import block_clause, format_number


@dataclass(frozen=True, slots=True)
class GapCell:
    """One share of a gap, in percent; ``None`` where what is lost cannot be told apart from nothing."""

    share: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True)
class GapTable:
    """The cures of one model by one metric.

    Attributes:
        caption: one line that says what the numbers are.
        columns: heads: a quality, or several that are pooled.
        gaps: below each head: what is lost without a cure, with its unit.
        rows: (the cure's display name, one cell per column).
    """

    caption: str
    columns: tuple[str, ...]
    gaps: tuple[str, ...]
    rows: tuple[tuple[str, tuple[GapCell, ...]], ...]


def build_gap_tables(gaps: Sequence[Gap], blocks: Mapping[str, int] | None = None) -> list[GapTable]:
    """One table per task, data set, slice, model, metric and compression setting, in the order of the rows.

    Args:
        gaps: the rows of ``gaps.csv``.
        blocks: as in `StudyRecord`.
    """
    setting = ("codec", "subsampling", "chain", "stage")
    tables = []
    for key, rows in by_column(gaps, "task", "dataset", "slice", "model", "metric", *setting).items():
        task, dataset, part, model, metric, *compression = key
        columns = sorted({row.quality for row in rows}, key=lambda name: (name.count("+"), _numbers(name)))
        by_edge = by_column(sorted(rows, key=_rank), "mitigation", "corrector")
        names = [mitigation for mitigation, _ in by_edge]
        shown = tuple(
            (
                edge_label(mitigation, corrector, names.count(mitigation) > 1),
                tuple(_cell(own, column) for column in columns),
            )
            for (mitigation, corrector), own in by_edge.items()
        )
        what = find_metric(metric)
        where = f"{plain(dataset)}{'' if part in ('', 'all') else f', slice {plain(part)}'}"
        after = setting_label(*compression)
        lost = [next(row.gap for row in rows if row.quality == column) for column in columns]
        tables.append(
            GapTable(
                caption=f"Share of the gap closed (%), {what.inline_label}: {plain(model)}, {plain(task)} on {where}"
                + (f"; {after}" if after else "")
                + block_clause((blocks or {}).get(dataset, 1)),
                columns=tuple(column.replace("+", " + ") for column in columns),
                gaps=tuple(_amount(gap, what.is_percentage) for gap in lost),
                rows=shown,
            )
        )
    return tables


def gap_markdown(table: GapTable) -> str:
    """A table as GitHub-flavoured Markdown under its caption, with intervals, ending in a newline."""
    lines = [
        f"**{table.caption}**",
        "",
        "| Cure | " + " | ".join(table.columns) + " |",
        "| --- |" + " ---: |" * len(table.columns),
        "| *lost without a cure* | " + " | ".join(table.gaps) + " |",
    ]
    for label, cells in table.rows:
        lines.append(f"| {label} | " + " | ".join(cell_text(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def cell_text(cell: GapCell) -> str:
    """``52.3 [31.0, 70.1]``; a dash where there is no share."""
    shown = format_number(cell.share, 1)
    if cell.ci_low is None or cell.ci_high is None:
        return shown
    return f"{shown} [{format_number(cell.ci_low, 1)}, {format_number(cell.ci_high, 1)}]"


def _cell(rows: Sequence[Gap], column: str) -> GapCell:
    found = next((row for row in rows if row.quality == column), None)
    # A share of a loss that may be nothing is no number to show: it may be thousands of percent.
    if found is None or found.ci_low is None:
        return GapCell(None, None, None)
    return GapCell(found.share, found.ci_low, found.ci_high)


def _numbers(name: str) -> list[int]:
    return [int(part) for part in name.split("+") if part.isdigit()]


def _rank(row: Gap) -> int:
    known = list(MITIGATION_LABELS)
    return known.index(row.mitigation) if row.mitigation in known else len(known)


def _amount(gap: float | None, percent: bool) -> str:
    return format_number(gap, 1 if percent else 2)
