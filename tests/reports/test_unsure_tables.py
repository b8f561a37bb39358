"""Tables of detectors of fakes that give no verdict where they are unsure."""

from __future__ import annotations

from dataclasses import replace

from jpegproof.analysis.unsure import UnsureRow
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.unsure_tables import build_unsure_tables, lowest_unsure_tables, unsure_markdown

ROW = UnsureRow(
    task="forensics",
    dataset="faces",
    slice="all",
    model="wang",
    mitigation="none",
    corrector="identity",
    codec="jpeg",
    subsampling="4:2:0",
    chain="",
    stage="source",
    quality=10,
    band=0.0,
    coverage=100.0,
    coverage_low=None,
    coverage_high=None,
    accuracy=61.5,
    accuracy_low=55.0,
    accuracy_high=68.0,
    n=200,
    n_decided=200,
    seed=0,
)
SURE = replace(
    ROW, band=0.3, coverage=40.0, coverage_low=33.0, coverage_high=47.0, accuracy=80.0, accuracy_low=70.0, n_decided=80
)
CURED = [replace(row, mitigation="supervised_fine_tuning", accuracy=90.0, accuracy_high=95.0) for row in (ROW, SURE)]
ORIGINAL = {"quality": None, "codec": "", "subsampling": "", "stage": ""}
FINER = [replace(row, quality=90, accuracy=99.0) for row in (ROW, SURE)]
ROWS = [*(replace(row, **ORIGINAL) for row in (ROW, SURE)), *FINER, *CURED, SURE, ROW]


def record(rows: list[UnsureRow]) -> StudyRecord:
    return StudyRecord("study", [], [], [], {}, "", unsure=rows)


def test_each_quality_has_a_table_with_the_lowest_first_and_the_originals_last():
    tables = build_unsure_tables(ROWS)
    assert [table.quality for table in tables] == [10, 90, None]
    assert [table.quality for table in lowest_unsure_tables(tables)] == [10]
    assert lowest_unsure_tables(tables[2:]) == tables[2:]
    assert tables[0].heads == ("every picture", "unsure within 0.3")
    assert [label for label, _ in tables[0].rows] == ["None", "Supervised Fine-Tuning"]
    untreated = tables[0].rows[0][1]
    assert [(cell.accuracy.value, cell.accuracy.n) for cell in untreated] == [(61.5, 200), (80.0, 80)]
    assert [cell.coverage.value for cell in untreated] == [100.0, 40.0]
    assert "the originals" in tables[2].caption


def test_detectors_and_data_sets_are_kept_apart():
    tables = build_unsure_tables([*ROWS, *(replace(row, model="chai") for row in ROWS)])
    assert [("chai" in table.caption, table.quality) for table in tables] == [
        (False, 10),
        (False, 90),
        (False, None),
        (True, 10),
        (True, 90),
        (True, None),
    ]


def test_markdown_says_accuracy_and_coverage_and_escapes_names():
    text = unsure_markdown(build_unsure_tables([replace(row, model="a|b") for row in (ROW, SURE)])[0])
    assert "| None | 61.5 (100.0) | 80.0 (40.0) |" in text
    assert "a\\|b" in text
    nothing = unsure_markdown(build_unsure_tables([replace(SURE, accuracy=None, coverage=0.0)])[0])
    assert "(0.0)" in nothing
    assert "None (" not in nothing


def test_the_page_shows_the_lowest_quality_where_there_is_one():
    page = render_page(build_page(record(ROWS)))
    assert 'href="#unsure"' in page
    assert "61.5" in page
    assert "99.0" not in page
    assert "Verdicts only where sure" not in render_page(build_page(record([])))
