"""Tables of detectors of fakes that give no verdict where unsure: how often right, and on how many pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.unsure import UnsureRow
from jpegproof.reports.markdown import escape_markdown
from jpegproof.reports.names import MITIGATION_LABELS, edge_label, plain, setting_label
from jpegproof.reports.tables import Cell, format_number


@dataclass(frozen=True, slots=True)
class UnsureCell:
    """One band along one edge: how many of the verdicts are right, and how many pictures have one, in percent."""

    accuracy: Cell
    coverage: Cell


@dataclass(frozen=True, slots=True)
class UnsureTable:
    """One detector at one quality.

    Attributes:
        caption: one line that says what the numbers are.
        quality: None for the originals.
        heads: the bands.
        rows: (the edge's display name, one cell per band).
    """

    caption: str
    quality: int | None
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[UnsureCell, ...]], ...]


def build_unsure_tables(rows: Sequence[UnsureRow]) -> list[UnsureTable]:
    """One table per detector, data set, compression setting and quality: the lowest first, the originals last.

    Args:
        rows: of ``unsure.csv``.
    """
    groups: dict[tuple[str, ...], list[UnsureRow]] = {}
    for row in rows:
        place = (row.dataset, row.model, row.codec, row.subsampling, row.chain, row.stage, str(row.quality))
        groups.setdefault(place, []).append(row)
    tables = [_table(own) for own in groups.values()]
    models = list(dict.fromkeys((own[0].dataset, own[0].model) for own in groups.values()))
    order = [
        (models.index((own[0].dataset, own[0].model)), own[0].quality is None, own[0].quality or 0)
        for own in groups.values()
    ]
    return [tables[place] for place in sorted(range(len(tables)), key=lambda place: order[place])]


def lowest_unsure_tables(tables: Sequence[UnsureTable]) -> list[UnsureTable]:
    """Those at the lowest quality of each detector, which the page shows; without any, those of the originals."""
    compressed = [table.quality for table in tables if table.quality is not None]
    lowest = min(compressed, default=None)
    return [table for table in tables if table.quality == lowest]


def unsure_markdown(table: UnsureTable) -> str:
    """A table as GitHub-flavoured Markdown under its caption, ending in a newline: accuracy, and coverage behind it."""
    lines = [
        f"**{escape_markdown(table.caption)}**",
        "",
        "| Mitigation | " + " | ".join(table.heads) + " |",
        "| --- |" + " ---: |" * len(table.heads),
    ]
    for label, cells in table.rows:
        shown = [f"{format_number(cell.accuracy.value, 1)} ({format_number(cell.coverage.value, 1)})" for cell in cells]
        lines.append(f"| {escape_markdown(label)} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[UnsureRow]) -> UnsureTable:
    first, bands = rows[0], sorted({row.band for row in rows})
    edges: dict[tuple[str, str], dict[float, UnsureRow]] = {}
    known = list(MITIGATION_LABELS)
    for row in sorted(rows, key=lambda row: known.index(row.mitigation) if row.mitigation in known else len(known)):
        edges.setdefault((row.mitigation, row.corrector), {})[row.band] = row
    names = [mitigation for mitigation, _ in edges]
    setting = setting_label(first.codec, first.subsampling, first.chain, first.stage)
    quality = "the originals" if first.quality is None else f"quality {first.quality}; {setting}"
    return UnsureTable(
        f"Accuracy of the verdicts (%), in brackets on how many of the pictures there is one (%): {plain(first.model)} "
        f"on {plain(first.dataset)}, {quality}",
        first.quality,
        tuple("every picture" if band == 0 else f"unsure within {band:g}" for band in bands),
        tuple(
            (
                edge_label(mitigation, corrector, names.count(mitigation) > 1),
                tuple(_cell(own[band]) for band in bands),
            )
            for (mitigation, corrector), own in edges.items()
        ),
    )


def _cell(row: UnsureRow) -> UnsureCell:
    return UnsureCell(
        Cell(row.accuracy, row.accuracy_low, row.accuracy_high, row.n_decided),
        Cell(row.coverage, row.coverage_low, row.coverage_high, row.n),
    )
