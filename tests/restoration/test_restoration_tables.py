"""Tables say what was measured, and Markdown shows it literally."""

from __future__ import annotations

from jpegproof.restoration.markdown import to_markdown
from jpegproof.restoration.published import Published
from jpegproof.restoration.rows import Number, Score
from jpegproof.restoration.scores import METRICS
from jpegproof.restoration.summary import numbers_of
from jpegproof.restoration.tables import tables_of

VALUES = {"psnr": 20.0, "psnr_b": 19.0, "ssim_gaussian": 0.5, "ssim_box": 0.6}


def numbers(pictures: int = 3) -> list[Number]:
    scores = [
        Score("set", f"{place}.png", quality, subsampling, corrector, f"{plane}_{metric}", VALUES[metric] * factor)
        for place in range(pictures)
        for plane, subsampling in (("luma", "4:0:0"), ("colour", "4:2:0"))
        for quality in (30, 10)
        for corrector, factor in (("identity", 1), ("my|cure", 1.1))
        for metric in METRICS
    ]
    return numbers_of(scores, 0, 0)


PUBLISHED = [Published("live1", "colour", 10, "FBCNN", "psnr", 27.77, "a paper, table 1")]


def test_colour_comes_before_luma_and_coarse_before_fine():
    tables = tables_of(numbers())
    assert [table.title for table in tables] == [
        "set: colour, JPEG 4:2:0, quality 10 (3 pictures)",
        "set: colour, JPEG 4:2:0, quality 30 (3 pictures)",
        "set: luma, grey JPEG, quality 10 (3 pictures)",
        "set: luma, grey JPEG, quality 30 (3 pictures)",
    ]


def test_a_line_holds_means_and_gains_and_published_lines_leave_gaps():
    jpeg, cure, fbcnn = tables_of(numbers(), PUBLISHED)[0].lines
    assert (jpeg.label, [cell.text for cell in jpeg.cells]) == ("JPEG", ["20.00", "19.00", "0.500", "0.600"])
    assert all(not cell.gain for cell in jpeg.cells)
    assert (cure.label, cure.cells[0].text, cure.cells[0].gain) == ("my|cure", "22.00", "+2.00 [2.00, 2.00]")
    assert cure.cells[3].gain == "+0.060 [0.060, 0.060]"
    assert (fbcnn.label, [cell.text for cell in fbcnn.cells]) == ("FBCNN (published)", ["27.77", "", "", ""])


def test_one_picture_has_no_interval():
    table = tables_of(numbers(pictures=1))[0]
    assert table.title.endswith("(1 picture)")
    assert table.lines[1].cells[0].gain == "+2.00"


def test_markdown_shows_every_line_and_names_the_sources():
    text = to_markdown(tables_of(numbers(), PUBLISHED), PUBLISHED)
    assert "**set: colour, JPEG 4:2:0, quality 10 (3 pictures)**" in text
    assert "| my\\|cure | 22.00 (+2.00 [2.00, 2.00]) |" in text
    assert "| FBCNN (published) | 27.77 |  |  |  |" in text
    assert "- FBCNN: a paper, table 1" in text
    assert "Published numbers" not in to_markdown(tables_of(numbers()))
