"""What goes wrong in a detector at one quality, cure by cure, as data: what a figure or a page shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jpegproof.analysis.tide.faults import FAULTS, MAIN, Fault
from jpegproof.analysis.tide.rows import NO_ERROR, ErrorRow
from jpegproof.reports.error_names import fault_label
from jpegproof.reports.error_tables import Subject, by_subject, error_stems
from jpegproof.reports.names import MITIGATION_LABELS, edge_label, plain, setting_label
from jpegproof.reports.tables import format_number

ORIGINALS = "Originals"


@dataclass(frozen=True, slots=True)
class Cost:
    """Points of average precision that a kind of fault costs, with the 95 % interval; ``None`` is not known."""

    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


@dataclass(frozen=True, slots=True)
class ErrorProfile:
    """One edge at one compression.

    Attributes:
        label: the cure's display name, or ``Originals``.
        ap: average precision at the foreground threshold, in percent.
        costs: of every kind.
        shares: of the main kinds in what all main kinds cost, in percent, summing to 100; all 0 where nothing costs
            anything, none where no picture counts.
    """

    label: str
    ap: Cost
    costs: Mapping[Fault, Cost]
    shares: Mapping[Fault, float]


@dataclass(frozen=True, slots=True)
class ErrorPanels:
    """The profiles of a model at one quality, to be compared: the originals first, then each cure.

    Attributes:
        stem: the figure's file name without its ending.
        subject: data set, model, boxes or masks.
        quality: libjpeg quality 1..100; ``None`` where the study has finished the originals alone.
        caption: one line that says what is shown.
        profiles: one per row of panels.
    """

    stem: str
    subject: Subject
    quality: int | None
    caption: str
    profiles: tuple[ErrorProfile, ...]


def build_error_panels(rows: Sequence[ErrorRow]) -> list[ErrorPanels]:
    """One set of panels per model, boxes or masks, compression setting and quality, the coarsest quality first.

    Args:
        rows: of ``errors.csv``, in any order.
    """
    groups = by_subject(rows)
    stems = error_stems(list(groups))
    panels: list[ErrorPanels] = []
    for subject, own in groups.items():
        originals = [row for row in own if row.quality is None and row.mitigation == "none"]
        first = [_profile(ORIGINALS, originals)] if originals else []
        compressed: dict[tuple[int, str, str, str, str], list[ErrorRow]] = {}
        for row in own:
            if row.quality is not None:
                key = (row.quality, row.codec, row.subsampling, row.chain, row.stage)
                compressed.setdefault(key, []).append(row)
        for key in sorted(compressed):
            quality, *setting = key
            stem, several = f"{stems[subject]}-q{quality}", [panel.stem for panel in panels]
            number = sum(name == stem or name.startswith(f"{stem}-") for name in several) + 1
            panels.append(
                ErrorPanels(
                    stem if number == 1 else f"{stem}-{number}",
                    subject,
                    quality,
                    f"{_about(subject)} at quality {quality}; {setting_label(*setting)}",
                    (*first, *_cures(compressed[key])),
                )
            )
        if first and not compressed:
            panels.append(
                ErrorPanels(
                    f"{stems[subject]}-originals", subject, None, f"{_about(subject)} on originals", (first[0],)
                )
            )
    return panels


def describe_profile(profile: ErrorProfile) -> str:
    """What a reader who cannot see a row of panels is told."""
    costs = ", ".join(
        f"{fault_label(fault).lower()} {format_number(profile.costs[fault].value, 2)}"
        for fault in FAULTS
        if fault in profile.costs
    )
    return f"{profile.label}: AP {format_number(profile.ap.value, 1)}; points lost to {costs}."


def _cures(rows: Sequence[ErrorRow]) -> list[ErrorProfile]:
    by_edge: dict[tuple[str, str], list[ErrorRow]] = {}
    for row in sorted(rows, key=_rank):
        by_edge.setdefault((row.mitigation, row.corrector), []).append(row)
    names = [mitigation for mitigation, _ in by_edge]
    return [
        _profile(edge_label(mitigation, corrector, names.count(mitigation) > 1), own)
        for (mitigation, corrector), own in by_edge.items()
    ]


def _profile(label: str, rows: Sequence[ErrorRow]) -> ErrorProfile:
    found = {row.error: row for row in rows}
    shares = {fault: found[fault].share for fault in MAIN if fault in found}
    return ErrorProfile(
        label,
        _cost(found.get(NO_ERROR)),
        {fault: _cost(found.get(fault)) for fault in FAULTS},
        {fault: share for fault, share in shares.items() if share is not None},
    )


def _cost(row: ErrorRow | None) -> Cost:
    return Cost() if row is None else Cost(row.value, row.ci_low, row.ci_high)


def _about(subject: Subject) -> str:
    dataset, model, kind = subject
    return f"What errors cost {plain(model)} on {plain(dataset)}, {kind},"


def _rank(row: ErrorRow) -> int:
    known = list(MITIGATION_LABELS)
    return known.index(row.mitigation) if row.mitigation in known else len(known)
