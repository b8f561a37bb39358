"""What the report's page says, before any markup; `render_page` makes one self-contained HTML file of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from jpegproof.analysis.rows import Skip
from jpegproof.reports.against_paper import build_against_paper
from jpegproof.reports.against_paper_text import AgainstTable, against_tables
from jpegproof.reports.budget_sections import BudgetSection, build_budget_sections
from jpegproof.reports.class_tables import ClassTable, build_class_tables
from jpegproof.reports.codec_tables import build_codec_tables
from jpegproof.reports.error_sections import ErrorSection, build_error_sections
from jpegproof.reports.filenames import file_stems
from jpegproof.reports.fixable_tables import FixableTable, build_fixable_tables
from jpegproof.reports.flip_tables import FlipTable, build_flip_tables
from jpegproof.reports.gap_tables import GapTable, build_gap_tables
from jpegproof.reports.line_styles import line_styles
from jpegproof.reports.names import plain
from jpegproof.reports.original_tables import build_original_tables
from jpegproof.reports.page_bars import build_bars
from jpegproof.reports.page_compared import ComparedPicture, build_compared
from jpegproof.reports.page_curves import build_curves
from jpegproof.reports.page_explained import PageSheet, build_explained, build_explanation_sections, build_sheets
from jpegproof.reports.page_facts import FileSizes, count_skipped, file_sizes, protocol
from jpegproof.reports.page_figures import PlotFigure
from jpegproof.reports.page_frontiers import build_frontier
from jpegproof.reports.page_pictures import PictureRoom
from jpegproof.reports.paired import PairedDifferences
from jpegproof.reports.plain_tables import PlainTable
from jpegproof.reports.sections import Section
from jpegproof.reports.speed_sections import SpeedSection, build_speed_sections
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.summary import ModelSummary, summarise
from jpegproof.reports.tables import Quantity, Table, build_loss_table, build_tables
from jpegproof.reports.transfer_table import TransferTable, build_transfer_table
from jpegproof.reports.unsure_tables import UnsureTable, build_unsure_tables, lowest_unsure_tables
from jpegproof.reports.wording import count
from jpegproof.reports.worst_tables import WorstTable, build_worst_tables

SHOWN_SKIPS = 100
"""How many skipped pictures the page lists; all of them are in ``skipped.csv``."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """All that the page says, before any markup.

    Attributes:
        title: the study's name on one line; never empty.
        missing: a sentence on cells that are not finished; empty where all are.
        notes: what a reader must know before the numbers.
        summaries: one per model, data set and compression setting.
        sections: values and losses, in the order of the tables.
        figures: curves, bars and points by their stems: a section's is the section's, a fixable table's
            ``fixable-NUMBER`` from 1, a frontier's its file name.
        gap_tables: how much of what compression costs each cure gives back.
        against_paper: the paper's numbers beside ours, where that was asked for.
        transfer: correctors that were trained through other models; None where there are none.
        fixable: losses, split into what the best cure recovers and what remains.
        error_sections: what goes wrong in each detector.
        class_tables: the classes that lose most.
        worst_tables: the pictures that lose most.
        compared: pictures before and after.
        sheets: drawn sheets of which there are no single pictures.
        explained: sheets of explanations.
        explanation_sections: measures of explanations.
        unsure_tables: of detectors of fakes at the lowest quality, what they gain by leaving pictures out.
        flip_tables: how often verdicts change along delivery chains.
        speed_sections: images per second, and accuracy against them.
        file_sizes: bytes per picture.
        codec_tables: other codecs against JPEG at equal bytes.
        budgets: which quality may be stored.
        original_tables: the originals' own qualities.
        left_out: names of picture files that found no room on the page.
        skipped: how many pictures could not be used.
        skips: at most ``SHOWN_SKIPS`` of them.
        protocol: (what, how) of the measurement, read off the rows.
        environment: (name, version).
        study_yaml: the study file as resolved.
    """

    title: str
    missing: str
    notes: tuple[str, ...]
    summaries: tuple[ModelSummary, ...]
    sections: tuple[Section, ...]
    figures: dict[str, PlotFigure]
    gap_tables: tuple[GapTable, ...]
    against_paper: tuple[AgainstTable, ...]
    transfer: TransferTable | None
    fixable: tuple[FixableTable, ...]
    error_sections: tuple[ErrorSection, ...]
    class_tables: tuple[ClassTable, ...]
    worst_tables: tuple[WorstTable, ...]
    compared: tuple[ComparedPicture, ...]
    sheets: tuple[PageSheet, ...]
    explained: tuple[PageSheet, ...]
    explanation_sections: tuple[Section, ...]
    unsure_tables: tuple[UnsureTable, ...]
    flip_tables: tuple[FlipTable, ...]
    speed_sections: tuple[SpeedSection, ...]
    file_sizes: tuple[FileSizes, ...]
    codec_tables: tuple[PlainTable, ...]
    budgets: tuple[BudgetSection, ...]
    original_tables: tuple[PlainTable, ...]
    left_out: tuple[str, ...]
    skipped: int
    skips: tuple[Skip, ...]
    protocol: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    study_yaml: str

    @property
    def drawn_sections(self) -> list[Section]:
        """Every table that may have curves."""
        of_errors = (section for errors in self.error_sections for section in errors.sections)
        return [*self.sections, *of_errors, *self.explanation_sections]


def build_tables_with_losses(record: StudyRecord) -> list[Table]:
    """Every table of a report: each table of values, followed by what is lost where that can be told."""
    comparisons = PairedDifferences(record.comparisons)
    tables: list[Table] = []
    for plain_table in build_tables(record.results):
        table = replace(plain_table, block=record.blocks.get(plain_table.key.dataset, 1))
        losses = build_loss_table(table, comparisons)
        tables += [table] if losses is None else [table, losses]
    return tables


def build_page(record: StudyRecord) -> ReportPage:
    """What the report of a study says. A study without results has a page that says so."""
    tables = build_tables_with_losses(record)
    values = [table for table in tables if table.quantity is Quantity.VALUE]
    folder = record.folder or Path()
    room = PictureRoom()
    page = ReportPage(
        title=plain(record.title) or "Untitled study",
        missing=_missing(record),
        notes=tuple(plain(note) for note in record.notes),
        summaries=tuple(summarise(values, PairedDifferences(record.comparisons), record.speeds)),
        sections=tuple(Section(table, stem) for table, stem in zip(tables, file_stems(tables), strict=True)),
        figures={},
        gap_tables=tuple(build_gap_tables(record.gaps, record.blocks)),
        against_paper=tuple(_against_paper(record)),
        transfer=build_transfer_table(record.results, record.sources, record.trained_through),
        fixable=tuple(build_fixable_tables(record.fixable, record.blocks)),
        error_sections=tuple(build_error_sections(record.errors, record.error_comparisons)),
        class_tables=tuple(build_class_tables(record.classes, record.class_comparisons)),
        worst_tables=tuple(build_worst_tables(record.worst)),
        compared=tuple(build_compared(record.looks, folder / "sheets", room)),
        sheets=tuple(build_sheets(record.looks, folder / "sheets", room)),
        explained=tuple(build_explained(record.explained, folder / "explain", room)),
        explanation_sections=tuple(build_explanation_sections(record.explanations)),
        unsure_tables=tuple(lowest_unsure_tables(build_unsure_tables(record.unsure))),
        flip_tables=tuple(build_flip_tables(record.flips)),
        speed_sections=tuple(build_speed_sections(record.speeds, record.offers)),
        file_sizes=tuple(file_sizes(tables)),
        codec_tables=tuple(build_codec_tables(record.codecs)),
        budgets=tuple(build_budget_sections(record.budget)),
        original_tables=tuple(build_original_tables(record.originals, record.sweep)),
        left_out=tuple(plain(name) for name in room.left_out),
        skipped=count_skipped(record),
        skips=tuple(record.skips[:SHOWN_SKIPS]),
        protocol=tuple(protocol(record, tables)),
        environment=tuple((plain(name), plain(version)) for name, version in record.environment.items()),
        study_yaml=record.study_yaml,
    )
    return replace(page, figures={figure.stem: figure for figure in _figures(page)})


def _figures(page: ReportPage) -> list[PlotFigure]:
    sections = page.drawn_sections
    styles = line_styles(section.table for section in sections)
    curves = [build_curves(section, styles) for section in sections]
    bars = [build_bars(table, number) for number, table in enumerate(page.fixable, 1)]
    points = [build_frontier(stem, offers) for part in page.speed_sections for stem, offers in part.frontiers.items()]
    return [figure for figure in (*curves, *bars, *points) if figure is not None]


def _missing(record: StudyRecord) -> str:
    if record.missing_cells <= 0:
        return ""
    total = f"{record.missing_cells} of {count(max(record.total_cells, record.missing_cells), 'cell')}"
    verb = "is" if record.missing_cells == 1 else "are"
    return f"{total} {verb} still missing: this report covers what is finished."


def _against_paper(record: StudyRecord) -> list[AgainstTable]:
    if not record.against_paper:
        return []
    return against_tables(build_against_paper(record.results, record.gaps, record.sources, record.trained_through))
