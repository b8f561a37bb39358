"""What goes wrong in detectors, shown: tables, panels as data, figures and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from jpegproof.analysis.tide.faults import FAULTS, MAIN, SPECIAL, Fault
from jpegproof.analysis.tide.rows import ErrorRow
from jpegproof.reports.error_figures import draw_error_panels, draw_error_profile
from jpegproof.reports.error_names import fault_abbreviation, fault_color, fault_label
from jpegproof.reports.error_profiles import build_error_panels, describe_profile
from jpegproof.reports.error_tables import build_error_tables
from jpegproof.reports.figures import png, svg
from jpegproof.reports.line_styles import page_colors
from jpegproof.reports.markdown import to_markdown
from jpegproof.reports.write_errors import write_errors

ROW = ErrorRow(
    task="detection",
    dataset="photos",
    slice="all",
    model="finder",
    kind="boxes",
    error="none",
    mitigation="none",
    corrector="identity",
    codec="jpeg",
    subsampling="4:2:0",
    chain="",
    stage="source",
    quality=10,
    value=40.0,
    ci_low=36.0,
    ci_high=44.0,
    share=None,
    count=None,
    n=64,
    n_skipped=0,
    seed=0,
)
ORIGINAL: dict[str, Any] = {"codec": "", "subsampling": "", "stage": "", "quality": None}
CURE: dict[str, Any] = {"mitigation": "off_the_shelf", "corrector": "default"}


def column(ap: float, each: float = 1.0, **changes: Any) -> list[ErrorRow]:
    """One edge at one compression: main kinds cost 1, 2, ... times `each`, the special ones 7 and 8 times."""
    costs = [
        replace(
            ROW,
            error=fault.value,
            value=place * each,
            ci_low=0.5 * place * each,
            ci_high=1.5 * place * each,
            share=100 * place / 21 if fault in MAIN else None,
            count=place,
            **changes,
        )
        for place, fault in enumerate(FAULTS, 1)
    ]
    return [replace(ROW, value=ap, **changes), *costs]


ROWS = [
    *column(50.0, 0.5, **ORIGINAL),
    *column(40.0),
    *column(45.0, 0.75, **CURE),
    *column(48.0, quality=30),
]


def test_tables_have_a_block_per_kind_and_the_originals_cost_beside_its_name():
    main, special = build_error_tables(ROWS)
    assert [block.model for block in main.table.blocks] == [f"finder: {fault_label(fault)}" for fault in MAIN]
    assert [block.model for block in special.table.blocks] == [f"finder: {fault_label(fault)}" for fault in SPECIAL]
    assert main.table.columns == (10, 30)
    missed = main.table.blocks[-1]
    assert missed.reference.value == 3.0
    assert [[cell.value for cell in row.cells] for row in missed.rows] == [[6.0, 6.0], [4.5, None]]
    assert "| finder: Missed (3.00) | None | <ins>6.00</ins> | 6.00 |" in to_markdown(main.table)


def test_the_cure_with_the_least_cost_is_marked_best():
    block = build_error_tables(ROWS)[0].table.blocks[0]
    assert [row.cells[0].mark for row in block.rows] == ["second", "best"]


def test_models_and_masks_have_files_of_their_own_however_alike_their_names():
    rows = [*column(1.0), *column(1.0, kind="masks"), *column(1.0, model="a b"), *column(1.0, model="a-b")]
    stems = [item.stem for item in build_error_tables(rows)]
    assert len(set(stems)) == 8
    assert stems[:2] == ["errors-photos-finder-boxes", "errors-photos-finder-boxes-special"]
    panels = [panels.stem for panels in build_error_panels(rows)]
    assert len(set(panels)) == 4
    assert not set(panels) & set(stems)


def test_panels_compare_the_originals_with_every_cure_at_a_quality():
    first, second = build_error_panels(ROWS)
    assert (first.quality, second.quality) == (10, 30)
    assert [profile.label for profile in first.profiles] == [
        "Originals",
        "None",
        "Off-the-Shelf Artifact Correction (default)",
    ]
    assert [profile.ap.value for profile in first.profiles] == [50.0, 40.0, 45.0]
    assert first.profiles[2].costs[Fault.MISSED].value == 4.5
    assert sum(first.profiles[1].shares.values()) == pytest.approx(100)
    assert [profile.label for profile in second.profiles] == ["Originals", "None"]


def test_originals_alone_can_be_shown():
    (panels,) = build_error_panels(column(50.0, **ORIGINAL))
    assert panels.quality is None
    assert [profile.label for profile in panels.profiles] == ["Originals"]


def test_a_figure_draws_what_each_kind_costs_on_one_scale():
    (panels, _) = build_error_panels(ROWS)
    axes = draw_error_panels(panels).axes
    assert len(axes) == 9
    for row, each in zip(range(3), [0.5, 1.0, 0.75], strict=True):
        pie, main, special = axes[3 * row : 3 * row + 3]
        drawn: Any = [main.patches, special.patches]
        assert [bar.get_width() for bar in drawn[0]] == [place * each for place in range(1, 7)]
        assert [bar.get_height() for bar in drawn[1]] == [7 * each, 8 * each]
        assert len(pie.patches) == 6
        assert main.get_xlim() == axes[1].get_xlim()
        assert special.get_ylim() == axes[2].get_ylim()
        assert main.get_xlim()[1] > 1.5 * 6
    names = [text.get_text() for text in axes[0].texts if text.get_text()]
    assert names == ["Loc 10 %", "Both 14 %", "Dupe 19 %", "Bkg 24 %", "Miss 29 %"]


def test_faultless_and_unknown_profiles_can_be_drawn():
    perfect = [replace(row, value=0.0, ci_low=0.0, ci_high=0.0, share=0.0) for row in column(100.0)]
    unknown = [replace(row, value=None, ci_low=None, ci_high=None, share=None, n=0) for row in column(0.0, **CURE)]
    (panels,) = build_error_panels([*perfect, *unknown])
    text = "".join(ElementTree.fromstring(svg(draw_error_panels(panels))).itertext())
    assert "no errors" in text
    assert "no picture" in text


def test_the_files_of_a_figure_are_the_same_every_time():
    panels = build_error_panels(ROWS)[1]
    assert svg(draw_error_panels(panels)) == svg(draw_error_panels(panels))
    assert png(draw_error_panels(panels)) == png(draw_error_panels(panels))


def test_a_row_for_the_page_is_drawn_in_the_pages_colours_alone():
    panels = build_error_panels(ROWS)[0]
    document = svg(draw_error_profile(panels.profiles[1], panels.profiles))
    assert {fault_color(fault) for fault in FAULTS} <= {light for _, light, _ in page_colors()}
    assert all(fault_color(fault) in document for fault in FAULTS)


def test_kinds_have_names_and_colours_of_their_own():
    for shown in (fault_label, fault_abbreviation, fault_color):
        assert len({shown(fault) for fault in FAULTS}) == len(FAULTS)


def test_a_hostile_name_is_only_text():
    rows = column(40.0, model="</text><script>alert(1)</script> $\\frac{1}{0}$", corrector="$x$ <b>")
    (panels,) = build_error_panels(rows)
    root = ElementTree.fromstring(svg(draw_error_panels(panels)))
    assert not any(element.tag.endswith("script") for element in root.iter())
    assert "$\\frac{1}{0}$" in "".join(root.itertext())


def test_the_description_says_every_cost():
    text = describe_profile(build_error_panels(ROWS)[0].profiles[1])
    assert text.startswith("None: AP 40.0; points lost to classification 1.00, localisation 2.00")
    assert text.endswith("false positives 7.00, false negatives 8.00.")


def test_files_are_written_under_their_names(tmp_path: Path):
    figures = write_errors(column(40.0), tmp_path)
    stems = ["errors-photos-finder-boxes", "errors-photos-finder-boxes-special"]
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        f"{stem}.{ending}" for stem in stems for ending in ("md", "csv", "tex")
    }
    drawn = [*stems, "errors-photos-finder-boxes-q10"]
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"{stem}.{ending}" for stem in drawn for ending in ("pdf", "png", "svg")
    }
    assert {path.stem for path in figures} == set(drawn)
    assert all(path.is_file() for path in figures)
