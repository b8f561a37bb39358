"""Figures: what is drawn, the same bytes every time, names shown as they are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib.axes import Axes
from synthetic_study import QUALITIES, compressed, reference, study_rows

from jpegproof import reports
from jpegproof.analysis.rows import Result
from jpegproof.reports.figures import describe_model, draw_model, draw_sample, draw_table, pdf, png, svg
from jpegproof.reports.line_styles import legend_entries, line_styles, page_colors
from jpegproof.reports.names import MITIGATION_LABELS
from jpegproof.reports.paired import PairedDifferences
from jpegproof.reports.svg import inline_svg
from jpegproof.reports.tables import Table, build_loss_table, build_tables

CURE: dict[str, Any] = {"mitigation": "off_the_shelf", "corrector": "default"}


def only_table(**changes: Any) -> Table:
    return build_tables(study_rows(**changes))[0]


def lines_of(axes: Axes) -> list[list[Any]]:
    """The heights of a panel's lines: the reference first, then one list per mitigation."""
    return [list(line.get_ydata()) for line in axes.get_lines()]  # type: ignore[arg-type]


def shown_text(document: str) -> str:
    return " ".join("".join(element.itertext()) for element in ElementTree.fromstring(document).iter() if element.text)


def test_a_figure_has_a_panel_per_model_and_a_line_per_mitigation():
    table = build_tables(study_rows(["a", "b", "c", "d"]))[0]
    figure = draw_table(table, line_styles([table]))
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert len(visible) == 4
    for axes, block in zip(visible, table.blocks, strict=True):
        values = [[cell.value for cell in row.cells] for row in block.rows]
        assert lines_of(axes) == [[block.reference.value] * 2, *values]


def test_intervals_are_inside_the_panel():
    table = only_table()
    bottom, top = draw_model(table, table.blocks[0], line_styles([table])).axes[0].get_ylim()
    assert bottom < 40.2 < 64.4 < top


def test_a_number_that_is_missing_leaves_a_gap():
    rows = [reference(), compressed(40.0, 10), compressed(None, 20), compressed(50.0, 30)]
    table = build_tables(rows)[0]
    _, heights = lines_of(draw_table(table, line_styles([table])).axes[0])
    assert heights[0] == 40.0
    assert heights[1] != heights[1]


@pytest.mark.parametrize("rows", [[compressed(44.6)], [reference(), compressed(None)], [compressed(5.0, metric="new")]])
def test_a_study_that_has_hardly_begun_can_be_drawn(rows: list[Result]):
    table = build_tables(rows)[0]
    assert svg(draw_table(table, line_styles([table]))).startswith("<?xml")


def test_the_files_of_a_figure_are_the_same_every_time():
    table = only_table()
    styles = line_styles([table])
    assert svg(draw_table(table, styles)) == svg(draw_table(table, styles))
    first = png(draw_table(table, styles))
    assert first == png(draw_table(table, styles))
    assert first.startswith(b"\x89PNG")
    assert b"tEXt" not in first


def test_a_pdf_is_lines_and_letters_and_says_nothing_of_when_it_was_made():
    [table] = build_tables(study_rows())
    written = pdf(draw_table(table, line_styles([table])))
    assert written.startswith(b"%PDF")
    assert b"/Subtype /Image" not in written
    assert b"CreationDate" not in written
    assert b"/Type3" not in written
    assert b"/FontFile2" in written
    assert pdf(draw_table(table, line_styles([table]))) == written


def test_correctors_of_which_each_model_has_its_own_are_one_line():
    rows = [
        replace(row, corrector=f"of {row.model}") if row.mitigation == "task_targeted" else row
        for row in study_rows(["a", "b", "c"])
    ]
    [table] = build_tables(rows)
    styles = line_styles([table])
    assert len({styles["task_targeted", f"of {model}"] for model in "abc"}) == 1
    labels = [label for _, label in legend_entries(table, styles)]
    assert labels == ["None", "Off-the-Shelf Artifact Correction (default)", "Task-Targeted Artifact Correction"]


def test_an_svg_says_nothing_of_when_it_was_made():
    table = only_table()
    text = svg(draw_table(table, line_styles([table])))
    assert "dc:date" not in text
    assert "Matplotlib v" not in text


def test_names_are_shown_as_they_are_and_are_no_formulas():
    table = only_table(models=[r"$\frac{1}{0}$ $x$"], dataset="_a_ $5 and $6")
    figure = draw_table(table, line_styles([table]))
    text = shown_text(svg(figure))
    assert r"$\frac{1}{0}$ $x$ (60.0)" in text
    assert "_a_ $5 and $6" in text
    assert png(figure)


