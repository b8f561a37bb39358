"""Figures of split losses: one bar per quality, what remains below, what the best cure recovers above it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jpegproof.reports.figures import literal, sober_look, wrapped
from jpegproof.reports.fixable_tables import FixableLine, FixableTable
from jpegproof.reports.line_styles import INK, LineStyle

# Two of the palette's colours, so that they follow the page into the dark; hatched, for who cannot tell them apart.
REMAINING, RECOVERED = LineStyle(2, "s", (0, ())), LineStyle(3, "o", (0, ()))


def draw_fixable(tables: Sequence[FixableTable]) -> Figure:
    """Models with one subject, one panel each, on one scale.

    Args:
        tables: over qualities.
    """
    with sober_look():
        columns = min(3, len(tables))
        rows = math.ceil(len(tables) / columns)
        figure = Figure(figsize=(max(4.6, 3.5 * columns), 2.9 * rows + 0.7), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for axes, table in zip(grid.flat, tables, strict=False):
            _draw_panel(axes, table, tables)
            axes.set_title(wrapped(table.model, 34), fontsize=10, fontweight="bold", loc="left")
        for axes in grid.flat[len(tables) :]:
            axes.set_visible(False)
        for axes in grid[:, 0]:
            axes.set_ylabel(wrapped(tables[0].axis, 36))
        figure.legend(handles=legend_patches(), loc="outside lower center", ncols=2, frameon=False)
        return literal(figure)


def draw_fixable_model(table: FixableTable) -> Figure:
    """One model in a small panel for the page, which gives it its background and title."""
    with sober_look():
        figure = Figure(figsize=(4.4, 2.9), layout="constrained", facecolor="none")
        axes = figure.subplots()
        axes.set_facecolor("none")
        _draw_panel(axes, table, [table])
        axes.set_ylabel(wrapped(table.axis, 36))
        figure.legend(handles=legend_patches(), loc="outside lower center", ncols=2, frameon=False, fontsize=8)
        return literal(figure)


def legend_patches() -> list[Patch]:
    """What the two parts of a bar are."""
    return [
        Patch(facecolor=RECOVERED.color, label="recovered by the best cure"),
        Patch(facecolor=REMAINING.color, hatch="///", edgecolor="white", linewidth=0, label="remaining"),
    ]


def stacked(line: FixableLine) -> tuple[float, float]:
    """Heights of what remains and of what stands on top of it.

    Where a cure gains more than was lost, what remains is below nothing, and all of the loss is recovered; where the
    best one does harm, more remains than was lost, and there is nothing to put on top of it.
    """
    lost, left = line.loss.value or 0.0, line.remaining.value or 0.0
    return left, max(lost - max(left, 0.0), 0.0)


def _draw_panel(axes: Axes, table: FixableTable, tables: Sequence[FixableTable]) -> None:
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    places = range(len(table.lines))
    for place, line in zip(places, table.lines, strict=True):
        left, recovered = stacked(line)
        axes.bar(place, left, 0.7, color=REMAINING.color, hatch="///", edgecolor="white", linewidth=0)
        if recovered:
            axes.bar(place, recovered, 0.7, bottom=max(left, 0.0), color=RECOVERED.color, linewidth=0)
        if line.remaining.ci_low is not None and line.remaining.ci_high is not None:
            axes.plot([place, place], [line.remaining.ci_low, line.remaining.ci_high], color=INK, linewidth=1.2)
    axes.axhline(0, color=INK, linewidth=1)
    axes.set_xticks(list(places), [line.label for line in table.lines])
    axes.set_xlabel("JPEG quality")
    numbers = [0.0]
    for line in (line for other in tables for line in other.lines):
        known = (line.loss.value, line.remaining.value, line.remaining.ci_low, line.remaining.ci_high)
        numbers += [number for number in known if number is not None]
    margin = 0.05 * ((max(numbers) - min(numbers)) or 1.0)
    axes.set_ylim(min(numbers) - margin, max(numbers) + margin)
