"""Curves of the page: a metric, or what is lost of it, against quality; one panel per model."""

from __future__ import annotations

from collections.abc import Mapping

from jpegproof.reports.figures import Styles, describe_model, has_curve, shared_limits
from jpegproof.reports.line_styles import LineStyle, legend_entries
from jpegproof.reports.names import plain
from jpegproof.reports.page_figures import Drawn, Kind, Panel, PlotFigure, Series
from jpegproof.reports.page_markers import look_of
from jpegproof.reports.sections import Section
from jpegproof.reports.tables import ModelBlock, Quantity, Table, TableRow


def build_curves(section: Section, styles: Styles) -> PlotFigure | None:
    """The curves of a table; None where it has none.

    Args:
        section: of the page.
        styles: of every edge in its table, from ``line_styles``.
    """
    table = section.table
    if not has_curve(table):
        return None
    rows = [row for block in table.blocks for row in block.rows]
    # What looks alike is one line of the legend; `legend_entries` lists the labels in the same order.
    places = {key: n for n, key in enumerate(dict.fromkeys((styles[row.edge], row.mitigation) for row in rows))}
    qualities = table.qualities
    margin = max(2.0, 0.04 * (qualities[-1] - qualities[0]))
    return PlotFigure(
        stem=section.stem,
        kind=Kind.CURVES,
        caption=table.caption,
        x_title="JPEG quality",
        y_title=table.axis,
        ticks=tuple(qualities),
        x_range=(qualities[0] - margin, qualities[-1] + margin),
        y_range=shared_limits(table),
        decimals=table.decimals,
        level_label="No loss" if table.quantity is Quantity.LOSS else "Originals",
        series=tuple(Series(label, look_of(style)) for style, label in legend_entries(table, styles)),
        panels=tuple(
            Panel(
                title=plain(block.model),
                description=describe_model(table, block),
                drawn=tuple(_line(table, row, places, styles) for row in block.rows),
                level=_level(table, block),
            )
            for block in table.blocks
        ),
    )


def _line(table: Table, row: TableRow, places: Mapping[tuple[LineStyle, str], int], styles: Styles) -> Drawn:
    points = [(quality, cell) for quality, cell in zip(table.columns, row.cells, strict=True) if quality is not None]
    return Drawn(
        series=places[styles[row.edge], row.mitigation],
        label=row.label,
        x=tuple(quality for quality, _ in points),
        y=tuple(cell.value for _, cell in points),
        low=tuple(cell.ci_low for _, cell in points),
        high=tuple(cell.ci_high for _, cell in points),
    )


def _level(table: Table, block: ModelBlock) -> tuple[float, float | None, float | None] | None:
    if table.quantity is Quantity.LOSS:
        return (0.0, None, None)
    reference = block.reference
    return None if reference.value is None else (reference.value, reference.ci_low, reference.ci_high)
