"""The figures of a report: a metric, or what is lost of it, against quality; one panel per model."""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, NullFormatter

from jpegproof.reports.line_styles import GRID, INK, LineStyle, legend_entries
from jpegproof.reports.names import plain
from jpegproof.reports.paired import Edge
from jpegproof.reports.tables import ModelBlock, Quantity, Table, format_number, model_label

Styles = Mapping[Edge, LineStyle]

_LOOK = {
    "svg.hashsalt": "jpegproof",
    # Text stays text: a reader can search it, and it needs no glyphs of ours.
    "svg.fonttype": "none",
    # The letters are embedded as outlines of a font, not as pictures, which publishers refuse.
    "pdf.fonttype": 42,
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.unicode_minus": True,
}


def has_curve(table: Table) -> bool:
    """Whether there is something to draw: qualities, or of one save of a chain, which has one, none."""
    return len(table.qualities) > (1 if table.key.chain else 0)


def png(figure: Figure) -> bytes:
    """A figure on white as PNG, 200 pixels per inch, the same bytes every time."""
    return _saved(figure, "png")


def svg(figure: Figure) -> str:
    """A figure on white as an SVG document, the same text every time."""
    return _saved(figure, "svg").decode("utf-8")


def pdf(figure: Figure) -> bytes:
    """A figure on white as a PDF document of lines and text, the same bytes every time."""
    return _saved(figure, "pdf")


def draw_table(table: Table, styles: Styles) -> Figure:
    """All models of a table, one panel each, with one legend.

    Args:
        table: values or losses.
        styles: of every edge in the table, from ``line_styles``.
    """
    with sober_look():
        columns = min(3, max(1, len(table.blocks)))
        rows = max(1, math.ceil(len(table.blocks) / columns))
        legend = _legend(table, styles)
        legend_rows = math.ceil(len(legend) / 2) if columns > 1 else len(legend)
        size = (max(4.6, 3.5 * columns), 2.9 * rows + 0.21 * legend_rows + 0.4)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for axes, block in zip(grid.flat, table.blocks, strict=False):
            _draw_panel(axes, table, block, styles)
            axes.set_xlabel("JPEG quality")
            axes.set_title(wrapped(model_label(block, table.decimals), 34), fontsize=10, fontweight="bold", loc="left")
        for axes in grid.flat[len(table.blocks) :]:
            axes.set_visible(False)
        for axes in grid[:, 0]:
            axes.set_ylabel(wrapped(table.axis, 36))
        figure.suptitle(wrapped(table.caption, int(15 * size[0])), fontsize=9)
        handles, names = zip(*legend, strict=True) if legend else ((), ())
        # Two columns at most: the paper's names of mitigations are long.
        figure.legend(handles, names, loc="outside lower center", ncols=min(2, columns), frameon=False)
        return literal(figure)


def draw_model(table: Table, block: ModelBlock, styles: Styles) -> Figure:
    """One model of a table in a small panel for the page, which gives it its background, title and legend."""
    with sober_look():
        figure = Figure(figsize=(4.4, 2.9), layout="constrained", facecolor="none")
        axes = figure.subplots()
        axes.set_facecolor("none")
        _draw_panel(axes, table, block, styles)
        axes.set_xlabel("JPEG quality")
        axes.set_ylabel(wrapped(table.axis, 36))
        return literal(figure)


def draw_sample(style: LineStyle | None) -> Figure:
    """A short piece of an edge's line for a legend; of the reference's where there is no style."""
    with sober_look():
        figure = Figure(figsize=(0.5, 0.2), facecolor="none")
        line = _reference_line() if style is None else _line(style)
        line.set_data((0.03, 0.5, 0.97), (0.5, 0.5, 0.5))
        line.set_markevery([1])
        figure.add_artist(line)
        return figure


def describe_model(table: Table, block: ModelBlock) -> str:
    """What a reader who cannot see the panel of a model is told: where every line begins and ends."""
    lines = []
    for row in block.rows:
        pairs = zip(table.columns, row.cells, strict=True)
        known = [(quality, cell.value) for quality, cell in pairs if quality is not None and cell.value is not None]
        if known:
            ends = [f"{format_number(value, table.decimals)} at quality {quality}" for quality, value in known]
            lines.append(f"{row.label}: {ends[0]}" + (f", {ends[-1]}" if len(ends) > 1 else ""))
    reference = format_number(block.reference.value, table.decimals)
    original = [f"originals: {reference}"] if table.quantity is Quantity.VALUE and block.reference.value else []
    return f"{table.axis} of {plain(block.model)} against JPEG quality. " + "; ".join([*lines, *original]) + "."


