"""The list of hazards: complete, in the documentation, and shown by a file each."""

from __future__ import annotations

from pathlib import Path

import pytest

from jpegproof.jpeg.hazards import HAZARDS, Treatment, hazards_as_markdown, treatment_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "jpeg-files.md"


def test_the_documentation_has_the_table_of_all_hazards():
    assert hazards_as_markdown() in DOCUMENT.read_text(encoding="utf-8"), (
        "docs/jpeg-files.md is behind jpeg/hazards.py; put the text of hazards_as_markdown() in place of its table"
    )


def test_the_table_has_a_row_for_each_hazard():
    rows = hazards_as_markdown().splitlines()[2:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(HAZARDS)
    assert all(row.count("|") == 5 for row in rows)


@pytest.mark.parametrize(
    ("names", "treatment"),
    [
        ((), Treatment.USE),
        (("rotated", "grey"), Treatment.USE),
        (("rotated", "CMYK"), Treatment.AS_LIBJPEG),
        (("CMYK", "cut off", "grey"), Treatment.SKIP),
    ],
)
def test_the_gravest_hazard_decides(names: tuple[str, ...], treatment: Treatment):
    assert treatment_of(names) is treatment


def test_what_is_done_begins_as_the_treatment_says():
    words = {Treatment.SKIP: ("skipped",), Treatment.AS_LIBJPEG: ("used",)}
    for hazard in HAZARDS.values():
        assert hazard.behaviour.startswith(words.get(hazard.treatment, "")), hazard.name
        assert hazard.treatment is not Treatment.LEFT_OUT
        if hazard.treatment is Treatment.USE:
            assert not hazard.behaviour.startswith("skipped"), hazard.name
