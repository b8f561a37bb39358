"""A qualitative sheet: one picture along several edges, what the model sees above what it says of it.

Source: the layout of the paper's Figure 10 and appendix C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jpegproof.probes.drawn import Bar, Drawn, LegendEntry
from jpegproof.reports.figures import literal, sober_look, wrapped
from jpegproof.reports.line_styles import GRID, INK
from jpegproof.reports.overlays import draw_map, draw_over, shortened

_WIDTH = 1.75
"""Of a column, in inches; one with boxes in it has names to hold."""
_WIDTH_OF_BOXES = 2.3

_BAR = 0.2
"""Height of a bar, in inches."""

_TOLD = {"right": "\N{CHECK MARK} ", "wrong": "\N{BALLOT X} "}


@dataclass(frozen=True, slots=True, eq=False)
class SheetColumn:
    """One column of a sheet.

    Attributes:
        heading: what happened to the picture.
        drawn: the picture, and what is said of it; None where it could not be had.
        note: stands below: how good the answer is, or why there is none.
        truth: whether this is what is true, of which there is nothing to be seen above.
    """

    heading: str
    drawn: Drawn | None
    note: str
    truth: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One picture along several edges.

    Attributes:
        title: of which picture and model, and why this one.
        columns: from left to right; the upper place of the truth, or one of its own, takes the legend.
        legend: what the colours mean; none where they need no words.
        key: what else needs saying, at the bottom.
    """

    title: str
    columns: Sequence[SheetColumn]
    legend: Sequence[LegendEntry]
    key: str = ""


def draw_sheet(sheet: Sheet) -> Figure:
    """The sheet as a figure, each picture's pixels enlarged without smoothing or shrunk by averaging."""
    columns = list(sheet.columns)
    if sheet.legend and not any(column.truth for column in columns):
        columns.append(SheetColumn("", None, "", truth=True))
    drawn = [column.drawn for column in columns if column.drawn is not None]
    said = any(one.layer is not None or one.marks for one in drawn) or bool(sheet.legend)
    bars = max((len(one.bars) for one in drawn), default=0)
    width = _WIDTH_OF_BOXES if any(one.marks for one in drawn) else _WIDTH
    shape = max((_shape(one) for one in drawn if one.pixels is not None), default=0.75)
    heights = [width * shape] * (2 if said else 1) + ([_BAR * bars] if bars else [])
    notes = ["\n".join(wrapped(line, int(17 * width)) for line in column.note.splitlines()) for column in columns]
    lines = max(note.count("\n") + 1 for note in notes)
    with sober_look():
        size = (width * len(columns) + 0.2, sum(heights) + 0.52 + 0.14 * lines + (0.16 if sheet.key else 0))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(heights), len(columns), squeeze=False, height_ratios=heights)
        for column, note, cells in zip(columns, notes, grid.T, strict=True):
            pictures = cells[: 2 if said else 1]
            for axes in cells:
                _bare(axes)
            for axes in pictures:
                axes.set_box_aspect(shape)
            _draw_pictures(column, pictures, 72 * width, sheet.legend)
            if bars and column.drawn is not None:
                _draw_bars(cells[-1], column.drawn.bars, bars, 72 * width)
            cells[-1].set_xlabel(note, fontsize=8)
        figure.suptitle(wrapped(sheet.title, int(15 * size[0])), fontsize=9)
        if sheet.key:
            figure.supxlabel(wrapped(sheet.key, int(20 * size[0])), fontsize=7, color=INK)
        return literal(figure)


def _shape(drawn: Drawn) -> float:
    left, top, right, bottom = drawn.shown
    return (bottom - top) / (right - left)


def _draw_pictures(column: SheetColumn, pictures: Sequence[Axes], points: float, legend: Sequence[LegendEntry]) -> None:
    """What is seen above what is said; of the truth, which nobody sees, the legend."""
    upper, lower = pictures[0], pictures[-1]
    drawn = column.drawn
    told = drawn is not None and len(pictures) == 2 and (drawn.layer is not None or not drawn.bars)
    if column.truth:
        _draw_legend(upper, legend, points)
        # Right above what is true: a map, boxes, or a label in words, which needs no picture.
        above = upper if told else lower
        above.text(0.5, 0.01, column.heading, fontsize=8, fontweight="bold", ha="center", transform=above.transAxes)
    else:
        upper.set_title(wrapped(column.heading, int(14 * points / 72)), fontsize=8, fontweight="bold")
    if drawn is not None and not column.truth:
        _framed(upper)
        draw_over(upper, Drawn(drawn.pixels, drawn.shown), points, 5.0)
    if drawn is not None and told:
        _draw_said(lower, drawn, points)


def _draw_said(axes: Axes, drawn: Drawn, points: float) -> None:
    _framed(axes)
    if drawn.layer is not None and drawn.layer.alone:
        draw_map(axes, drawn.layer, drawn.shown)
    else:
        draw_over(axes, drawn, points, 5.0)


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)


def _framed(axes: Axes) -> None:
    axes.spines[["top", "right", "bottom", "left"]].set(visible=True, color=GRID, linewidth=0.8)


def _draw_bars(axes: Axes, bars: Sequence[Bar], places: int, points: float) -> None:
    """Probabilities as bars with their names upon them; what is right is told by a sign as well as by its colour."""
    colours = {"right": "#9bd3b5", "truth": "#9bd3b5", "wrong": "#f0b3a6"}
    axes.set_xlim(0, 1)
    axes.set_ylim(places - 0.5, -0.5)
    for place, bar in enumerate(bars):
        axes.barh(place, 1.0, height=0.86, color="#f1f3f5", linewidth=0)
        axes.barh(place, bar.share, height=0.86, color=colours.get(bar.verdict or "", "#cfd6dd"), linewidth=0)
        number = "" if bar.verdict == "truth" else f"{100 * bar.share:.1f} %"
        text = shortened(_TOLD.get(bar.verdict or "", "") + bar.text, points - 42, 7)
        axes.text(0.02, place, text, fontsize=7, color=INK, ha="left", va="center_baseline")
        axes.text(0.98, place, number, fontsize=7, color=INK, ha="right", va="center_baseline")


def _draw_legend(axes: Axes, legend: Sequence[LegendEntry], points: float) -> None:
    if not legend:
        return
    columns = 1 if len(legend) <= 7 else 2
    room = 0.85 * points / columns - 14
    patches = [
        Patch(
            facecolor="#{:02x}{:02x}{:02x}".format(*entry.colour),
            edgecolor=GRID,
            label=shortened(entry.name, room, 6.5),
        )
        for entry in legend
    ]
    axes.legend(
        handles=patches,
        loc="upper center",
        ncols=columns,
        frameon=False,
        fontsize=6.5,
        handlelength=1.0,
        columnspacing=0.8,
    )
