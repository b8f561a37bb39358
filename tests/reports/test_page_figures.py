"""The page's figures hold what the tables hold, and say which is which by more than colour."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from speeds import result, speed
from synthetic_study import compressed, record, reference, study_comparisons, study_rows
from test_fixable_report import ROW as FIXABLE

from jpegproof.analysis.frontier import find_offers
from jpegproof.reports.line_styles import edge_styles
from jpegproof.reports.names import MITIGATION_LABELS
from jpegproof.reports.page import ReportPage, build_page
from jpegproof.reports.page_figures import Kind, PlotFigure, figure_content
from jpegproof.reports.page_markers import look_of


def page_of(*models: str) -> ReportPage:
    rows = study_rows(models or ("net",))
    return build_page(record(rows, comparisons=study_comparisons(rows)))


def curves(page: ReportPage) -> list[PlotFigure]:
    return [figure for figure in page.figures.values() if figure.kind is Kind.CURVES]


def test_a_line_holds_the_rows_of_its_edge():
    values, losses = curves(page_of("net"))
    assert [series.label for series in values.series] == [
        "None",
        "Off-the-Shelf Artifact Correction (default)",
        "Task-Targeted Artifact Correction (default_squeezenet)",
    ]
    line = values.panels[0].drawn[0]
    assert line.x == tuple(range(10, 100, 10))
    assert (line.y[0], line.low[0], line.high[0]) == pytest.approx((44.6, 40.2, 49.0))
    lost = losses.panels[0].drawn[0]
    assert (lost.y[0], lost.low[0], lost.high[0]) == pytest.approx((15.4, 12.9, 17.9))


def test_the_line_across_is_the_originals_number_and_of_losses_nothing():
    values, losses = curves(page_of("net"))
    assert values.panels[0].level == pytest.approx((60.0, 55.6, 64.4))
    assert losses.panels[0].level == (0.0, None, None)
    assert (values.level_label, losses.level_label) == ("Originals", "No loss")


def test_panels_of_all_models_share_their_limits_and_all_fits_in():
    values = curves(page_of("a", "b"))[0]
    assert [panel.title for panel in values.panels] == ["a", "b"]
    assert values.y_range is not None
    assert values.x_range is not None
    for panel in values.panels:
        for drawn in panel.drawn:
            assert all(values.y_range[0] < low for low in drawn.low if low is not None)
            assert all(high < values.y_range[1] for high in drawn.high if high is not None)
            assert all(x and values.x_range[0] < x < values.x_range[1] for x in drawn.x)


def test_a_number_that_is_missing_is_a_gap():
    rows = [reference(), compressed(44.6), compressed(None, 20), compressed(55.0, 30)]
    (values, _) = curves(build_page(record(rows)))
    assert values.panels[0].drawn[0].y == (44.6, None, 55.0)
    assert figure_content(values)["panels"][0]["drawn"][0]["y"] == [44.6, None, 55.0]


def test_a_table_of_originals_alone_has_no_figure():
    assert not build_page(record([reference()])).figures


def test_correctors_of_a_models_own_are_one_line_of_the_legend_and_named_when_pointed_at():
    rows = [row for model in "ab" for row in study_rows([model])]
    rows = [replace(r, corrector=f"of_{r.model}") if r.mitigation == "task_targeted" else r for r in rows]
    values = curves(build_page(record(rows)))[0]
    assert [series.label for series in values.series][-1] == "Task-Targeted Artifact Correction"
    for panel in values.panels:
        assert panel.drawn[2].series == 2
        assert panel.drawn[2].label == f"Task-Targeted Artifact Correction (of_{panel.title})"


def test_every_mitigation_differs_from_every_other_in_its_marker_or_dashes():
    looks = [look_of(style) for style in edge_styles((name, "x") for name in MITIGATION_LABELS).values()]
    for first, second in combinations(looks, 2):
        assert (first.symbol, first.dash) != (second.symbol, second.dash)
    shared = [look_of(style) for style in edge_styles(("transfer", name) for name in "abcd").values()]
    assert len({look.dash for look in shared}) == 4


def test_the_frontier_has_a_point_per_edge_and_stairs_along_the_best():
    speeds = [speed(80.0), speed(20.0, "task_targeted", "mine"), speed(10.0, "off_the_shelf", "default")]
    results = [result(60.0), result(70.0, "task_targeted", "mine"), result(50.0, "off_the_shelf", "default")]
    page = build_page(record(results, speeds=speeds, offers=find_offers(speeds, results)))
    (figure,) = [found for found in page.figures.values() if found.kind is Kind.POINTS]
    (panel,) = figure.panels
    assert {drawn.label.partition(" (")[0]: (drawn.x, drawn.y, drawn.faint) for drawn in panel.drawn} == {
        "None": ((80.0,), (60.0,), False),
        "Task-Targeted Artifact Correction": ((20.0,), (70.0,), False),
        "Off-the-Shelf Artifact Correction": ((10.0,), (50.0,), True),
    }
    assert panel.stairs == ((20.0, 70.0), (80.0, 60.0))
    assert panel.log


def test_bars_stack_what_is_recovered_on_what_remains_and_tell_the_tables_numbers():
    harmed = replace(FIXABLE, quality=50, loss=2.0, recovered=-1.0, remaining=3.0)
    healed = replace(FIXABLE, quality=70, loss=2.0, recovered=2.5, remaining=-0.5)
    page = build_page(record([], fixable=[FIXABLE, harmed, healed]))
    remaining, recovered = page.figures["fixable-1"].panels[0].drawn
    assert remaining.y == (3.0, 3.0, -0.5)
    assert recovered.y == (9.0, 0.0, 2.0)
    assert recovered.told == (9.0, -1.0, 2.5)
    assert (remaining.low[0], remaining.high[0]) == (2.0, 4.0)
    assert page.figures["fixable-1"].ticks == ("10", "50", "70")


def test_numbers_of_a_figure_keep_six_digits():
    rows = [reference(), compressed(44.123456789), compressed(50.0, 20)]
    (values, _) = curves(build_page(record(rows)))
    assert figure_content(values)["panels"][0]["drawn"][0]["y"][0] == 44.1235
