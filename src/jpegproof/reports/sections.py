"""Tables of the page with their curves, their legend and their downloads."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from markupsafe import Markup

from jpegproof.reports.figures import Styles, describe_model, draw_model, draw_sample, has_curve, svg
from jpegproof.reports.fixable_figures import draw_fixable_model
from jpegproof.reports.fixable_tables import FixableTable
from jpegproof.reports.fixable_text import describe_fixable
from jpegproof.reports.latex import to_latex
from jpegproof.reports.line_styles import legend_entries
from jpegproof.reports.markdown import to_markdown
from jpegproof.reports.names import plain
from jpegproof.reports.spreadsheet import to_csv
from jpegproof.reports.svg import inline_svg
from jpegproof.reports.tables import Quantity, Table


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the page.

    Attributes:
        table: what is shown.
        stem: its file name without the ending, and its anchor on the page.
    """

    table: Table
    stem: str


def downloads(section: Section) -> list[tuple[str, str, str]]:
    """(format, file name, data URI), so that the page keeps its tables when it is sent alone."""
    written = [
        ("CSV", "csv", "text/csv", to_csv(section.table)),
        ("LaTeX", "tex", "application/x-tex", to_latex(section.table, section.stem)),
        ("Markdown", "md", "text/markdown", to_markdown(section.table)),
    ]
    return [
        (
            name,
            f"{section.stem}.{ending}",
            f"data:{kind};charset=utf-8;base64,{b64encode(text.encode('utf-8', 'replace')).decode()}",
        )
        for name, ending, kind, text in written
    ]


def panels(section: Section, styles: Styles) -> list[tuple[str, Markup]]:
    """(model, figure) of a table, none where there is no curve to draw."""
    if not has_curve(section.table):
        return []
    shown = []
    for number, block in enumerate(section.table.blocks):
        drawn = svg(draw_model(section.table, block, styles))
        figure = inline_svg(drawn, f"{section.stem}-{number}-", describe_model(section.table, block))
        shown.append((plain(block.model), Markup(figure)))
    return shown


def legend(section: Section, styles: Styles) -> list[tuple[str, Markup]]:
    """(label, a piece of the line) of each line, the reference first."""
    first = "No loss" if section.table.quantity is Quantity.LOSS else "Originals"
    entries = [(first, None), *((label, style) for style, label in legend_entries(section.table, styles))]
    return [
        (label, Markup(inline_svg(svg(draw_sample(style)), f"{section.stem}-line-{number}-", "")))
        for number, (label, style) in enumerate(entries)
    ]


def fixable_figure(table: FixableTable, number: int) -> Markup:
    """The bars of a table over qualities; ``number`` tells it from the page's others."""
    drawn = svg(draw_fixable_model(table))
    return Markup(inline_svg(drawn, f"fixable-{number}-", describe_fixable(table)))
