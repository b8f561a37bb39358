"""Writes the tables and figures of what goes wrong in detectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jpegproof.analysis.tide.rows import ErrorRow
from jpegproof.reports.error_figures import draw_error_panels
from jpegproof.reports.error_profiles import build_error_panels
from jpegproof.reports.error_tables import build_error_tables
from jpegproof.reports.figures import draw_table
from jpegproof.reports.files import replace_file
from jpegproof.reports.latex import to_latex
from jpegproof.reports.line_styles import line_styles
from jpegproof.reports.markdown import to_markdown
from jpegproof.reports.spreadsheet import to_csv
from jpegproof.reports.write_figure import write_figure


def write_errors(rows: Sequence[ErrorRow], out: Path, every_quality: bool = True) -> list[Path]:
    """Writes ``tables/errors-*.{md,csv,tex}`` and ``figures/errors-*.{png,svg,pdf}``, each replaced as a whole.

    Per model, boxes and masks apart: a table and curves over quality of the main kinds, and of the special ones; and
    per quality a figure of all cures like the paper's Figures 4 and 5.

    Args:
        rows: of ``errors.csv``.
        out: the study's folder.
        every_quality: whether each quality gets a figure of all cures, or the lowest one alone.

    Returns:
        The figures, as PNG.

    Raises:
        StoreError: the folder cannot be written.
    """
    tables = build_error_tables(rows)
    styles = line_styles([item.table for item in tables])
    every = build_error_panels(rows)  # the lowest quality first
    first = {panels.subject: panels for panels in reversed(every)}
    drawn = [panels for panels in every if every_quality or panels is first[panels.subject]]
    figures = {panels.stem: draw_error_panels(panels) for panels in drawn}
    for item in tables:
        replace_file(out / "tables" / f"{item.stem}.md", to_markdown(item.table).encode())
        replace_file(out / "tables" / f"{item.stem}.csv", to_csv(item.table).encode("utf-8", "replace"))
        replace_file(out / "tables" / f"{item.stem}.tex", to_latex(item.table, item.stem).encode())
        if item.table.qualities:
            figures[item.stem] = draw_table(item.table, styles)
    return [write_figure(figure, out / "figures", stem) for stem, figure in figures.items()]
