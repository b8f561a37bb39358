"""Split losses as tables and figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from synthetic_study import record

from jpegproof.analysis.fixable import FixableRow
from jpegproof.reports.figures import svg
from jpegproof.reports.fixable_figures import draw_fixable
from jpegproof.reports.fixable_tables import SHOWN_CLASSES, build_fixable_tables
from jpegproof.reports.fixable_text import describe_fixable, fixable_markdown
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.write import write_report

ROW = FixableRow(
    task="detection",
    dataset="scenes",
    slice="all",
    model="finder",
    metric="mAP",
    codec="jpeg",
    subsampling="4:2:0",
    chain="",
    stage="source",
    quality=10,
    by="all",
    loss=12.0,
    loss_low=10.0,
    loss_high=14.0,
    recovered=9.0,
    recovered_low=7.5,
    recovered_high=10.5,
    remaining=3.0,
    remaining_low=2.0,
    remaining_high=4.0,
    cures=2,
    chosen_first="task_targeted (mine)",
    chosen_second="task_targeted (mine)",
    n=300,
    seed=0,
)
ROWS = [
    replace(ROW, quality=50, loss=2.0, recovered=2.5, remaining=-0.5, chosen_second="both (mine)"),
    ROW,
    *(replace(ROW, by="size", metric=f"mAP_{size}") for size in ("small", "medium", "large")),
    *(
        replace(ROW, by="class", slice=f"class {number}", remaining=float(number), n=2 if number == 19 else 40)
        for number in range(20)
    ),
    replace(ROW, metric="AP50"),
    replace(ROW, quality=50, by="size", metric="mAP_small"),
    replace(ROW, chain="messenger, save 2", quality=5),
]


def test_there_are_tables_over_quality_by_size_and_by_class():
    over, sizes, classes = build_fixable_tables(ROWS)
    assert [line.label for line in over.lines] == ["10", "50"]
    assert (over.lines[0].loss.value, over.lines[0].recovered.ci_low, over.lines[0].remaining.ci_high) == (12, 7.5, 4)
    assert [line.label for line in sizes.lines] == ["small", "medium", "large"]
    assert len(classes.lines) == SHOWN_CLASSES
    # That of most loss is on two pictures alone.
    assert [line.label for line in classes.lines[:2]] == ["class 18", "class 17"]
    assert "at quality 10" in sizes.caption
    assert "at quality 10" in classes.caption


def test_halves_that_agree_name_one_cure():
    over = build_fixable_tables(ROWS)[0]
    assert [line.chosen for line in over.lines] == ["task_targeted (mine)", "task_targeted (mine) / both (mine)"]


def test_masks_have_tables_of_their_own():
    masks = [replace(row, metric=f"mask_{row.metric}") for row in ROWS]
    heads = [(table.head, table.axis) for table in build_fixable_tables([*ROWS, *masks])]
    assert len([head for head, _ in heads if head == "Quality"]) == 2
    assert len([head for head, _ in heads if head == "Objects"]) == 2
    assert len([head for head, _ in heads if head == "Class"]) == 2


def test_markdown_tells_every_part_with_its_interval():
    text = fixable_markdown(build_fixable_tables(ROWS)[0])
    assert "| 10 | 12.0 [10.0, 14.0] | 9.0 [7.5, 10.5] | 3.0 [2.0, 4.0] | task_targeted (mine) |" in text


def test_a_reader_who_cannot_see_the_figure_is_told_the_numbers():
    told = describe_fixable(build_fixable_tables(ROWS)[0])
    assert "at quality 10 12.0 lost, of it 9.0 recovered; at quality 50 2.0 lost" in told


def bars(figure: Figure) -> list[tuple[float, float]]:
    """(foot, height) of each bar of the first panel."""
    drawn = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    return [(bar.get_y(), bar.get_height()) for bar in drawn]


def test_bars_stand_on_what_remains_and_reach_what_is_lost():
    figure = draw_fixable(build_fixable_tables(ROWS)[:1])
    assert bars(figure) == [
        (0, pytest.approx(3)),
        (pytest.approx(3), pytest.approx(9)),
        (0, pytest.approx(-0.5)),  # more was gained than lost
        (0, pytest.approx(2)),
    ]


def test_a_cure_that_harms_puts_nothing_on_top():
    harmed = replace(ROW, recovered=-1.0, remaining=13.0)
    figure = draw_fixable(build_fixable_tables([harmed]))
    assert bars(figure) == [(0, pytest.approx(13))]


def test_models_of_one_subject_share_a_figure_and_a_scale():
    tables = build_fixable_tables([ROW, replace(ROW, model="other", loss=40.0, remaining=30.0)])
    figure = draw_fixable(tables)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["finder", "other"]
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert svg(figure) == svg(draw_fixable(tables))


def test_a_report_writes_them_and_the_page_shows_them(tmp_path: Path):
    hostile = replace(ROW, model="<script>alert(1)</script>", slice="all")
    page = write_report(record(fixable=[*ROWS, hostile]), tmp_path).read_text()
    assert (tmp_path / "tables" / "fixable.md").is_file()
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {f"fixable-detection-scenes-map-jpeg-420-source.{ending}" for ending in ("png", "svg", "pdf")}
    assert 'id="fixable"' in page
    assert "<script>alert" not in page
    assert "3.0<small>[2.0, 4.0]</small>" in page.replace("\u202f", " ")


def test_without_rows_the_page_says_nothing_of_it():
    assert 'id="fixable"' not in render_page(build_page(record()))
