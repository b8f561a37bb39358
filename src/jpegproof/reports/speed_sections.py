"""What the page says of speed: per machine and batch the bars, the table, and accuracy against speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from jpegproof.analysis.frontier import Offer
from jpegproof.analysis.speed import Speed
from jpegproof.reports.figures import svg
from jpegproof.reports.frontier_figures import describe_frontier, draw_frontier, frontier_caption, offers_by_setting
from jpegproof.reports.names import plain
from jpegproof.reports.svg import inline_svg
from jpegproof.reports.throughput_figures import describe_speeds, draw_speeds
from jpegproof.reports.throughput_tables import HEADS, SpeedTable, build_speed_tables, line_numbers, line_texts


@dataclass(frozen=True, slots=True)
class SpeedSection:
    """One machine and batch.

    Attributes:
        table: its speeds.
        heads: of the table's numbers.
        lines: (model, the edge's display name, cells) of the table; of a cell the text and what it is sorted by.
        frontiers: offers of each figure of accuracy against speed, by file name.
    """

    table: SpeedTable
    heads: tuple[str, ...]
    lines: tuple[tuple[str, str, tuple[tuple[str, float | None], ...]], ...]
    frontiers: dict[str, list[Offer]]


def build_speed_sections(speeds: Sequence[Speed], offers: Sequence[Offer]) -> list[SpeedSection]:
    """One section per device, number of threads and batch."""
    sections = []
    for table in build_speed_tables(speeds):
        lines = tuple(
            (plain(line.model), line.label, tuple(zip(line_texts(line), line_numbers(line), strict=True)))
            for line in table.lines
        )
        own = [offer for offer in offers if (offer.device, offer.threads, offer.batch) == table.setting]
        sections.append(SpeedSection(table, HEADS, lines, offers_by_setting(own)))
    return sections


def speed_figure(section: SpeedSection) -> Markup:
    """The bars, for the page."""
    figure = svg(draw_speeds(section.table, on_page=True))
    return Markup(inline_svg(figure, f"{section.table.stem}-", describe_speeds(section.table)))


def frontier_figures(section: SpeedSection) -> list[tuple[str, Markup]]:
    """(caption, figure) of accuracy against speed, for the page."""
    return [
        (
            frontier_caption(offers),
            Markup(inline_svg(svg(draw_frontier(offers, on_page=True)), f"{stem}-", describe_frontier(offers))),
        )
        for stem, offers in section.frontiers.items()
    ]
