"""Transfer and multihead, laid out like Table 5 of the paper."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from paper_study import THROUGH, paper_rows
from synthetic_study import compressed, reference

from jpegproof.paper.published import find_published
from jpegproof.reports.tables import Mark
from jpegproof.reports.transfer_table import TransferTable, build_transfer_table
from jpegproof.reports.transfer_text import transfer_csv, transfer_latex, transfer_markdown

RESULTS = paper_rows(5, moved=0)


@pytest.fixture(scope="module")
def table() -> TransferTable:
    found = build_transfer_table(RESULTS, {}, THROUGH)
    assert found is not None
    return found


def cells(table: TransferTable, row: str, model: str) -> list[float | None]:
    (found,) = [r for r in table.rows if r.row == row]
    return [cell.value for cell in found.cells[[group.model for group in table.groups].index(model)]]


def test_rows_and_columns_are_the_papers(table: TransferTable):
    assert [row.label for row in table.rows] == [
        "None",
        "Off-the-Shelf Artifact Correction",
        "Supervised Fine-Tuning",
        "Task-Targeted Artifact Correction",
        "Transfer from MobileNetV2",
        "Transfer from ResNet-18",
        "Multihead (two models)",
        "Multihead (three models)",
    ]
    assert [group.model for group in table.groups] == ["HRNetV2 + C1", "FasterRCNN", "ResNet-101", "ResNet-50"]
    assert [group.metric for group in table.groups] == ["mIoU", "mAP", "top1", "top1"]
    assert table.groups[0].label == "HRNetV2 + C1, mean IoU (40.6)"
    assert table.qualities == (10, 20, 30, 40, 50)


def test_every_number_stands_in_its_place(table: TransferTable):
    for row in table.rows:
        for group, found in zip(table.groups, row.cells, strict=True):
            for quality, cell in zip(table.qualities, found, strict=True):
                published = find_published(5, group.model, group.metric, row.row, quality)
                assert cell.value == (None if published is None else published.value)


def test_correctors_of_their_own_are_one_row(table: TransferTable):
    """Each model has its own task-targeted corrector, under its own name."""
    assert None not in cells(table, "task_targeted", "ResNet-50") + cells(table, "task_targeted", "FasterRCNN")


def test_the_best_two_of_each_column_are_marked(table: TransferTable):
    for group in range(4):
        for place in range(5):
            column = [row.cells[group][place] for row in table.rows]
            shown = sorted({round(cell.value, 1) for cell in column if cell.value is not None}, reverse=True)
            for cell in column:
                best = None if cell.value is None else shown.index(round(cell.value, 1))
                assert cell.mark is {0: Mark.BEST, 1: Mark.SECOND}.get(best if best is not None else 9, Mark.PLAIN)


def test_two_correctors_of_one_kind_are_two_rows():
    more = [
        replace(row, corrector="other", value=(row.value or 0) + 1)
        for row in RESULTS
        if (row.mitigation, row.model) == ("off_the_shelf", "ResNet-50")
    ]
    table = build_transfer_table([*RESULTS, *more], {}, THROUGH)
    assert table is not None
    labels = [row.label for row in table.rows if row.row == "off_the_shelf"]
    assert labels == ["Off-the-Shelf Artifact Correction (default)", "Off-the-Shelf Artifact Correction (other)"]


def test_models_without_such_a_row_are_left_out_and_without_any_there_is_no_table():
    plain = [reference(model="other"), compressed(40.0, model="other")]
    table = build_transfer_table([*plain, *RESULTS], {}, THROUGH)
    assert table is not None
    assert "other" not in [group.model for group in table.groups]
    assert build_transfer_table(plain, {}, THROUGH) is None
    assert build_transfer_table([reference(model="other")], {}, THROUGH) is None


def test_a_network_that_the_paper_does_not_know_keeps_its_name():
    results = [reference(), compressed(40.0), compressed(50.0, mitigation="transfer", corrector="borrowed")]
    table = build_transfer_table(results, {}, {"borrowed": ("Small Net",)})
    assert table is not None
    assert [(row.row, row.label) for row in table.rows] == [
        ("none", "None"),
        ("transfer_smallnet", "Transfer from Small Net"),
    ]


def test_only_qualities_that_were_measured_have_columns_and_higher_ones_where_there_are_no_others():
    def of(*qualities: int) -> tuple[int, ...]:
        cured = {"mitigation": "transfer", "corrector": "through-18"}
        table = build_transfer_table([compressed(50.0, quality, **cured) for quality in qualities], {}, THROUGH)
        assert table is not None
        return table.qualities

    assert of(30, 10, 90) == (10, 30)
    assert of(90, 70) == (70, 90)


def test_csv_has_a_line_per_place(table: TransferTable):
    lines = list(csv.DictReader(io.StringIO(transfer_csv(table))))
    assert len(lines) == 8 * 4 * 5
    (line,) = [x for x in lines if (x["model"], x["row"], x["quality"]) == ("HRNetV2 + C1", "multihead_three", "30")]
    assert (line["value"], line["reference"], line["metric"], line["task"]) == (
        "39.39",
        "40.59",
        "mIoU",
        "semantic_segmentation",
    )


def test_markdown_has_a_table_per_model_with_its_rows(table: TransferTable):
    text = transfer_markdown(table)
    assert text.count("| None |") == 4
    assert text.count("| Multihead (two models) |") == 2
    assert "**" in text
    assert "<ins>" in text


def test_latex_has_the_models_beside_each_other(table: TransferTable):
    text = transfer_latex(table, "transfer")
    assert text.count(r"\begin{longtable}") == 1
    assert text.count(r"\multicolumn{5}") == 8  # in the first head and in that of later pages
    assert r"\textbf{" in text
    assert r"\underline{" in text


def test_many_models_take_several_latex_tables():
    many = [replace(row, model=f"{row.model} {number}") for number in range(3) for row in RESULTS]
    table = build_transfer_table(many, {}, THROUGH)
    assert table is not None
    assert transfer_latex(table, "transfer").count(r"\begin{longtable}") == 3
