"""The figures of the page as data: what the page's script hands to plotly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jpegproof.reports.page_markers import Look

Numbers = tuple[float | None, ...]


class Kind(StrEnum):
    """What a figure is made of."""

    CURVES = "curves"
    BARS = "bars"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Series:
    """What can be shown and hidden in all panels of a figure at once.

    Attributes:
        label: its name in the legend.
        look: how it is drawn.
    """

    label: str
    look: Look


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series in one panel; its numbers are equally many, ``None`` where one is missing.

    Attributes:
        series: its number in the figure.
        label: what a reader who points at it is told: of curves, the edge's full name.
        x: where its points are; of bars, their place from 0.
        y: how high.
        low, high: ends of the 95 % intervals; empty where there are none.
        told: what is said of each point instead of ``y``, where a bar begins at another one's end; else empty.
        faint: whether the points stand back: those that another one beats.
    """

    series: int
    label: str
    x: Numbers
    y: Numbers
    low: Numbers = ()
    high: Numbers = ()
    told: Numbers = ()
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One model.

    Attributes:
        title: its name.
        description: what a reader who cannot see the panel is told.
        drawn: its lines, bars or points.
        level: height, low and high end of a line across: the originals; of losses 0 without ends.
        stairs: corners of what no point is beyond: (x, y).
        log: whether the x axis goes by powers of ten.
    """

    title: str
    description: str
    drawn: tuple[Drawn, ...]
    level: tuple[float, float | None, float | None] | None = None
    stairs: tuple[tuple[float, float], ...] = ()
    log: bool = False


@dataclass(frozen=True, slots=True)
class PlotFigure:
    """Panels that share their axes and their legend.

    Attributes:
        stem: its name on the page, which no other figure has.
        kind: what it is made of.
        caption: what it shows.
        x_title, y_title: what the axes are, with units.
        ticks: the numbers at the x axis; of bars, what stands below each.
        x_range, y_range: what the axes show in every panel; None where each panel has its own.
        decimals: that heights are said with.
        level_label: what the line across is.
        series: in the order of the legend.
        panels: one per model.
    """

    stem: str
    kind: Kind
    caption: str
    x_title: str
    y_title: str
    ticks: tuple[int, ...] | tuple[str, ...]
    x_range: tuple[float, float] | None
    y_range: tuple[float, float] | None
    decimals: int
    level_label: str
    series: tuple[Series, ...]
    panels: tuple[Panel, ...]


def figure_content(figure: PlotFigure) -> dict[str, Any]:
    """What the page's script needs of a figure, in JSON's types; numbers have six digits."""
    return {
        "kind": str(figure.kind),
        "xTitle": figure.x_title,
        "yTitle": figure.y_title,
        "ticks": list(figure.ticks),
        "xRange": figure.x_range and list(figure.x_range),
        "yRange": figure.y_range and list(figure.y_range),
        "decimals": figure.decimals,
        "levelLabel": figure.level_label,
        "series": [
            {"slot": series.look.slot, "symbol": series.look.symbol, "dash": series.look.dash}
            for series in figure.series
        ],
        "panels": [_panel_content(panel) for panel in figure.panels],
    }


def _panel_content(panel: Panel) -> dict[str, Any]:
    return {
        "level": panel.level and _six_digits(panel.level),
        "stairs": [_six_digits(corner) for corner in panel.stairs],
        "log": panel.log,
        "drawn": [
            {
                "series": drawn.series,
                "label": drawn.label,
                "faint": drawn.faint,
                **{name: _six_digits(getattr(drawn, name)) for name in ("x", "y", "low", "high", "told")},
            }
            for drawn in panel.drawn
        ],
    }


def _six_digits(numbers: Numbers) -> list[float | None]:
    return [None if number is None else float(f"{number:.6g}") for number in numbers]
