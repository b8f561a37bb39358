"""Writes what is laid out like the paper: its tables with our numbers, and its numbers beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jpegproof.reports.against_paper import build_against_paper
from jpegproof.reports.against_paper_text import against_csv, against_latex, against_markdown
from jpegproof.reports.filenames import file_stems
from jpegproof.reports.files import replace_file
from jpegproof.reports.paper_document import main_tables, paper_document, paper_table
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.tables import Table
from jpegproof.reports.transfer_table import build_transfer_table
from jpegproof.reports.transfer_text import transfer_csv, transfer_latex, transfer_markdown


def write_paper(record: StudyRecord, tables: Sequence[Table], out: Path) -> None:
    """Writes ``tables/paper.tex``, which compiles by itself, with one ``tables/paper-*.tex`` per table in it;
    ``tables/transfer.{md,csv}`` where a corrector was trained through other models; and, where it was asked for,
    ``tables/against-paper.{md,csv,tex}``.

    Args:
        record: the study.
        tables: all of its tables of values, in order.
        out: the study's folder.

    Raises:
        StoreError: the folder cannot be written.
    """
    folder = out / "tables"
    chosen = main_tables(tables)
    written = {f"paper-{stem}": paper_table(t, stem) for stem, t in zip(file_stems(chosen), chosen, strict=True)}
    transfer = build_transfer_table(record.results, record.sources, record.trained_through)
    if transfer is not None:
        replace_file(folder / "transfer.md", transfer_markdown(transfer).encode("utf-8", "replace"))
        replace_file(folder / "transfer.csv", transfer_csv(transfer).encode("utf-8", "replace"))
        written["paper-transfer"] = transfer_latex(transfer, "transfer")
    if record.against_paper:
        against = build_against_paper(record.results, record.gaps, record.sources, record.trained_through)
        replace_file(folder / "against-paper.md", against_markdown(against).encode("utf-8", "replace"))
        replace_file(folder / "against-paper.csv", against_csv(against).encode("utf-8", "replace"))
        if against:
            written["against-paper"] = against_latex(against)
    for name, text in written.items():
        replace_file(folder / f"{name}.tex", text.encode("utf-8", "replace"))
    if written:
        replace_file(folder / "paper.tex", paper_document(list(written)).encode())
