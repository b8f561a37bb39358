"""The report's page: first the data that it shows, then one self-contained HTML file made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from jpegproof.analysis.rows import Skip
from jpegproof.reports.class_tables import ClassTable, build_class_tables
from jpegproof.reports.error_sections import ErrorSection, build_error_sections, profile_figures
from jpegproof.reports.filenames import file_stems
from jpegproof.reports.gap_tables import GapCell, GapTable, build_gap_tables
from jpegproof.reports.line_styles import line_styles, page_colors
from jpegproof.reports.names import plain
from jpegproof.reports.paired import Difference, PairedDifferences
from jpegproof.reports.sections import Section, downloads, legend, panels
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.summary import ModelSummary, count, format_interval, summarise
from jpegproof.reports.tables import Cell, Quantity, Table, build_loss_table, build_tables, column_label, format_number
from jpegproof.reports.unsure_tables import UnsureTable, build_unsure_tables, lowest_unsure_tables

SHOWN_SKIPS = 100
"""How many skipped pictures the page lists; all of them are in ``skipped.csv``."""


@dataclass(frozen=True, slots=True)
class FileSizes:
    """Mean bytes of a compressed picture by quality, for one data set under one compression setting."""

    subject: str
    setting: str
    bytes_by_quality: dict[int, float]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """All that the page says, before any markup.

    Attributes:
        title: the study's name on one line; never empty.
        missing: a sentence on cells that are not finished; empty where all are.
        notes: what a reader must know before the numbers.
        summaries: one per model, data set and compression setting.
        sections: values and losses, in the order of the tables.
        gap_tables: how much of what compression costs each cure gives back.
        error_sections: what goes wrong in each detector.
        class_tables: the classes that lose most.
        unsure_tables: of detectors of fakes at the lowest quality, what they gain by leaving pictures out.
        file_sizes: bytes per picture.
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
    gap_tables: tuple[GapTable, ...]
    error_sections: tuple[ErrorSection, ...]
    class_tables: tuple[ClassTable, ...]
    unsure_tables: tuple[UnsureTable, ...]
    file_sizes: tuple[FileSizes, ...]
    skipped: int
    skips: tuple[Skip, ...]
    protocol: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    study_yaml: str


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
    comparisons = PairedDifferences(record.comparisons)
    tables = build_tables_with_losses(record)
    notes = [plain(note) for note in record.notes]
    missing = ""
    if record.missing_cells > 0:
        total = f"{record.missing_cells} of {count(max(record.total_cells, record.missing_cells), 'cell')}"
        verb = "is" if record.missing_cells == 1 else "are"
        missing = f"{total} {verb} still missing: this report covers what is finished."
    return ReportPage(
        title=plain(record.title) or "Untitled study",
        missing=missing,
        notes=tuple(notes),
        summaries=tuple(summarise([table for table in tables if table.quantity is Quantity.VALUE], comparisons)),
        sections=tuple(Section(table, stem) for table, stem in zip(tables, file_stems(tables), strict=True)),
        gap_tables=tuple(build_gap_tables(record.gaps, record.blocks)),
        error_sections=tuple(build_error_sections(record.errors, record.error_comparisons)),
        class_tables=tuple(build_class_tables(record.classes, record.class_comparisons)),
        unsure_tables=tuple(lowest_unsure_tables(build_unsure_tables(record.unsure))),
        file_sizes=tuple(_file_sizes(tables)),
        skipped=_skipped(record),
        skips=tuple(record.skips[:SHOWN_SKIPS]),
        protocol=tuple(_protocol(record, tables)),
        environment=tuple((plain(name), plain(version)) for name, version in record.environment.items()),
        study_yaml=record.study_yaml,
    )


def render_page(page: ReportPage) -> str:
    """The page as one HTML file that needs no network and no script.

    Every text goes through the template's escaping; the figures are drawn here and stand in the page as SVG.
    """
    sections = [*page.sections, *(section for errors in page.error_sections for section in errors.sections)]
    styles = line_styles(section.table for section in sections)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(number=_typeset, plain=plain, bytes=_kilobytes)
    source = files("jpegproof.reports").joinpath("page.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        page=page,
        colors=page_colors(),
        column_label=column_label,
        count=count,
        interval=_interval,
        pictures=_pictures,
        downloads=downloads,
        panels=lambda section: panels(section, styles),
        legend=lambda section: legend(section, styles),
        profiles=profile_figures,
    )


def _file_sizes(tables: Iterable[Table]) -> Iterable[FileSizes]:
    """Of the untreated pictures: what a cure does comes after the file."""
    seen: dict[tuple[str, str], dict[int, float]] = {}
    for table in tables:
        for block in table.blocks:
            for row in block.rows:
                sizes = seen.setdefault((table.subject, table.setting), {})
                for quality, cell in zip(table.columns, row.cells, strict=True):
                    if quality is not None and cell.bytes_per_image is not None:
                        sizes.setdefault(quality, cell.bytes_per_image)
    for (subject, setting), sizes in seen.items():
        if sizes:
            yield FileSizes(subject, setting, dict(sorted(sizes.items())))


def _skipped(record: StudyRecord) -> int:
    """The list counts; where a study kept none, the rows do: the most that any number of a data set left out."""
    if record.skips:
        return len({(skip.dataset, skip.picture) for skip in record.skips})
    left_out: dict[str, int] = {}
    for row in record.results:
        left_out[row.dataset] = max(left_out.get(row.dataset, 0), row.n_skipped)
    return sum(left_out.values())


def _protocol(record: StudyRecord, tables: Iterable[Table]) -> Iterable[tuple[str, str]]:
    results = record.results
    if not results:
        return
    compressed = [row for row in results if row.quality is not None]
    for dataset in dict.fromkeys(row.dataset for row in results):
        most = max(row.n for row in results if row.dataset == dataset)
        yield f"Pictures of {plain(dataset)}", str(most)
    qualities = sorted({row.quality for row in compressed if row.quality is not None})
    if qualities:
        yield "Compression", "; ".join(dict.fromkeys(table.setting for table in tables if table.setting))
        yield "Qualities", ", ".join(str(quality) for quality in qualities)
    in_blocks = [f"of {plain(name)} over blocks of {block} pictures" for name, block in record.blocks.items()]
    yield "Intervals", "; ".join(["95 %, bootstrap over the pictures", *in_blocks])
    if record.comparisons:
        yield "Comparisons", "picture by picture (paired bootstrap)"
    yield "Seed", ", ".join(str(seed) for seed in sorted({row.seed for row in results}))


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
