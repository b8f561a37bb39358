"""Tables of words: the same cells in Markdown and on the page."""

from __future__ import annotations

from dataclasses import replace

from test_budget_reports import CURED, SAFE

from jpegproof.analysis.codecs import CodecRow
from jpegproof.analysis.originals import OriginalRow, SweepRow
from jpegproof.reports.codec_tables import build_codec_tables
from jpegproof.reports.original_tables import build_original_tables
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.plain_tables import PlainTable, plain_markdown
from jpegproof.reports.study_record import StudyRecord

HOSTILE = "a|b <script>alert(1)</script>"
CODEC = CodecRow(
    task="classification",
    dataset="photos",
    model="resnet50",
    metric="top1",
    mitigation="none",
    corrector="identity",
    codec="webp",
    subsampling="4:2:0",
    stage="source",
    quality=10,
    value=52.5,
    jpeg=48.25,
    difference=4.25,
    ci_low=2.0,
    ci_high=6.5,
    n=400,
    bytes_per_image=4000.0,
    jpeg_bytes_per_image=4010.0,
    bits_per_pixel=0.321,
    off=1.5,
    off_most=4.0,
    seed=0,
)
ORIGINALS = [OriginalRow("photos", "JPEG", 75, 30), OriginalRow("photos", "PNG", None, 10)]
SWEEP = [SweepRow("photos", 10, 0, 40), SweepRow("photos", 80, 30, 40)]


def page(**rows: object) -> str:
    return render_page(build_page(StudyRecord("study", [], [], [], {}, "", **rows)))  # pyright: ignore[reportArgumentType]


def test_markdown_has_the_caption_the_heads_and_words_at_the_left():
    table = PlainTable("Files of a|b", ("File", "", "Pictures"), (("JPEG", "█", "3"),), text=2)
    assert plain_markdown([table]).splitlines() == [
        "**Files of a\\|b**",
        "",
        "| File |  | Pictures |",
        "| --- | --- | ---: |",
        "| JPEG | █ | 3 |",
    ]
    assert plain_markdown([]) == ""


def test_originals_have_a_histogram_and_the_share_that_was_no_better():
    histogram, shares = build_original_tables(ORIGINALS, SWEEP)
    assert histogram.rows == (("JPEG, quality 75", "█" * 30, "30"), ("PNG", "█" * 10, "10"))
    assert shares.rows == (("10", "0.0"), ("80", "75.0"))
    assert build_original_tables([OriginalRow("photos", "PNG", None, 10)], []) == []


def test_codecs_stand_beside_the_jpeg_of_equal_bytes():
    [table] = build_codec_tables([CODEC])
    assert table.rows == (("10", "0.32", "48.2", "52.5", "4.2 [2.0, 6.5]", "1.5", "4.0"),)


def test_the_page_has_the_sections_that_there_are_rows_for():
    html = page(originals=ORIGINALS, sweep=SWEEP, codecs=[CODEC], budget=[SAFE, CURED])
    assert "JPEG, quality 75" in html
    assert "4.2 [2.0, 6.5]" in html
    assert "With Task-Targeted Artifact Correction (targeted): store at quality 35 or above" in html
    empty = page()
    assert all(f'href="#{anchor}"' not in empty for anchor in ("budget", "codecs", "originals"))


def test_names_are_shown_literally_on_the_page():
    html = page(
        originals=[replace(ORIGINALS[0], dataset=HOSTILE)],
        sweep=[replace(SWEEP[0], dataset=HOSTILE)],
        codecs=[replace(CODEC, model=HOSTILE)],
        budget=[replace(SAFE, model=HOSTILE), replace(SAFE, by="class", slice=HOSTILE)],
    )
    assert "<script>alert(1)" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 4
