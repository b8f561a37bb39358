"""How a mitigation's line looks: the same in every figure of a report, on paper, on a light and on a dark page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from jpegproof.reports.names import MITIGATION_LABELS, mitigation_label
from jpegproof.reports.paired import Edge
from jpegproof.reports.tables import Table

INK = "#1d232b"
"""The colour of text and axes on white; on the page it follows the page's own."""

GRID = "#d9dee5"

DashPattern = tuple[float, tuple[float, ...]]
"""(offset, lengths of strokes and gaps); no lengths for an unbroken line."""

# After Okabe and Ito, with their light colours darkened to 3:1 against white; markers differ too, so that no reader
# depends on colour alone.
_LIGHT = (
    "#5c6672",
    "#0a6cab",
    "#cc5500",
    "#00875f",
    "#b0478c",
    "#8f6a00",
    "#5b3fc4",
    "#0e8a9e",
    "#9c1f4d",
    "#4f7a1f",
    "#85502f",
)
_DARK = (
    "#a9b3bf",
    "#5cb0ee",
    "#ff8f4d",
    "#33cc9c",
    "#ee93cb",
    "#e5b93f",
    "#a795ff",
    "#55cfe2",
    "#f27aa5",
    "#a4d068",
    "#d6a583",
)
_SLOTS = {
    "none": 0,
    "supervised_fine_tuning": 1,
    "off_the_shelf": 2,
    "task_targeted": 3,
    "transfer": 4,
    "multihead": 5,
    "self_distilled": 6,
    "statistics_only": 7,
    "both": 8,
    "gated": 9,
    "control": 10,
}
_MARKERS = "osD^vP*Xp<>"
_DASHES: tuple[DashPattern, ...] = ((0, ()), (0, (6, 2, 1, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1, 1, 1)))


@dataclass(frozen=True, slots=True)
class LineStyle:
    """A line as matplotlib draws it.

    Attributes:
        slot: which colour of the palette it is.
        marker: matplotlib's name of the marker.
        dashes: what the line is broken into.
    """

    slot: int
    marker: str
    dashes: DashPattern

    @property
    def color(self) -> str:
        """The colour on white, as ``#rrggbb``."""
        return _LIGHT[self.slot]


def line_styles(tables: Iterable[Table]) -> dict[Edge, LineStyle]:
    """A style for every edge of a report's tables; see `edge_styles`.

    Correctors of which each model has its own, one, are one line of a figure of many models.
    """
    blocks = [block for table in tables for block in table.blocks]
    several = {
        mitigation
        for block in blocks
        for mitigation, count in Counter(row.mitigation for row in block.rows).items()
        if count > 1
    }
    return edge_styles((row.edge for block in blocks for row in block.rows), several)


def edge_styles(named: Iterable[Edge], several: Set[str] | None = None) -> dict[Edge, LineStyle]:
    """A style for every edge.

    A mitigation has one colour and one marker. Names that are not known take the colours in turn, with their own
    markers.

    Args:
        named: the edges.
        several: the mitigations whose correctors differ in their dashes; all unless given.
    """
    edges = dict.fromkeys(named)
    unknown = list(dict.fromkeys(mitigation for mitigation, _ in edges if mitigation not in MITIGATION_LABELS))
    correctors: dict[str, int] = {}
    styles = {}
    for mitigation, corrector in edges:
        nth = correctors.get(mitigation, 0)
        correctors[mitigation] = nth + (several is None or mitigation in several)
        if mitigation in _SLOTS:
            slot, marker = _SLOTS[mitigation], list(_SLOTS).index(mitigation)
        else:
            slot = 1 + (unknown.index(mitigation) + 3) % (len(_LIGHT) - 1)
            marker = unknown.index(mitigation) + 5
        styles[mitigation, corrector] = LineStyle(slot, _MARKERS[marker % len(_MARKERS)], _DASHES[nth % len(_DASHES)])
    return styles


def legend_entries(table: Table, styles: Mapping[Edge, LineStyle]) -> list[tuple[LineStyle, str]]:
    """(style, label) of each line of a table's figures: what looks alike is one entry, without the correctors' names
    where these differ."""
    labels: dict[tuple[LineStyle, str], dict[str, None]] = {}
    for row in (row for block in table.blocks for row in block.rows):
        labels.setdefault((styles[row.edge], row.mitigation), {})[row.label] = None
    return [
        (style, next(iter(found)) if len(found) == 1 else mitigation_label(mitigation))
        for (style, mitigation), found in labels.items()
    ]


def page_colors() -> list[tuple[str, str, str]]:
    """(CSS variable, colour on a light page, colour on a dark page) of everything that a figure is drawn in."""
    series = [(f"--series-{slot}", light, dark) for slot, (light, dark) in enumerate(zip(_LIGHT, _DARK, strict=True))]
    return [("--ink", INK, "#e8ecf1"), ("--grid", GRID, "#38424f"), *series]
