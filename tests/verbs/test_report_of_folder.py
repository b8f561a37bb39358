"""The verb `report` puts on the page what other verbs have left in the folder, and the pictures that lose most."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from shown_folder import write_shown
from small_study import HERE
from tiny_segmenters import SEGMENTER_FILE

import jpegproof
from jpegproof.exceptions import StoreError
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import with_absolute_paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of a segmenter."""
    root = tmp_path_factory.mktemp("page")
    (root / "patches.py").write_text(SEGMENTER_FILE)
    content = {
        "name": "patches",
        "data": {"world": {"world": "val", "size": 4, "task": "semantic_segmentation"}},
        "models": {"patches": {"from": "patches.py:build", "data": "world", "task": "semantic_segmentation"}},
        "compression": {"qualities": [5, 50]},
    }
    run_study(with_absolute_paths(StudySpec.model_validate(content), root), root / "out", HERE, allow_code=True)
    return root / "out"


def test_the_pictures_that_lose_most_are_listed_in_a_file_and_on_the_page(folder: Path):
    done = jpegproof.report(folder)
    assert done.worst
    assert {row.quality for row in done.worst} == {None, 5}
    with (folder / "worst_pictures.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [(row["picture"], row["mitigation"]) for row in written] == [
        (row.picture, row.mitigation) for row in done.worst
    ]
    page = done.page.read_text()
    assert 'id="worst"' in page
    assert all(row.picture in page for row in done.worst)
    assert 'id="compared"' not in page


def test_sheets_and_explanations_of_the_folder_are_shown(folder: Path):
    write_shown(folder)
    page = jpegproof.report(folder).page.read_text()
    assert page.count('class="compared"') == 1
    assert 'id="explained"' in page
    assert "Rank correlation of the map with the clean one" in page


def test_a_damaged_table_of_sheets_is_one_message(folder: Path):
    table = folder / "sheets" / "sheets.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("sheet\nx\n")
    with pytest.raises(StoreError, match="draw the sheets again"):
        jpegproof.report(folder)
    table.unlink()
