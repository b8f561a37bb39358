"""Bars of the page: a loss at each quality, split into what the best cure recovers and what remains."""

from __future__ import annotations

from jpegproof.reports.fixable_figures import RECOVERED, REMAINING, stacked
from jpegproof.reports.fixable_tables import FixableTable
from jpegproof.reports.fixable_text import describe_fixable
from jpegproof.reports.page_figures import Drawn, Kind, Panel, PlotFigure, Series
from jpegproof.reports.page_markers import look_of


def build_bars(table: FixableTable, number: int) -> PlotFigure | None:
    """The bars of a table; None where its lines are not qualities.

    Args:
        table: of one model.
        number: which of the page's it is.
    """
    if not table.qualities:
        return None
    places = tuple(float(place) for place in range(len(table.lines)))
    heights = [stacked(line) for line in table.lines]
    return PlotFigure(
        stem=f"fixable-{number}",
        kind=Kind.BARS,
        caption=table.caption,
        x_title="JPEG quality",
        y_title=table.axis,
        ticks=tuple(line.label for line in table.lines),
        x_range=None,
        y_range=None,
        decimals=table.decimals,
        level_label="",
        series=(
            Series("Remaining", look_of(REMAINING)),
            Series("Recovered by the best cure", look_of(RECOVERED)),
        ),
        panels=(
            Panel(
                title=table.model,
                description=describe_fixable(table),
                drawn=(
                    Drawn(
                        series=0,
                        label="Remaining",
                        x=places,
                        y=tuple(remaining for remaining, _ in heights),
                        low=tuple(line.remaining.ci_low for line in table.lines),
                        high=tuple(line.remaining.ci_high for line in table.lines),
                    ),
                    Drawn(
                        series=1,
                        label="Recovered by the best cure",
                        x=places,
                        y=tuple(recovered for _, recovered in heights),
                        told=tuple(line.recovered.value for line in table.lines),
                    ),
                ),
            ),
        ),
    )
