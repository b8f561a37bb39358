"""A qualitative sheet: one picture along several edges, what the model sees above what it says of it.

Source: the layout of the paper's Figure 10 and appendix C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from jpegproof.probes.drawn import LegendEntry
from jpegproof.reports.figures import literal, sober_look, wrapped
from jpegproof.reports.line_styles import GRID

Picture = NDArray[np.uint8]

_WIDTH = 1.75
"""Of a column, in inches."""

_LONGEST_SIDE = 640
"""More pixels than this cannot be told apart in a column; a sheet of photographs would take megabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class SheetColumn:
    """One column of a sheet.

    Attributes:
        heading: what happened to the picture.
        seen: (H, W, 3) uint8 RGB, what the model was given; None for an empty place.
        said: (H, W, 3) uint8 RGB, its answer drawn; None where there is none.
        note: stands below: how good the answer is, or why there is none.
    """

    heading: str
    seen: Picture | None
    said: Picture | None
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One picture along several edges.

    Attributes:
        title: of which picture and model, and why this one.
        columns: from left to right; the first empty place in the upper row takes the legend.
        legend: what the colours mean; none where they need no words.
    """

    title: str
    columns: Sequence[SheetColumn]
    legend: Sequence[LegendEntry]


def draw_sheet(sheet: Sheet) -> Figure:
    """The sheet as a figure, each picture's pixels enlarged without smoothing or shrunk to about 640."""
    shape = next(column.seen.shape for column in sheet.columns if column.seen is not None)
    height = _WIDTH * shape[0] / shape[1]
    with sober_look():
        size = (_WIDTH * len(sheet.columns) + 0.2, 2 * height + 0.85)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(2, len(sheet.columns), squeeze=False)
        legend = list(sheet.legend)
        for column, (above, below) in zip(sheet.columns, grid.T, strict=True):
            headed = below if column.seen is None else above
            headed.set_title(wrapped(column.heading, 24), fontsize=8, fontweight="bold")
            for axes, picture in ((above, column.seen), (below, column.said)):
                axes.set_box_aspect(shape[0] / shape[1])
                _draw(axes, picture)
            below.set_xlabel(wrapped(column.note, 30), fontsize=8)
            if column.seen is None and legend:
                _draw_legend(above, legend)
                legend = []
        figure.suptitle(wrapped(sheet.title, int(15 * size[0])), fontsize=9)
        return literal(figure)


def _draw(axes: Axes, picture: Picture | None) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    if picture is not None:
        step = max(-(-max(picture.shape[:2]) // _LONGEST_SIDE), 1)
        axes.imshow(picture[::step, ::step], interpolation="nearest")


def _draw_legend(axes: Axes, legend: Sequence[LegendEntry]) -> None:
    patches = [
        Patch(facecolor="#{:02x}{:02x}{:02x}".format(*entry.colour), edgecolor=GRID, label=entry.name)
        for entry in legend
    ]
    columns = 1 if len(patches) <= 7 else 2
    axes.legend(
        handles=patches, loc="center", ncols=columns, frameon=False, fontsize=6.5, handlelength=1.0, columnspacing=0.8
    )
