"""What stands in which cell, and what is marked."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from synthetic_study import QUALITIES, ROW, compressed, paired, reference, study_comparisons, study_rows

from jpegproof.analysis.rows import Result
from jpegproof.reports.names import edge_label, mitigation_label, plain
from jpegproof.reports.paired import ORIGINALS, PairedDifferences
from jpegproof.reports.tables import Mark, Quantity, Table, build_loss_table, build_tables, format_number, model_label

CURE: dict[str, Any] = {"mitigation": "off_the_shelf", "corrector": "default"}
OTHER: dict[str, Any] = {"mitigation": "task_targeted", "corrector": "own"}
NOTHING = PairedDifferences([])
SCOPE = ("classification", "photos", "all", "squeezenet1_1", "top1", "jpeg", "4:2:0", "", "source")


def only_table(rows: list[Result]) -> Table:
    (table,) = build_tables(rows)
    return table


def marks(table: Table) -> list[Mark]:
    """The marks of the first model's first column."""
    return [row.cells[0].mark for row in table.blocks[0].rows]


def test_every_number_of_the_rows_stands_in_its_cell():
    rows = study_rows(["a", "b"])
    table = only_table(rows)
    assert table.columns == QUALITIES
    assert [block.model for block in table.blocks] == ["a", "b"]
    for row in rows:
        (block,) = [block for block in table.blocks if block.model == row.model]
        if row.quality is None:
            assert (block.reference.value, block.reference.ci_low) == (row.value, row.ci_low)
            continue
        (line,) = [line for line in block.rows if line.edge == (row.mitigation, row.corrector)]
        cell = line.cells[table.columns.index(row.quality)]
        assert (cell.value, cell.ci_low, cell.ci_high, cell.n) == (row.value, row.ci_low, row.ci_high, row.n)


def test_qualities_ascend_and_rows_follow_the_paper_whatever_the_order_of_the_results():
    rows = study_rows()
    assert only_table(rows[::-1]) == only_table(rows)


def test_a_models_name_carries_its_reference_value():
    table = only_table(study_rows())
    assert model_label(table.blocks[0], table.decimals) == "squeezenet1_1 (60.0)"


def test_a_model_without_a_reference_goes_by_its_name():
    table = only_table([compressed(44.6)])
    assert model_label(table.blocks[0], table.decimals) == "squeezenet1_1"


def test_the_best_of_a_column_is_marked_and_the_second():
    table = only_table([reference(), compressed(44.6), compressed(50.0, **CURE), compressed(54.0, **OTHER)])
    assert marks(table) == [Mark.PLAIN, Mark.SECOND, Mark.BEST]


def test_what_looks_equal_is_marked_alike():
    table = only_table([compressed(50.04), compressed(49.96, **CURE), compressed(44.0, **OTHER)])
    assert marks(table) == [Mark.BEST, Mark.BEST, Mark.SECOND]


def test_a_row_alone_in_its_column_is_not_marked():
    assert marks(only_table([compressed(44.6), compressed(None, **CURE)])) == [Mark.PLAIN, Mark.PLAIN]


def test_of_distances_the_smallest_is_best():
    table = only_table([compressed(2.0, metric="distance"), compressed(1.0, metric="distance", **CURE)])
    assert marks(table) == [Mark.SECOND, Mark.BEST]


def test_nothing_is_marked_where_the_better_end_is_not_known():
    table = only_table([compressed(2.0, metric="my_metric"), compressed(1.0, metric="my_metric", **CURE)])
    assert marks(table) == [Mark.PLAIN, Mark.PLAIN]


def test_models_do_not_compete():
    table = only_table([compressed(1.0), compressed(9.0, model="other")])
    assert [row.cells[0].mark for block in table.blocks for row in block.rows] == [Mark.PLAIN, Mark.PLAIN]


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_not_a_number_is_a_dash(value: float | None):
    table = only_table([reference(), compressed(value)])
    assert table.blocks[0].rows[0].cells[0].value is None
    assert format_number(table.blocks[0].rows[0].cells[0].value, 1) == "–"


def test_the_reference_belongs_to_every_compression_setting():
    tables = build_tables([reference(), compressed(44.6), compressed(47.0, subsampling="4:4:4")])
    assert [table.key.subsampling for table in tables] == ["4:2:0", "4:4:4"]
    assert [table.blocks[0].reference.value for table in tables] == [60.0, 60.0]


def test_an_edge_measured_under_one_setting_only_is_not_in_the_table_of_another():
    rows = [reference(), compressed(44.6), compressed(47.0, subsampling="4:4:4", **CURE)]
    assert [[row.mitigation for row in table.blocks[0].rows] for table in build_tables(rows)] == [
        ["none"],
        ["off_the_shelf"],
    ]


