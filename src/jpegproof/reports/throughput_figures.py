"""Bars of images per second: each model behind each cure, in use and in training.

Source: after Figure 19 of Ehrlich et al. (2021), which has bars of each model at batch 1, in inference and in training,
corrected and fine-tuned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jpegproof.analysis.speed import Speed
from jpegproof.reports.figures import literal, plain_numbers, sober_look, wrapped
from jpegproof.reports.line_styles import INK, LineStyle, edge_styles
from jpegproof.reports.names import plain
from jpegproof.reports.throughput_tables import SpeedLine, SpeedTable, speed_text

Edge = tuple[str, str]

#: Where the fastest bar is more than so many times the slowest, a linear axis would leave nothing to see of the latter.
_FARTHEST = 30.0

#: Between the bars of two models, in widths of a bar.
_BETWEEN = 0.8

#: Hatches of a mitigation's second, third and fourth corrector, since they share its colour.
_HATCHES = ("", "///", "...", "xxx")

Pick = Callable[[SpeedLine], Speed | None]
"""What of an edge a panel shows."""

_PHASES: tuple[tuple[str, Pick], ...] = (
    ("Inference", lambda line: line.inference),
    ("Training", lambda line: line.training),
)


def draw_speeds(table: SpeedTable, on_page: bool = False) -> Figure:
    """Bars of each model: inference above, training below where something is trained; quartiles as whiskers.

    Args:
        table: what was measured.
        on_page: for the page, which gives the figure its background and its caption.
    """
    styles = edge_styles(line.edge for line in table.lines)
    shown = [(name, pick) for name, pick in _PHASES if any(pick(line) for line in table.lines)]
    with sober_look():
        width = min(max(6.4, 0.34 * len(table.lines) + 2.0), 24.0)
        labels = dict.fromkeys((line.edge, line.label) for line in table.lines)
        columns = 2 if width > 7.5 else 1
        rows = math.ceil(len(labels) / columns)
        size = (width, 2.5 * len(shown) + 0.22 * rows + 0.5)
        figure = Figure(figsize=size, layout="constrained", facecolor="none" if on_page else "white")
        panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
        centres = _centres(table, [pick for _, pick in shown])
        for axes, (name, pick) in zip(panels, shown, strict=True):
            axes.set_facecolor("none")
            axes.set_title(name, fontsize=10, fontweight="bold", loc="left")
            _draw_bars(axes, table, pick, styles, centres)
            # The same in all panels, so that a model stands below itself.
            axes.set_xlim(*_ends(table, [pick for _, pick in shown]))
        if not on_page:
            figure.suptitle(wrapped(table.caption, int(15 * width)), fontsize=9)
        handles = [Patch(label=wrapped(label, 60), **_fill(edge, styles)) for edge, label in labels]
        figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
        return literal(figure)


def describe_speeds(table: SpeedTable) -> str:
    """What a reader who cannot see the bars is told."""
    told = [
        f"{plain(line.model)}, {line.label}: {speed_text(line.inference.images_per_second)}"
        for line in table.lines
        if line.inference
    ]
    return f"{table.caption}. Inference: " + "; ".join(told) + "."


def _bars_of(table: SpeedTable, model: str, pick: Pick) -> list[tuple[SpeedLine, Speed]]:
    return [(line, speed) for line in table.lines if line.model == model and (speed := pick(line))]


def _widths(table: SpeedTable, picks: Sequence[Pick]) -> list[int]:
    """How many bars each model has, in the panel where it has most."""
    return [max(len(_bars_of(table, model, pick)) for pick in picks) for model in table.models]


def _centres(table: SpeedTable, picks: Sequence[Pick]) -> dict[str, float]:
    """Where each model stands, in widths of a bar."""
    centres, place = {}, 0.0
    for model, width in zip(table.models, _widths(table, picks), strict=True):
        centres[model] = place + (width - 1) / 2
        place += width + _BETWEEN
    return centres


def _ends(table: SpeedTable, picks: Sequence[Pick]) -> tuple[float, float]:
    widths = _widths(table, picks)
    return -0.8, sum(widths) + _BETWEEN * (len(widths) - 1) - 0.2


def _draw_bars(
    axes: Axes, table: SpeedTable, pick: Pick, styles: Mapping[Edge, LineStyle], centres: Mapping[str, float]
) -> None:
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    drawn: list[tuple[float, SpeedLine, Speed]] = []
    for model in table.models:
        bars = _bars_of(table, model, pick)
        first = centres[model] - (len(bars) - 1) / 2
        drawn += [(first + number, line, speed) for number, (line, speed) in enumerate(bars)]
    for where, line, speed in drawn:
        value = speed.images_per_second
        axes.bar(where, value, width=0.82, **_fill(line.edge, styles))
        axes.plot([where, where], [speed.low, speed.high], color="#ffffff", linewidth=3, solid_capstyle="butt")
        axes.plot([where, where], [speed.low, speed.high], color=INK, linewidth=1.2, solid_capstyle="butt")
        axes.annotate(
            speed_text(value),
            (where, max(value, speed.high)),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
        )
    _scale(axes, [speed for _, _, speed in drawn])
    named = [model for model in table.models if _bars_of(table, model, pick)]
    axes.set_xticks([centres[model] for model in named], [wrapped(plain(model), 18) for model in named])
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("images per second")


def _scale(axes: Axes, speeds: Sequence[Speed]) -> None:
    """From 0 on; where the bars differ too much for that, by powers of ten, which the axis then says."""
    fastest = max(speed.high for speed in speeds)
    slowest = min(speed.low for speed in speeds)
    if fastest > _FARTHEST * slowest:
        axes.set_yscale("log")
        plain_numbers(axes.yaxis)
        axes.set_ylim(slowest / 2, fastest * 2.5)
    else:
        axes.set_ylim(0, 1.15 * fastest)


def _fill(edge: Edge, styles: Mapping[Edge, LineStyle]) -> dict[str, Any]:
    nth = [other for other in styles if other[0] == edge[0]].index(edge)
    return {
        "facecolor": styles[edge].color,
        "hatch": _HATCHES[nth % len(_HATCHES)],
        "edgecolor": "#ffffff",
        "linewidth": 0,
    }
