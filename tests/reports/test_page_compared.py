"""Before and after: which looks stand over each other, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from shown_folder import look_rows, write_picture, write_shown, write_table
from synthetic_study import record

from jpegproof.exceptions import StoreError
from jpegproof.reports.page import ReportPage, build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.shown_pictures import read_shown_looks


def page_of(folder: Path) -> ReportPage:
    return build_page(record([], looks=read_shown_looks(folder / "sheets" / "sheets.csv"), folder=folder))


def test_a_picture_has_its_looks_with_what_the_model_scores(tmp_path: Path):
    (found,) = page_of(write_shown(tmp_path)).compared
    assert [(look.label, look.score) for look in found.looks] == [
        ("JPEG, quality 10", "Mean IoU 41.2\N{NO-BREAK SPACE}%"),
        ("Off-the-Shelf Artifact Correction", "Mean IoU 45.5\N{NO-BREAK SPACE}%"),
        ("Task-Targeted Artifact Correction", "Mean IoU 53.8\N{NO-BREAK SPACE}%"),
        ("Original", "Mean IoU 60.0\N{NO-BREAK SPACE}%"),
        ("Ground truth", ""),
    ]
    assert found.title == "a.jpg, net on photos"
    assert found.why == "Where the cure gains most (12.5 points)."
    assert found.looks[0].alternative == "a.jpg as net saw it: JPEG, quality 10. Mean IoU 41.2\N{NO-BREAK SPACE}%"
    assert found.looks[4].alternative == "Ground truth of a.jpg."


def test_what_the_model_says_stands_before_its_score_and_other_units_are_said(tmp_path: Path):
    changed = {"metric": "true_label_log_probability", "value": -1.5, "gain": 0.25, "answer": "tabby"}
    (found,) = page_of(write_shown(tmp_path, **changed)).compared
    assert found.looks[0].score == "tabby; Log-probability of the true label −1.50\N{NO-BREAK SPACE}nats"
    assert found.why == "Where the cure gains most (0.25 nats)."


def test_why_a_look_has_no_score_is_said(tmp_path: Path):
    (found,) = page_of(write_shown(tmp_path, fault="cut off", value=None)).compared
    assert found.looks[0].score == "cut off"


def test_without_a_cure_is_compared_with_the_task_targeted_one(tmp_path: Path):
    (found,) = page_of(write_shown(tmp_path)).compared
    assert (found.looks[found.before].label, found.looks[found.after].label) == (
        "JPEG, quality 10",
        "Task-Targeted Artifact Correction",
    )


def test_correctors_of_one_mitigation_are_told_apart_by_name(tmp_path: Path):
    rows = [row for row in look_rows() if row["quality"]]
    rows.append({**rows[2], "corrector": "other"})
    write_table(tmp_path / "sheets" / "sheets.csv", rows)
    for row in rows:
        write_picture(tmp_path / "sheets" / str(row["file"]))
    (found,) = page_of(tmp_path).compared
    assert [look.label for look in found.looks[2:]] == [
        "Task-Targeted Artifact Correction (mine)",
        "Task-Targeted Artifact Correction (other)",
    ]


def test_a_look_whose_picture_is_missing_is_left_out_and_named(tmp_path: Path):
    write_shown(tmp_path)
    (tmp_path / "sheets" / "pictures" / "a-none.webp").unlink()
    page = page_of(tmp_path)
    assert page.compared[0].looks[0].label == "Off-the-Shelf Artifact Correction"
    assert page.left_out == ("sheets/pictures/a-none.webp",)
    assert "sheets/pictures/a-none.webp" in render_page(page)


def test_one_look_alone_is_not_compared(tmp_path: Path):
    write_table(tmp_path / "sheets" / "sheets.csv", look_rows()[:1])
    write_picture(tmp_path / "sheets" / "pictures" / "a-none.webp")
    assert page_of(tmp_path).compared == ()


def test_sheets_without_single_pictures_are_shown_as_they_are(tmp_path: Path):
    rows = [{name: value for name, value in row.items() if name != "file"} for row in look_rows()[:4]]
    write_table(tmp_path / "sheets" / "sheets.csv", rows)
    write_picture(tmp_path / "sheets" / str(rows[0]["sheet"]), size=(600, 300))
    page = page_of(tmp_path)
    (sheet,) = page.sheets
    assert page.compared == ()
    assert sheet.caption == "a.jpg, net on photos"
    assert sheet.picture.uri in render_page(page)


def test_a_folder_without_sheets_has_none(tmp_path: Path):
    assert read_shown_looks(tmp_path / "sheets" / "sheets.csv") == []


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "\0"])
def test_a_table_that_is_damaged_is_said_to_be(tmp_path: Path, content):
    (tmp_path / "sheets.csv").write_text("sheet,quality\nx,ten\n" if content == "\0" else content)
    with pytest.raises(StoreError, match="draw the sheets again"):
        read_shown_looks(tmp_path / "sheets.csv")
