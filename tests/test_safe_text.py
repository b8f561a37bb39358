"""Names of any kind are shown on one line that neither terminals nor spreadsheets obey."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jpegproof.safe_text import harmless, printable, without_mark


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("holiday 1.jpg", "holiday 1.jpg"),
        ("Grüße, 模型.jpg", "Grüße, 模型.jpg"),
        ("\x1b[2J\r\n\t.jpg", r"\x1b[2J\r\n\t.jpg"),
        ("\x9b31m.jpg", r"\x9b31m.jpg"),
        ("a\u202egpj.exe", r"a\u202egpj.exe"),
        ("a\udcff\u2028.jpg", r"a\udcff\u2028.jpg"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str):
    assert printable(text) == harmless(text) == shown


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "|a", "%a", "＝1", "＋1", "－1", "＠a", "  =1", "'=1"])
def test_what_a_spreadsheet_would_compute_is_marked(text: str):
    assert harmless(text) == f"'{text}"


@settings(deadline=None)
@given(st.text())
def test_a_cell_is_one_line_and_tells_its_text(text: str):
    cell = harmless(text)
    assert cell.isprintable()
    assert without_mark(cell) == printable(text)
