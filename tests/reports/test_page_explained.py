"""Explanations on the page: drawn sheets, and measures as tables and curves."""

from __future__ import annotations

from pathlib import Path

import pytest
from shown_folder import EXPLAINED, measured_rows, write_shown, write_table
from synthetic_study import record

from jpegproof.exceptions import StoreError
from jpegproof.reports.page import build_page
from jpegproof.reports.page_explained import read_measures
from jpegproof.reports.page_render import render_page
from jpegproof.reports.shown_pictures import read_explained_pictures


def test_a_sheet_says_what_it_explains(tmp_path: Path):
    write_shown(tmp_path)
    rows = read_explained_pictures(tmp_path / "explain" / "explain.csv")
    page = build_page(record([], explained=rows, folder=tmp_path))
    (sheet,) = page.explained
    assert sheet.caption == "a.jpg, net, class tabby: Task-Targeted Artifact Correction (mine), quality 10"
    assert sheet.alternative.startswith("Gradient at the model's input and Grad-CAM of class tabby in a.jpg")
    assert sheet.picture.uri in render_page(page)


def test_a_sheet_of_all_cures_says_so_and_stands_once(tmp_path: Path):
    write_shown(tmp_path)
    rows = [{**EXPLAINED, "mitigation": "all", "quality": None}] * 2
    write_table(tmp_path / "explain" / "explain.csv", rows)
    found = read_explained_pictures(tmp_path / "explain" / "explain.csv")
    (sheet,) = build_page(record([], explained=found, folder=tmp_path)).explained
    assert sheet.caption == "a.jpg, net, class tabby: every cure"


def test_measures_are_tables_and_curves_of_their_own(tmp_path: Path):
    rows = read_measures(write_table(tmp_path / "explanations.csv", measured_rows()))
    page = build_page(record([], explanations=rows))
    first, second = page.explanation_sections
    assert first.table.key.metric == "cam_rank_correlation"
    assert second.table.key.metric == "gradient_rank_correlation"
    targeted = first.table.blocks[0].rows[1]
    assert targeted.mitigation == "task_targeted"
    assert [(cell.value, cell.ci_low, cell.ci_high, cell.n) for cell in targeted.cells] == [
        (0.7, pytest.approx(0.65), pytest.approx(0.75), 50),
        (pytest.approx(0.9), pytest.approx(0.85), pytest.approx(0.95), 50),
    ]
    assert page.figures[first.stem].panels[0].drawn[1].y == pytest.approx((0.7, 0.9))
    assert page.sections == ()
    assert first.table.decimals == 2


def test_a_row_of_the_originals_is_no_jpeg(tmp_path: Path):
    (row,) = read_measures(write_table(tmp_path / "explanations.csv", measured_rows(quality=None)[:1]))
    assert (row.quality, row.codec) == (None, "")


def test_a_study_without_explanations_has_none(tmp_path: Path):
    assert read_measures(tmp_path / "explanations.csv") == []
    assert read_explained_pictures(tmp_path / "explain" / "explain.csv") == []


def test_a_damaged_table_is_said_to_be(tmp_path: Path):
    (tmp_path / "explanations.csv").write_text("task,dataset\na,b\n")
    with pytest.raises(StoreError, match="run jpegproof explain again"):
        read_measures(tmp_path / "explanations.csv")
