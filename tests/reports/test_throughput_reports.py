"""Speeds as tables, bars, frontiers and a section of the page: their numbers are the rows'."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from speeds import result, speed
from synthetic_study import record, study_rows
from test_report_latex_compiles import DOCUMENT
from test_report_page import HOSTILE, Elements

from jpegproof.analysis.frontier import find_offers
from jpegproof.reports.frontier_figures import describe_frontier, draw_frontier, offers_by_setting
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.throughput_figures import describe_speeds, draw_speeds
from jpegproof.reports.throughput_tables import build_speed_tables, line_texts, speed_latex, speed_markdown, speed_text
from jpegproof.reports.write_throughput import write_throughput

CURED = ("task_targeted", "targeted")
ROWS = [
    speed(20.0, *CURED),
    speed(30.0, *CURED, stage="correct", seconds=0.03, peak_memory_bytes=None),
    speed(1.5, *CURED, phase="training", peak_memory_bytes=1_234_000_000),
    speed(80.0),
    speed(3.0, "supervised_fine_tuning", phase="training"),
    speed(79.0, "supervised_fine_tuning"),
]


def bars(axes: Axes) -> list[float]:
    return [patch.get_height() for patch in axes.patches if isinstance(patch, Rectangle)]


def test_a_table_has_a_line_per_edge_in_the_papers_order_with_its_share_of_none():
    (table,) = build_speed_tables(ROWS)
    assert [line.mitigation for line in table.lines] == ["none", "supervised_fine_tuning", "task_targeted"]
    cured = table.lines[2]
    assert cured.share == 0.25
    assert cured.stages == (None, 30.0, None, None)
    assert line_texts(cured) == [
        "20.0 [15.0, 25.0]",
        "25 %",
        "–",
        "30.0",
        "–",
        "–",
        "400",
        "1.50 [1.12, 1.88]",
        "1,234",
    ]
    assert table.lines[0].training is None


def test_machines_and_batches_have_tables_of_their_own():
    tables = build_speed_tables([speed(1.0), speed(1.0, batch=8), speed(1.0, threads=2), speed(1.0, device="cuda:1")])
    assert [table.stem for table in tables] == [
        "throughput-cpu-1-batch-1",
        "throughput-cpu-1-batch-8",
        "throughput-cpu-2-batch-1",
        "throughput-cuda1-1-batch-1",
    ]


def test_the_caption_says_where_and_on_what_the_speeds_were_measured():
    caption = build_speed_tables(ROWS)[0].caption
    assert all(part in caption for part in ("batch 1", "cpu, 1 thread;", "500x375", "quality 10, 50"))
    other = speed(20.0, dataset="other", model="other", picture_size="640x480")
    assert "of 500x375 or 640x480 pixels at quality 10, 50;" in build_speed_tables([*ROWS, other])[0].caption


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (1234.5, "1,234"), (123.4, "123"), (12.34, "12.3"), (0.123, "0.12")]
)
def test_speeds_are_shown_with_three_digits_that_count(value, text):
    assert speed_text(value) == text


def test_markdown_names_a_model_once_and_escapes_it():
    text = speed_markdown(build_speed_tables([speed(2.0, model="a|b"), speed(1.0, *CURED, model="a|b")])[0])
    assert text.count("a\\|b") == 1
    assert "| 2.00 [1.50, 2.50] | 100 % |" in text


def test_bars_are_as_high_as_the_speeds_and_each_phase_has_a_panel():
    figure = draw_speeds(build_speed_tables(ROWS)[0])
    inference, training = figure.axes
    assert bars(inference) == [80.0, 79.0, 20.0]
    assert bars(training) == [3.0, 1.5]
    assert inference.get_ylim()[0] == 0
    assert "25.0" not in describe_speeds(build_speed_tables(ROWS)[0])
    assert "20.0" in describe_speeds(build_speed_tables(ROWS)[0])


def test_where_nothing_is_trained_there_is_one_panel_and_far_apart_speeds_share_a_logarithmic_axis():
    (axes,) = draw_speeds(build_speed_tables([speed(500.0), speed(0.3, *CURED)])[0]).axes
    assert axes.get_yscale() == "log"
    axes.figure.canvas.draw()
    assert {label.get_text() for label in axes.get_yticklabels()} >= {"1", "10", "100"}
    assert bars(axes) == [500.0, 0.3]


def test_a_model_without_a_number_in_a_panel_is_not_named_there():
    rows = [speed(9.0), speed(8.0, model="other"), speed(2.0, "supervised_fine_tuning", phase="training")]
    inference, training = draw_speeds(build_speed_tables(rows)[0]).axes
    assert [label.get_text() for label in inference.get_xticklabels()] == ["net", "other"]
    assert [label.get_text() for label in training.get_xticklabels()] == ["net"]
    assert training.get_xlim() == inference.get_xlim()


def test_the_frontier_names_and_joins_what_no_other_cure_beats():
    offers = find_offers(
        [speed(80.0), speed(79.0, "control"), speed(20.0, *CURED)],
        [result(60.0), result(50.0, "control"), result(70.0, *CURED)],
    )
    ((stem, group),) = offers_by_setting(offers).items()
    assert stem == "frontier-photos-top1-q10-cpu-1-batch-1"
    (axes,) = draw_frontier(group).axes
    assert [text.get_text() for text in axes.texts] == ["Task-Targeted (targeted)", "None"]
    assert np.asarray(axes.lines[0].get_xydata()).tolist() == [[20.0, 70.0], [80.0, 60.0]]
    assert "Control" not in describe_frontier(group)


def test_correctors_of_one_mitigation_differ_in_their_markers():
    speeds = [speed(2.0, "off_the_shelf", "default"), speed(1.0, "off_the_shelf", "qgac")]
    offers = find_offers(speeds, [result(60.0, "off_the_shelf", "default"), result(61.0, "off_the_shelf", "qgac")])
    (axes,) = draw_frontier(offers).axes
    points = [str(line.get_marker()) for line in axes.lines if line.get_marker() not in ("None", "")]
    assert len(points) == len(set(points)) == 2


def test_every_table_and_figure_is_written_in_every_form(tmp_path: Path):
    figures = write_throughput(ROWS, find_offers(ROWS, [result(60.0)]), tmp_path)
    assert [figure.stem for figure in figures] == ["throughput-cpu-1-batch-1", "frontier-photos-top1-q10-cpu-1-batch-1"]
    for figure in figures:
        assert figure.read_bytes().startswith(b"\x89PNG")
        assert figure.with_suffix(".svg").read_text().startswith("<?xml")
        assert figure.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "tables" / "throughput-cpu-1-batch-1.md").exists()
    first = {path: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    write_throughput(ROWS, find_offers(ROWS, [result(60.0)]), tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "figures").iterdir()} == first


def test_the_page_has_the_speeds_and_the_frontier_and_no_section_without_them():
    page = Elements(
        render_page(build_page(record(study_rows(), speeds=ROWS, offers=find_offers(ROWS, [result(60.0)]))))
    )
    assert "Inference is all from" in page.text
    assert all(number in page.text for number in ("80.0 [60.0, 100]", "25 %", "1,234"))
    assert "against images per second" in page.text
    assert "Inference is all from" not in Elements(render_page(build_page(record(study_rows())))).text


def test_hostile_names_stay_names():
    rows = [speed(5.0, HOSTILE, HOSTILE, model=HOSTILE, dataset=HOSTILE)]
    offers = find_offers(rows, [result(60.0, HOSTILE, HOSTILE, model=HOSTILE, dataset=HOSTILE)])
    page = Elements(render_page(build_page(record(study_rows(), speeds=rows, offers=offers))))
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert "<script>alert(1)</script>" not in "".join(script for _, script in page.scripts)
    assert page.text.count(HOSTILE) > 3


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (.ci/run installs it)")
def test_the_latex_table_compiles_with_booktabs_alone(tmp_path: Path):
    rows = [*ROWS, speed(1.0, model=r"50% of \input{x} & $x_1$ #{}~")]
    (tmp_path / "t.tex").write_text(DOCUMENT % speed_latex(build_speed_tables(rows)[0]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert answer.returncode == 0, answer.stdout.decode(errors="replace")[-2000:]
