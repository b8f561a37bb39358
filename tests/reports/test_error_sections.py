"""What the page shows of the faults of detectors."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

import pytest
from test_report_errors import CURE, ORIGINAL, ROW, ROWS, column

from jpegproof.analysis.tide.faults import FAULTS
from jpegproof.analysis.tide.rows import ErrorComparison, ErrorRow
from jpegproof.reports.error_sections import build_error_sections, profile_figures
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.study_record import StudyRecord


def compared(first: str, second: dict[str, Any], differences: float, **changes: Any) -> list[ErrorComparison]:
    """The precision and every fault, 1, 2, ... times `differences`; of the first two the interval leaves 0 out."""
    names = {item.name for item in fields(ErrorComparison)} & {item.name for item in fields(ErrorRow)}
    shared = {name: getattr(ROW, name) for name in names - {"error", "ci_low", "ci_high"}}
    return [
        ErrorComparison(
            **{**shared, **changes},
            error=error,
            first_mitigation=first,
            first_corrector="" if first == "reference" else "identity",
            second_mitigation=second.get("mitigation", "none"),
            second_corrector=second.get("corrector", "identity"),
            difference=place * differences,
            ci_low=place * differences - (0.5 if place < 3 else 9) * abs(differences),
            ci_high=place * differences + (0.5 if place < 3 else 9) * abs(differences),
        )
        for place, error in enumerate(["none", *FAULTS], 1)
    ]


COMPARISONS = [
    *compared("none", CURE, -1.0),
    *compared("reference", {}, 2.0),
    *compared("reference", CURE, 1.0),
    *compared("reference", {}, 3.0, quality=30),
]


def record(rows: list[ErrorRow], comparisons: list[ErrorComparison]) -> StudyRecord:
    return StudyRecord("study", [], [], [], {}, "", errors=rows, error_comparisons=comparisons)


def test_a_detector_has_its_profiles_at_the_lowest_quality_and_its_curves():
    (section,) = build_error_sections(ROWS, COMPARISONS)
    assert section.heading == "finder on photos, boxes"
    assert section.panels.quality == 10
    assert len(section.panels.profiles) == 3
    assert [part.stem for part in section.sections] == [
        "errors-photos-finder-boxes",
        "errors-photos-finder-boxes-special",
    ]
    assert [len(part.table.blocks) for part in section.sections] == [6, 2]


def test_changes_are_those_of_jpeg_and_of_each_cure_at_that_quality():
    (section,) = build_error_sections(ROWS, COMPARISONS)
    assert section.changes is not None
    assert section.changes.heads == (
        "None less originals",
        "Off-the-Shelf Artifact Correction (default) less none",
    )
    label, cells = section.changes.rows[0]
    assert (label, [cell.value for cell in cells if cell]) == ("AP itself", [2.0, -1.0])
    label, cells = section.changes.rows[6]
    assert (label, [cell.value for cell in cells if cell]) == ("Missed", [14.0, -7.0])


def test_detectors_masks_and_boxes_have_sections_of_their_own():
    rows = [*column(1.0), *column(1.0, kind="masks"), *column(1.0, model="other")]
    sections = build_error_sections(rows, COMPARISONS)
    assert [section.heading for section in sections] == [
        "finder on photos, boxes",
        "finder on photos, masks",
        "other on photos, boxes",
    ]
    assert [section.changes is None for section in sections] == [False, True, True]
    stems = [part.stem for section in sections for part in section.sections]
    assert len(set(stems)) == len(stems) == 6


def test_originals_alone_have_a_profile_and_nothing_compared():
    (section,) = build_error_sections(column(50.0, **ORIGINAL), [])
    assert section.panels.quality is None
    assert section.changes is None
    assert len(profile_figures(section.panels)) == 1


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(build_page(record(ROWS, COMPARISONS)))


def test_the_page_shows_profiles_changes_and_curves(page: str):
    assert 'href="#errors"' in page
    assert "None: AP 40.0; points lost to classification 1.00" in page
    assert "<strong>2.00</strong>" in page
    assert "<strong>−1.00</strong>" in page
    assert "<strong>14.00</strong>" not in page
    assert "14.00<small>[−4.00, 32.00]</small>" in page
    assert page.count("<figcaption>finder: ") == 8


def test_no_two_parts_of_the_page_share_an_identifier(page: str):
    names = re.findall(r' id="([^"]*)"', page)
    assert len(names) > 50
    assert len(set(names)) == len(names)


def test_without_detectors_the_page_has_no_such_section():
    assert "What goes wrong" not in render_page(build_page(record([], [])))


def test_hostile_names_stay_text_on_the_page():
    rows = [replace(row, model="<script>alert(1)</script>", corrector="<b>") for row in ROWS]
    assert "<script>alert" not in render_page(build_page(record(rows, [])))
