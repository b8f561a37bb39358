"""What is lost at each quality with its one-sided bound, against quality and against bytes; the bound as a line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from jpegproof.analysis.budget.rows import BudgetRow
from jpegproof.reports.figures import literal, plain_numbers, sober_look, wrapped
from jpegproof.reports.filenames import slugify
from jpegproof.reports.line_styles import INK, LineStyle, edge_styles
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import codec_label, edge_label, plain

Edge = tuple[str, str]

#: How the lines of other codecs differ from JPEG's, which has its mitigation's own.
_WIDTHS = {"jpeg": 1.8, "webp": 1.1, "avif": 0.7}


def budget_figures(rows: Sequence[BudgetRow]) -> dict[str, list[BudgetRow]]:
    """The rows that one figure shows, by its file name: one model on one data set."""
    groups: dict[tuple[str, str], list[BudgetRow]] = {}
    for row in rows:
        groups.setdefault((row.dataset, row.model), []).append(row)
    return {slugify(f"budget {data} {model}"): own for (data, model), own in groups.items()}


def draw_budget(rows: Sequence[BudgetRow]) -> Figure:
    """Two panels: against quality, and against bits per pixel (bytes per picture where pixels were not counted).

    Lines are what was seen, the shade reaches to what it is at most. A filled marker is safe, a hollow one undecided, a
    cross unsafe.
    """
    styles = edge_styles((row.mitigation, row.corrector) for row in rows)
    lines: dict[tuple[str, str, str], list[BudgetRow]] = {}
    for row in rows:
        lines.setdefault((row.mitigation, row.corrector, row.codec), []).append(row)
    in_bits = all(row.bits_per_pixel is not None for row in rows)
    with sober_look():
        figure = Figure(figsize=(9.6, 3.6 + 0.2 * math.ceil(len(lines) / 2)), layout="constrained", facecolor="white")
        left, right = figure.subplots(1, 2, sharey=True)
        for axes in (left, right):
            axes.grid(visible=True)
            axes.set_axisbelow(True)
            axes.axhline(rows[0].bound, color=INK, linewidth=1.2, linestyle="--")
        for own in lines.values():
            ordered = sorted(own, key=lambda row: row.quality)
            _draw(left, ordered, [float(row.quality) for row in ordered], styles)
            sizes = [(row.bits_per_pixel if in_bits else row.bytes_per_image) or math.nan for row in ordered]
            _draw(right, ordered, sizes, styles)
        left.set_xlabel("JPEG quality")
        right.set_xlabel("bits per pixel" if in_bits else "bytes per picture")
        right.set_xscale("log")
        plain_numbers(right.xaxis)
        right.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        what = find_metric(rows[0].metric)
        loss = rows[0].quantity == "loss"
        left.set_ylabel(what.loss_axis if loss else wrapped(f"Off {what.inline_label} (points)", 36))
        _limit(left, rows)
        figure.suptitle(wrapped(budget_caption(rows), 140), fontsize=9)
        handles = [Line2D([], [], color=INK, linewidth=1.2, linestyle="--", label=f"bound: {rows[0].bound:g}")]
        handles += [_legend(key, styles) for key in lines]
        figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
        return literal(figure)


def budget_caption(rows: Sequence[BudgetRow]) -> str:
    """What a figure shows, in one line."""
    first = rows[0]
    return (
        f"{plain(first.model)} on {plain(first.dataset)}: what is lost, and at most with {first.confidence:g} % "
        "confidence (shade); filled: safe, hollow: undecided, cross: unsafe"
    )


def _draw(axes: Axes, rows: Sequence[BudgetRow], places: Sequence[float], styles: Mapping[Edge, LineStyle]) -> None:
    style, values = styles[rows[0].mitigation, rows[0].corrector], [_known(row.value) for row in rows]
    width = _WIDTHS.get(rows[0].codec, 1.0)
    axes.plot(places, values, color=style.color, linestyle=style.dashes, linewidth=width)
    highs = [_known(row.high) for row in rows]
    axes.fill_between(places, values, highs, color=style.color, alpha=0.12, linewidth=0)
    for row, place in zip(rows, places, strict=True):
        marker = "x" if row.verdict == "unsafe" else style.marker
        face = style.color if row.verdict == "safe" else "#ffffff"
        axes.plot(
            [place],
            [_known(row.value)],
            linestyle="",
            marker=marker,
            markersize=5,
            markeredgecolor=style.color,
            markerfacecolor=face,
        )


def _limit(axes: Axes, rows: Sequence[BudgetRow]) -> None:
    """Shows where the decision is made: what lies far beyond the bound is cut off."""
    bound = rows[0].bound
    known = [number for row in rows for number in (row.value, row.high) if number is not None]
    if known:
        low, high = max(min(0.0, *known), -6 * bound), min(max(*known, 1.5 * bound), 12 * bound)
        axes.set_ylim(low - 0.05 * (high - low), high)


def _legend(key: tuple[str, str, str], styles: Mapping[Edge, LineStyle]) -> Line2D:
    style = styles[key[0], key[1]]
    label = edge_label(key[0], key[1], False)
    label = label if key[2] == "jpeg" else f"{label}, {codec_label(key[2])} at the same bytes"
    return Line2D(
        [],
        [],
        color=style.color,
        linestyle=style.dashes,
        linewidth=_WIDTHS.get(key[2], 1.0),
        marker=style.marker,
        markersize=5,
        label=wrapped(label, 60),
    )


def _known(value: float | None) -> float:
    return math.nan if value is None else value