def test_a_hostile_name_is_only_text_in_a_figure():
    name = '</text><script>alert(1)</script>"><img onerror=alert(2) src=x>-->'
    table = only_table(models=[name])
    document = svg(draw_table(table, line_styles([table])))
    tags = {element.tag.split("}")[-1] for element in ElementTree.fromstring(document).iter()}
    assert not tags & {"script", "img"}


def test_a_very_long_name_leaves_room_for_the_panel():
    table = only_table(models=["long name " * 100], metric="metric_" * 60)
    figure = draw_table(table, line_styles([table]))
    png(figure)
    assert figure.axes[0].get_position().width > 0.3
    assert figure.axes[0].get_position().height > 0.3


def test_a_mitigation_has_the_same_colour_in_every_figure_of_a_report():
    everything = build_tables(study_rows())
    few = build_tables([compressed(1.0), compressed(2.0, mitigation="task_targeted", corrector="default_squeezenet")])
    for edge, style in line_styles(few).items():
        assert line_styles(everything)[edge] == style


def test_correctors_of_one_mitigation_share_its_colour_and_differ_in_dashes():
    rows = [compressed(1.0, **CURE), compressed(2.0, mitigation="off_the_shelf", corrector="second")]
    first, second = line_styles(build_tables(rows)).values()
    assert first.color == second.color
    assert first.dashes != second.dashes


def test_every_mitigation_of_the_paper_and_beyond_has_its_own_colour_and_marker():
    styles = line_styles(build_tables([compressed(1.0, mitigation=name) for name in MITIGATION_LABELS])).values()
    assert len({style.color for style in styles}) == len({style.marker for style in styles}) == len(MITIGATION_LABELS)


def test_unknown_mitigations_look_different_from_their_neighbours():
    styles = list(line_styles(build_tables([compressed(1.0, mitigation=f"new_{n}") for n in range(12)])).values())
    assert all((a.color, a.marker) != (b.color, b.marker) for a, b in pairwise(styles))


def test_every_colour_can_be_seen_on_its_background():
    def luminance(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    for variable, light, dark in page_colors():
        if variable != "--grid":
            assert contrast(light, "#ffffff") >= 3
            assert contrast(dark, "#14181e") >= 3


def test_an_inlined_figure_takes_the_pages_colours_and_shares_no_identifier():
    table = only_table()
    document = svg(draw_model(table, table.blocks[0], line_styles([table])))
    one, other = inline_svg(document, "one-", "what it shows"), inline_svg(document, "other-", "what it shows")
    roots = [ElementTree.fromstring(text) for text in (one, other)]
    identifiers = [{element.get("id") for element in root.iter()} - {None} for root in roots]
    assert identifiers[0]
    assert not identifiers[0] & identifiers[1]
    for root, own in zip(roots, identifiers, strict=True):
        used = {element.get("href", "")[1:] for element in root.iter("use")}
        assert used
        assert used <= own
    assert "var(--series-0)" in one
    assert not any(f"stroke: {light}" in one for _, light, _ in page_colors())
    assert "<style" not in one
    assert roots[0].get("aria-label") == "what it shows"


def test_a_piece_of_a_line_for_the_legend_can_be_drawn_of_the_reference_too():
    style = next(iter(line_styles([only_table()]).values()))
    assert svg(draw_sample(style)) != svg(draw_sample(None))


def test_the_alternative_text_says_where_lines_begin_and_end():
    table = only_table()
    text = describe_model(table, table.blocks[0])
    assert text.startswith(
        "Top-1 accuracy (%) of squeezenet1_1 against JPEG quality. None: 44.6 at quality 10, 59.7 at"
    )
    assert text.endswith("originals: 60.0.")
    losses = build_loss_table(table, PairedDifferences([]))
    assert losses is not None
    assert "None: 15.4 at quality 10" in describe_model(losses, losses.blocks[0])


def test_drawing_leaves_the_users_settings_alone():
    before = matplotlib.rcParams.copy()
    table = only_table()
    assert len(table.columns) == len(QUALITIES)
    svg(draw_table(table, line_styles([table])))
    assert matplotlib.rcParams.copy() == before


def test_the_room_leaves_pyplot_alone():
    for file in Path(reports.__path__[0]).glob("*.py"):
        assert "pyplot" not in file.read_text(encoding="utf-8")