def _draw_panel(axes: Axes, table: Table, block: ModelBlock, styles: Styles) -> None:
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    qualities = table.qualities
    margin = max(2.0, 0.04 * (qualities[-1] - qualities[0]))
    axes.set_xlim(qualities[0] - margin, qualities[-1] + margin)
    axes.set_xticks(qualities if len(qualities) <= 10 else qualities[:: math.ceil(len(qualities) / 10)])
    if table.quantity is Quantity.LOSS:
        axes.axhline(0, color=INK, linewidth=1, linestyle="--")
    elif block.reference.value is not None:
        axes.axhline(block.reference.value, color=INK, linewidth=1.2, linestyle="--")
        if block.reference.ci_low is not None and block.reference.ci_high is not None:
            axes.axhspan(block.reference.ci_low, block.reference.ci_high, color=INK, alpha=0.06, linewidth=0)
    for row in block.rows:
        cells = [cell for quality, cell in zip(table.columns, row.cells, strict=True) if quality is not None]
        values = [_drawn(cell.value) for cell in cells]
        if all(math.isnan(value) for value in values):
            continue
        line = _line(styles[row.edge])
        line.set_data(qualities, values)
        axes.add_line(line)
        lows, highs = [_drawn(cell.ci_low) for cell in cells], [_drawn(cell.ci_high) for cell in cells]
        axes.fill_between(qualities, lows, highs, color=styles[row.edge].color, alpha=0.1, linewidth=0)
    if (limits := shared_limits(table)) is not None:
        axes.set_ylim(*limits)


def shared_limits(table: Table) -> tuple[float, float] | None:
    """Limits that all models of a table fit in, so that panels can be compared by eye; None without a number."""
    numbers = [number for block in table.blocks for number in _extent(table, block)]
    if not numbers:
        return None
    margin = 0.05 * ((max(numbers) - min(numbers)) or 1.0)
    return (min(numbers) - margin, max(numbers) + margin)


def _extent(table: Table, block: ModelBlock) -> list[float]:
    cells = [cell for row in block.rows for q, cell in zip(table.columns, row.cells, strict=True) if q is not None]
    if table.quantity is Quantity.VALUE:
        cells.append(block.reference)
    numbers = [number for cell in cells for number in (cell.value, cell.ci_low, cell.ci_high) if number is not None]
    return [*numbers, 0.0] if table.quantity is Quantity.LOSS else numbers


def _legend(table: Table, styles: Styles) -> list[tuple[Line2D, str]]:
    first = "No loss" if table.quantity is Quantity.LOSS else "Originals"
    entries = legend_entries(table, styles)
    return [(_reference_line(), first), *((_line(style), wrapped(label, 60)) for style, label in entries)]


def _line(style: LineStyle) -> Line2D:
    line = Line2D([], [], color=style.color, linestyle=style.dashes, linewidth=1.7, marker=style.marker, markersize=4.5)
    line.set_markeredgewidth(0)
    return line


def _reference_line() -> Line2D:
    return Line2D([], [], color=INK, linewidth=1.2, linestyle="--")


def wrapped(text: str, width: int) -> str:
    """At most two lines, so that no name, however long, leaves the panels without room."""
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder=" …"))


def _drawn(value: float | None) -> float:
    return math.nan if value is None else value


def literal(figure: Figure) -> Figure:
    """Shows every text of a figure as it is: a dollar sign in a name begins no formula."""
    for text in figure.findobj(Text):
        if isinstance(text, Text):
            text.set_parse_math(False)
    return figure


def plain_numbers(axis: Axis) -> None:
    """Labels a logarithmic axis with numbers as people write them: a formula would be shown as its source."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


@contextmanager
def sober_look() -> Iterator[None]:
    """matplotlib's own defaults and ours, whatever the user's settings are; left as they were afterwards."""
    with warnings.catch_warnings(), matplotlib.style.context(["default", _LOOK]):
        # A name in a script that the built-in font lacks is drawn as boxes in PNG and by the reader's fonts in SVG.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        # Very long names leave no room for the panels; a crowded figure is still a figure.
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        yield


#: How each kind is drawn, and what is left out of it, since dates and versions would make every run's files differ.
_KINDS = {
    "png": (FigureCanvasAgg, ["Software"]),
    "svg": (FigureCanvasSVG, ["Date", "Creator"]),
    "pdf": (FigureCanvasPdf, ["CreationDate", "Creator", "Producer"]),
}


def _saved(figure: Figure, kind: str) -> bytes:
    canvas, left_out = _KINDS[kind]
    canvas(figure)
    file = io.BytesIO()
    with sober_look():
        figure.savefig(file, format=kind, dpi=200, metadata=dict.fromkeys(left_out))
    return file.getvalue()
