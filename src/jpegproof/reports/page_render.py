"""The page as one HTML file. Every text goes through the template's escaping, every figure's data through JSON's."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from jpegproof.reports.against_paper_text import HEADS
from jpegproof.reports.error_sections import profile_figures
from jpegproof.reports.gap_tables import GapCell
from jpegproof.reports.line_styles import line_styles
from jpegproof.reports.names import plain
from jpegproof.reports.page import ReportPage
from jpegproof.reports.page_contents import contents
from jpegproof.reports.page_figures import Kind, PlotFigure, figure_content
from jpegproof.reports.page_json import script_json
from jpegproof.reports.page_palette import palette
from jpegproof.reports.page_scripts import page_file, page_scripts
from jpegproof.reports.paired import Difference
from jpegproof.reports.sections import downloads, fixable_figure, panels
from jpegproof.reports.speed_sections import frontier_figures, speed_figure
from jpegproof.reports.tables import Cell, Table, column_label, format_number
from jpegproof.reports.wording import count, format_interval

STATIC_PANELS = 24
"""So many panels at most are drawn for readers without scripts too, at 26 kB each; of more these find the tables."""


def render_page(page: ReportPage) -> str:
    """The page as one HTML file that needs no network.

    Without scripts everything is there but what scripts do: curves are pictures, tables keep their order, and pictures
    stand side by side.
    """
    static = _static_panels(page)
    scripts = page_scripts(with_plotly=bool(page.figures))
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(page_file),
    )
    environment.filters.update(
        number=_typeset, plain=plain, bytes=_kilobytes, figure_json=lambda f: Markup(script_json(figure_content(f)))
    )
    environment.globals.update(
        page=page,
        contents=contents(page),
        palette=palette(),
        style=Markup(page_file("page.css")),
        head_script=Markup(scripts.head),
        body_script=Markup(scripts.body),
        packed_plotly=Markup(scripts.packed_plotly),
        plotly_notice=scripts.plotly_notice,
        policy=scripts.policy,
        column_label=column_label,
        count=count,
        interval=_interval,
        pictures=_pictures,
        downloads=downloads,
        static_panel=lambda figure, number: static(figure)[number] if static(figure) else None,
        profiles=profile_figures,
        speed_figure=speed_figure,
        against_heads=HEADS,
    )
    return environment.get_template("page.html.jinja").render()


def _static_panels(page: ReportPage) -> Callable[[PlotFigure], list[Markup]]:
    """Drawings of a figure's panels; none where the page has too many."""
    if sum(len(figure.panels) for figure in page.figures.values()) > STATIC_PANELS:
        return lambda figure: []
    sections = {section.stem: section for section in page.drawn_sections}
    styles = line_styles(section.table for section in page.drawn_sections)
    frontiers = {stem: part for part in page.speed_sections for stem in part.frontiers}

    def drawn(figure: PlotFigure) -> list[Markup]:
        if figure.kind is Kind.CURVES:
            return [picture for _, picture in panels(sections[figure.stem], styles)]
        if figure.kind is Kind.BARS:
            number = int(figure.stem.removeprefix("fixable-"))
            return [fixable_figure(page.fixable[number - 1], number)]
        # One drawing holds all panels.
        place = list(frontiers[figure.stem].frontiers).index(figure.stem)
        return [frontier_figures(frontiers[figure.stem])[place][1], *[Markup()] * (len(figure.panels) - 1)]

    kept: dict[str, list[Markup]] = {}

    def once(figure: PlotFigure) -> list[Markup]:
        if figure.stem not in kept:
            kept[figure.stem] = drawn(figure)
        return kept[figure.stem]

    return once


def _typeset(value: float | None, decimals: int) -> str:
    return format_number(value, decimals).replace("-", "\u2212")


def _interval(cell: Cell | GapCell | Difference, decimals: int) -> str:
    return format_interval(cell.ci_low, cell.ci_high, decimals)


def _pictures(table: Table) -> str:
    """How many pictures the numbers of a table are of."""
    counts = [cell.n for block in table.blocks for row in block.rows for cell in row.cells if cell.value is not None]
    if not counts:
        return "no pictures yet"
    fewest, most = min(counts), max(counts)
    return count(most, "picture") if fewest == most else f"{fewest} to {count(most, 'picture')}"


def _kilobytes(value: float) -> str:
    return f"{value / 1000:.1f} kB" if value >= 1000 else f"{value:.0f} B"
