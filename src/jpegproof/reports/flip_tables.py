"""Tables of delivery chains: how often a model's verdict changes along them, save by save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.flips import Flip
from jpegproof.reports.markdown import escape_markdown
from jpegproof.reports.names import MITIGATION_LABELS, edge_label, plain
from jpegproof.reports.tables import DASH, Cell, format_number


@dataclass(frozen=True, slots=True)
class FlipCell:
    """One save along one edge, in percent of the pictures: whose verdict is another one than on the original, and whose
    verdict was another one here or at an earlier save."""

    flipped: Cell
    ever: Cell


@dataclass(frozen=True, slots=True)
class FlipTable:
    """One model along one chain.

    Attributes:
        caption: one line that says what the numbers are.
        heads: the saves, in their order.
        rows: (the edge's display name, one cell per save; None where that save is not finished).
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[FlipCell | None, ...]], ...]


def build_flip_tables(flips: Sequence[Flip]) -> list[FlipTable]:
    """One table per model, data set and chain, in the order in which they first appear.

    Args:
        flips: the rows of ``flips.csv``.
    """
    groups: dict[tuple[str, str, str], list[Flip]] = {}
    for row in flips:
        groups.setdefault((row.dataset, row.model, row.chain), []).append(row)
    return [_table(*place, rows) for place, rows in groups.items()]


def flip_markdown(table: FlipTable) -> str:
    """A table as GitHub-flavoured Markdown under its caption, ending in a newline: now, and so far behind it."""
    lines = [
        f"**{escape_markdown(table.caption)}**",
        "",
        "| Mitigation | " + " | ".join(table.heads) + " |",
        "| --- |" + " ---: |" * len(table.heads),
    ]
    for label, cells in table.rows:
        shown = [
            f"{format_number(cell.flipped.value, 1)} ({format_number(cell.ever.value, 1)})" if cell else DASH
            for cell in cells
        ]
        lines.append(f"| {escape_markdown(label)} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def _table(dataset: str, model: str, chain: str, rows: Sequence[Flip]) -> FlipTable:
    saves = {row.save: row.quality for row in sorted(rows, key=lambda row: row.save)}
    known = list(MITIGATION_LABELS)
    edges: dict[tuple[str, str], dict[int, Flip]] = {}
    for row in sorted(rows, key=lambda row: known.index(row.mitigation) if row.mitigation in known else len(known)):
        edges.setdefault((row.mitigation, row.corrector), {})[row.save] = row
    names = [mitigation for mitigation, _ in edges]
    return FlipTable(
        "Pictures whose verdict is another than on the original (%), in brackets those where it was at this save or "
        f"an earlier one (%): {plain(model)} on {plain(dataset)}, along {plain(chain)}",
        tuple(
            f"save {number}" + ("" if quality is None else f", quality {quality}") for number, quality in saves.items()
        ),
        tuple(
            (
                edge_label(mitigation, corrector, names.count(mitigation) > 1),
                tuple(_cell(own[number]) if number in own else None for number in saves),
            )
            for (mitigation, corrector), own in edges.items()
        ),
    )


def _cell(row: Flip) -> FlipCell:
    return FlipCell(
        Cell(row.flipped, row.flipped_low, row.flipped_high, row.n), Cell(row.ever, row.ever_low, row.ever_high, row.n)
    )
