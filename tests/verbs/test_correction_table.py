"""The table of a correction: written row by row, read back, never in place of another file."""

from __future__ import annotations

from pathlib import Path

import pytest

from jpegproof.exceptions import StoreError
from jpegproof.verbs.correction_table import CorrectionTable, FileCorrection, shown

ROWS = [
    FileCorrection("/in/a.jpg", "a.png", "corrected", "", 640, 480, 75, "grid png 0123"),
    FileCorrection(r'/in/"odd", name\n.jpg', "", "skipped", "cannot be decoded: a, b", None, None, None),
    FileCorrection("/in/c.png", "", "nothing to correct", "not a JPEG but PNG"),
]


@pytest.fixture
def table(tmp_path: Path) -> CorrectionTable:
    return CorrectionTable(tmp_path / "corrected.csv")


def test_what_was_written_is_read_back(table: CorrectionTable):
    table.begin(ROWS[:1])
    for row in ROWS[1:]:
        table.add(row)
    assert table.earlier() == ROWS


def test_a_table_that_is_not_there_has_no_rows(table: CorrectionTable):
    assert table.earlier() == []


def test_every_row_is_on_disk_at_once(table: CorrectionTable):
    table.begin([])
    table.add(ROWS[0])
    assert table.path.read_text().splitlines()[1].startswith("/in/a.jpg,a.png,corrected,,640,480,75,")


def test_a_row_that_was_cut_off_is_dropped(table: CorrectionTable):
    table.begin(ROWS[:1])
    table.path.write_text(table.path.read_text() + "/in/b.jpg,b.p")
    assert table.earlier() == ROWS[:1]


@pytest.mark.parametrize("content", [b"name,price\na,1\n", b"\xff\xfe\x00", b"no newline at all"])
def test_another_file_is_left_alone(table: CorrectionTable, content: bytes):
    table.path.write_bytes(content)
    with pytest.raises(StoreError, match="--csv"):
        table.earlier()
    assert table.path.read_bytes() == content


def test_a_folder_in_its_place_is_told(table: CorrectionTable):
    table.path.mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        table.earlier()
    with pytest.raises(StoreError, match="cannot be written"):
        table.add(ROWS[0])


def test_a_name_that_is_not_utf8_is_shown_with_escapes():
    assert shown(Path("a\udcff.jpg")) == r"a\xff.jpg"


def test_a_name_gives_a_terminal_no_orders():
    assert shown(Path("a\x1b[31m\u202egpj.exe")) == r"a\x1b[31m\u202egpj.exe"


@pytest.mark.parametrize("output", ["=HYPERLINK(1).png", "'=1.png", "'a.png", " +1.png", "＝1.png"])
def test_a_name_cannot_become_a_formula_of_a_spreadsheet_and_is_still_known_again(table: CorrectionTable, output: str):
    row = FileCorrection("/in/a.jpg", output, "corrected", r"said \x1b[31m")
    table.begin([row])
    assert f",'{output}," in table.path.read_text()
    assert table.earlier() == [row]


def test_a_reason_gives_a_terminal_no_orders(table: CorrectionTable):
    table.begin([FileCorrection("/in/a.jpg", "", "skipped", "said \x1b[31m\r\n=1")])
    assert r"said \x1b[31m\r\n=1" in table.path.read_text()
