"""Tables of how often verdicts change along delivery chains."""

from __future__ import annotations

from dataclasses import replace

from jpegproof.analysis.flips import Flip
from jpegproof.reports.flip_tables import build_flip_tables, flip_markdown
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.study_record import StudyRecord

FIRST = Flip(
    task="forensics",
    dataset="faces",
    model="wang",
    mitigation="none",
    corrector="identity",
    chain="messenger",
    save=1,
    quality=95,
    flipped=1.5,
    flipped_low=0.5,
    flipped_high=2.5,
    ever=1.5,
    ever_low=0.5,
    ever_high=2.5,
    n=200,
    seed=0,
)
SECOND = replace(FIRST, save=2, quality=60, flipped=20.0, flipped_low=15.0, flipped_high=25.0, ever=21.0)
CURED = replace(FIRST, mitigation="supervised_fine_tuning", flipped=4.0, ever=4.0)
ROWS = [CURED, SECOND, FIRST, replace(FIRST, chain="<b>album</b>")]


def test_each_chain_of_a_model_has_a_table_with_its_saves_in_order():
    first, second = build_flip_tables(ROWS)
    assert "along messenger" in first.caption
    assert "album" in second.caption
    assert first.heads == ("save 1, quality 95", "save 2, quality 60")
    assert [label for label, _ in first.rows] == ["None", "Supervised Fine-Tuning"]
    untreated, cured = (cells for _, cells in first.rows)
    assert [cell and (cell.flipped.value, cell.ever.value) for cell in untreated] == [(1.5, 1.5), (20.0, 21.0)]
    assert cured[1] is None, "a save that is not finished has no number"


def test_the_markdown_says_now_and_so_far():
    text = flip_markdown(build_flip_tables(ROWS)[0])
    assert "| None | 1.5 (1.5) | 20.0 (21.0) |" in text
    assert "| Supervised Fine-Tuning | 4.0 (4.0) | – |" in text


def test_the_page_shows_them_and_has_no_such_section_without_chains():
    page = render_page(build_page(StudyRecord("study", [], [], [], {}, "", flips=ROWS)))
    assert 'id="flips"' in page
    assert "save 2, quality 60" in page
    assert "<b>album" not in page
    assert 'id="flips"' not in render_page(build_page(StudyRecord("study", [], [], [], {}, "")))