@pytest.mark.parametrize("name", ["task", "dataset", "slice", "metric", "codec", "subsampling", "chain", "stage"])
def test_numbers_that_differ_in_what_was_measured_share_no_table(name: str):
    assert len(build_tables([ROW, replace(ROW, **{name: "another"})])) == 2


def test_a_study_with_only_the_originals_has_a_column_of_them():
    table = only_table([reference()])
    assert table.columns == (None,)
    assert table.blocks[0].rows[0].cells[0].value == 60.0


def test_what_a_cure_does_to_the_originals_gets_a_column_of_its_own():
    table = only_table([reference(), compressed(44.6), reference(58.0, **CURE), compressed(50.0, **CURE)])
    assert table.columns == (10, None)
    assert [row.cells[1].value for row in table.blocks[0].rows] == [60.0, 58.0]
    assert table.blocks[0].reference.value == 60.0


def test_no_rows_make_no_tables():
    assert build_tables([]) == []


def test_a_loss_is_the_reference_minus_the_value_and_the_smallest_is_best():
    table = build_loss_table(only_table([reference(), compressed(44.6), compressed(50.0, **CURE)]), NOTHING)
    assert table is not None
    assert table.quantity is Quantity.LOSS
    assert [row.cells[0].value for row in table.blocks[0].rows] == pytest.approx([15.4, 10.0])
    assert marks(table) == [Mark.SECOND, Mark.BEST]


def test_a_loss_has_the_interval_of_its_paired_comparison_and_none_otherwise():
    rows = [reference(), compressed(44.6), compressed(50.0, **CURE)]
    comparisons = PairedDifferences([paired(("reference", ""), ("none", "identity"), -15.4, 2.5)])
    table = build_loss_table(only_table(rows), comparisons)
    assert table is not None
    untreated, cured = (row.cells[0] for row in table.blocks[0].rows)
    assert (untreated.ci_low, untreated.ci_high) == pytest.approx((12.9, 17.9))
    assert (cured.ci_low, cured.ci_high) == (None, None)


def test_agreement_is_lost_from_a_hundred_without_a_row_that_says_so():
    table = build_loss_table(only_table([compressed(70.0, metric="agreement")]), NOTHING)
    assert table is not None
    cell = table.blocks[0].rows[0].cells[0]
    assert (cell.value, cell.ci_low, cell.ci_high) == pytest.approx((30.0, 25.6, 34.4))


def test_there_is_no_loss_without_a_reference_and_none_of_a_distance():
    assert build_loss_table(only_table([compressed(44.6)]), NOTHING) is None
    rows = [reference(0.0, metric="distance"), compressed(2.0, metric="distance")]
    assert build_loss_table(only_table(rows), NOTHING) is None


def test_percentages_of_many_pictures_have_two_decimals():
    assert only_table([ROW]).decimals == 1
    assert only_table([compressed(44.6, n=50_000)]).decimals == 2


def test_zero_has_no_sign():
    assert format_number(-0.04, 1) == "0.0"


def test_a_comparison_is_found_from_either_side():
    row = paired(("off_the_shelf", "default"), ("none", "identity"), -6.0, 1.0)
    found = PairedDifferences([row]).find(
        SCOPE,
        10,
        ("none", "identity"),
        ("off_the_shelf", "default"),
    )
    assert found is not None
    assert (found.value, found.ci_low, found.ci_high) == (6.0, 5.0, 7.0)


def test_a_comparison_is_used_for_its_own_setting_only():
    comparisons = PairedDifferences(study_comparisons(study_rows()))
    assert comparisons.find(SCOPE, 10, ("none", "identity"), ORIGINALS) is not None
    assert comparisons.find((*SCOPE[:6], "4:4:4", *SCOPE[7:]), 10, ("none", "identity"), ORIGINALS) is None


def test_mitigations_have_the_papers_names():
    assert mitigation_label("supervised_fine_tuning") == "Supervised Fine-Tuning"
    assert mitigation_label("my_own_cure") == "My Own Cure"
    assert mitigation_label("_") == "Unnamed"


def test_a_corrector_is_named_where_there_is_one_or_where_rows_would_look_alike():
    assert edge_label("none", "identity", shared=False) == "None"
    assert edge_label("off_the_shelf", "qgac", shared=False) == "Off-the-Shelf Artifact Correction (qgac)"
    rows = [compressed(1.0, **CURE), compressed(2.0, **{**CURE, "corrector": "identity"})]
    assert [row.label for row in only_table(rows).blocks[0].rows] == [
        "Off-the-Shelf Artifact Correction (default)",
        "Off-the-Shelf Artifact Correction (identity)",
    ]


def test_a_name_becomes_one_printable_line():
    assert plain("a\n b\t\x00\x1b\ud800 \u202egnp") == "a b \ufffd\ufffd\ufffd gnp"
