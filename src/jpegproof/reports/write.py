"""Writes a report's files: tables, figures and the page."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

from jpegproof.exceptions import StoreError
from jpegproof.reports.figures import draw_table, png, svg
from jpegproof.reports.filenames import file_stems
from jpegproof.reports.gap_tables import build_gap_tables, gap_markdown
from jpegproof.reports.latex import to_latex
from jpegproof.reports.line_styles import line_styles
from jpegproof.reports.markdown import to_markdown
from jpegproof.reports.page import build_page, build_tables_with_losses, render_page
from jpegproof.reports.spreadsheet import to_csv
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.unsure_tables import build_unsure_tables, unsure_markdown


def write_report(record: StudyRecord, out: Path) -> Path:
    """Writes the report of a study, finished or not.

    Each file is replaced as a whole, the page last. Files of tables that the study no longer has stay where they are.

    Args:
        record: the study's rows and what is known of them.
        out: the study's folder; made where it is not there. Gets ``tables/*.{md,csv,tex}``,
            ``figures/*.{png,svg}`` (two per table: the metric and what is lost of it) and ``report.html``.

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
        if table.qualities:
            figure = draw_table(table, styles)
            replace_file(out / "figures" / f"{stem}.png", png(figure))
            replace_file(out / "figures" / f"{stem}.svg", svg(figure).encode())
    gap_tables = build_gap_tables(record.gaps, record.blocks)
    if gap_tables:
        replace_file(out / "tables" / "gaps.md", "\n".join(map(gap_markdown, gap_tables)).encode("utf-8", "replace"))
    unsure = build_unsure_tables(record.unsure)
    if unsure:
        replace_file(out / "tables" / "unsure.md", "\n".join(map(unsure_markdown, unsure)).encode("utf-8", "replace"))
    page = out / "report.html"
    replace_file(page, render_page(build_page(record)).encode("utf-8", "replace"))
    return page


def replace_file(path: Path, content: bytes) -> None:
    """Puts a whole file in place of an old one: a reader sees the one or the other, never a half."""
    # Hidden, and unlike any other writer's; short, since the name itself may be as long as a file system allows.
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        why = "there is a folder of that name" if path.is_dir() else error.strerror
        raise StoreError(f"{path}: cannot be written ({why}); choose a folder that you may write to.") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
