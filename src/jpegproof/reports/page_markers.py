"""How the lines of matplotlib's figures look on the page: plotly's names of them, and samples for legends."""

from __future__ import annotations

from dataclasses import dataclass

from jpegproof.reports.line_styles import LineStyle

#: matplotlib's lines are 1.7 wide, and its dashes are in widths of the line.
LINE_WIDTH = 1.7

#: matplotlib's marker, plotly's name of it, and its outline around (0, 0) for a legend.
_MARKERS = {
    "o": ("circle", "M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z"),
    "s": ("square", "M-3.2-3.2h6.4v6.4h-6.4z"),
    "D": ("diamond", "M0-4.3 4.3 0 0 4.3-4.3 0z"),
    "^": ("triangle-up", "M0-4.2 4 3.2H-4z"),
    "v": ("triangle-down", "M0 4.2 4-3.2H-4z"),
    "P": ("cross", "M-1.4-4h2.8v2.6H4v2.8H1.4V4h-2.8V1.4H-4v-2.8h2.6z"),
    "*": ("star", "M0-4.8 1.4-1.6 4.7-1.4 2.2.8 3 4.1 0 2.3-3 4.1-2.2.8-4.7-1.4-1.4-1.6z"),
    "X": ("x", "M-2-4 0-2 2-4 4-2 2 0 4 2 2 4 0 2-2 4-4 2-2 0-4-2z"),
    "p": ("pentagon", "M0-4.2 4-1.3 2.5 3.4h-5L-4-1.3z"),
    "<": ("triangle-left", "M-4.2 0 3.2-4v8z"),
    ">": ("triangle-right", "M4.2 0-3.2-4v8z"),
    "8": ("octagon", "M-1.6-3.9h3.2L3.9-1.6v3.2L1.6 3.9h-3.2L-3.9 1.6v-3.2z"),
    "h": ("hexagon", "M0-4.2 3.6-2.1v4.2L0 4.2-3.6 2.1v-4.2z"),
    "H": ("hexagon2", "M-4.2 0-2.1-3.6h4.2L4.2 0 2.1 3.6h-4.2z"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a line, a point or a bar is drawn.

    Attributes:
        slot: which colour of the page's palette: ``--series-SLOT``.
        symbol: plotly's name of the marker.
        dash: plotly's pattern of the line: ``solid``, or lengths in pixels.
        outline: the marker as an SVG path around (0, 0), for the legend.
    """

    slot: int
    symbol: str
    dash: str
    outline: str


def look_of(style: LineStyle, marker: str | None = None) -> Look:
    """A style of matplotlib's figures on the page; with another marker where one is given."""
    symbol, outline = _MARKERS[marker or style.marker]
    lengths = style.dashes[1]
    dash = ",".join(f"{length * LINE_WIDTH:g}px" for length in lengths) if lengths else "solid"
    return Look(style.slot, symbol, dash, outline)
