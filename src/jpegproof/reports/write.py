"""Writes a report's files: tables, figures and the page."""

from __future__ import annotations

from pathlib import Path

from jpegproof.reports.figures import draw_table, has_curve
from jpegproof.reports.filenames import file_stems
from jpegproof.reports.files import replace_file
from jpegproof.reports.fixable_tables import build_fixable_tables
from jpegproof.reports.flip_tables import build_flip_tables, flip_markdown
from jpegproof.reports.gap_tables import build_gap_tables, gap_markdown
from jpegproof.reports.latex import to_latex
from jpegproof.reports.line_styles import line_styles
from jpegproof.reports.markdown import to_markdown
from jpegproof.reports.page import build_page, build_tables_with_losses
from jpegproof.reports.page_render import render_page
from jpegproof.reports.spreadsheet import to_csv
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.unsure_tables import build_unsure_tables, unsure_markdown
from jpegproof.reports.write_figure import write_figure
from jpegproof.reports.write_fixable import write_fixable
from jpegproof.reports.write_paper import write_paper


def write_report(record: StudyRecord, out: Path) -> Path:
    """Writes the report of a study, finished or not.

    Each file is replaced as a whole, the page last. Files of tables that the study no longer has stay where they are.

    Args:
        record: the study's rows and what is known of them.
        out: the study's folder; made where it is not there. Gets ``tables/*.{md,csv,tex}``,
            ``figures/*.{png,svg,pdf}`` (two per table: the metric and what is lost of it) and ``report.html``.

    Returns:
        The path of ``report.html``.

    Raises:
        StoreError: the folder cannot be written.
    """
    tables = build_tables_with_losses(record)
    styles = line_styles(tables)
    for table, stem in zip(tables, file_stems(tables), strict=True):
        replace_file(out / "tables" / f"{stem}.md", to_markdown(table).encode())
        replace_file(out / "tables" / f"{stem}.csv", to_csv(table).encode("utf-8", "replace"))
        replace_file(out / "tables" / f"{stem}.tex", to_latex(table, stem).encode())
        if has_curve(table):
            write_figure(draw_table(table, styles), out / "figures", stem)
    gap_tables = build_gap_tables(record.gaps, record.blocks)
    if gap_tables:
        replace_file(out / "tables" / "gaps.md", "\n".join(map(gap_markdown, gap_tables)).encode("utf-8", "replace"))
    unsure = build_unsure_tables(record.unsure)
    if unsure:
        replace_file(out / "tables" / "unsure.md", "\n".join(map(unsure_markdown, unsure)).encode("utf-8", "replace"))
    flips = build_flip_tables(record.flips)
    if flips:
        replace_file(out / "tables" / "flips.md", "\n".join(map(flip_markdown, flips)).encode("utf-8", "replace"))
    write_fixable(build_fixable_tables(record.fixable, record.blocks), out)
    write_paper(record, tables, out)
    page = out / "report.html"
    replace_file(page, render_page(build_page(record)).encode("utf-8", "replace"))
    return page
