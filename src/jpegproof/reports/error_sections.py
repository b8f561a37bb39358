"""What the page shows of the faults of detectors: profiles at the lowest quality, curves, and what cures change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from jpegproof.analysis.tide.faults import FAULTS
from jpegproof.analysis.tide.rows import NO_ERROR, ErrorComparison, ErrorRow
from jpegproof.reports.error_figures import draw_error_profile
from jpegproof.reports.error_names import fault_label
from jpegproof.reports.error_profiles import ErrorPanels, build_error_panels, describe_profile
from jpegproof.reports.error_tables import Subject, build_error_tables
from jpegproof.reports.figures import svg
from jpegproof.reports.names import REFERENCE, edge_label, plain
from jpegproof.reports.paired import Difference
from jpegproof.reports.sections import Section
from jpegproof.reports.svg import inline_svg


@dataclass(frozen=True, slots=True)
class ErrorChanges:
    """What JPEG and each cure change in the cost of every kind of fault, at one quality.

    Attributes:
        heads: one per column: ``None less originals``, then ``... less none`` of each cure.
        rows: (the kind's name, one difference per column); the average precision itself first.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Difference | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class ErrorSection:
    """One detector, by its boxes or by its masks.

    Attributes:
        heading: detector, data set, and what was compared.
        panels: its profiles at the lowest quality that was measured, or on the originals alone.
        changes: at the same quality; None where nothing is compared.
        sections: what each kind costs over quality: the main kinds, the special ones.
    """

    heading: str
    panels: ErrorPanels
    changes: ErrorChanges | None
    sections: tuple[Section, ...]


def build_error_sections(rows: Sequence[ErrorRow], comparisons: Sequence[ErrorComparison]) -> list[ErrorSection]:
    """One section per detector, boxes and masks apart, in the order of the rows.

    Args:
        rows: of ``errors.csv``.
        comparisons: of ``errors_comparisons.csv``.
    """
    lowest: dict[Subject, ErrorPanels] = {}
    for panels in build_error_panels(rows):  # the lowest quality comes first
        lowest.setdefault(panels.subject, panels)
    sections = []
    for subject, panels in lowest.items():
        dataset, model, kind = subject
        own = [row for row in rows if (row.dataset, row.model, row.kind) == subject]
        told = [row for row in comparisons if (row.dataset, row.model, row.kind) == subject]
        # Alone, the tables would be called as those of other detectors are.
        stem = panels.stem.removesuffix("-originals").removesuffix(f"-q{panels.quality}")
        tables = [
            Section(item.table, f"{stem}{'-special' if number % 2 else ''}")
            for number, item in enumerate(build_error_tables(own)[:2])
        ]
        sections.append(
            ErrorSection(
                f"{plain(model)} on {plain(dataset)}, {kind}",
                panels,
                _changes([row for row in told if row.quality == panels.quality]),
                tuple(tables),
            )
        )
    return sections


def profile_figures(panels: ErrorPanels) -> list[Markup]:
    """The profiles for the page, one below the other on one scale."""
    return [
        Markup(
            inline_svg(
                svg(draw_error_profile(profile, panels.profiles)),
                f"{panels.stem}-{number}-",
                describe_profile(profile),
            )
        )
        for number, profile in enumerate(panels.profiles)
    ]


def _changes(rows: Sequence[ErrorComparison]) -> ErrorChanges | None:
    """Of rows at one quality."""
    wanted = [row for row in rows if row.first_mitigation == "none" or row.second_mitigation == "none"]
    columns: dict[tuple[str, str, str], dict[str, Difference]] = {}
    for row in sorted(wanted, key=lambda row: row.first_mitigation != REFERENCE):
        edge = (row.first_mitigation, row.second_mitigation, row.second_corrector)
        found = Difference(row.difference, row.ci_low, row.ci_high, row.n)
        columns.setdefault(edge, {})[row.error] = found
    if not columns:
        return None
    names = [mitigation for _, mitigation, _ in columns]
    heads = tuple(
        f"{edge_label(mitigation, corrector, names.count(mitigation) > 1)} less "
        + ("originals" if first == REFERENCE else "none")
        for first, mitigation, corrector in columns
    )
    labels = {NO_ERROR: "AP itself", **{fault.value: fault_label(fault) for fault in FAULTS}}
    return ErrorChanges(
        heads,
        tuple((label, tuple(found.get(error) for found in columns.values())) for error, label in labels.items()),
    )
