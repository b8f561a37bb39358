"""Rows read back are those that were written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jpegproof.analysis.budget.rows import ANSWERS_FILE, BudgetAnswer
from jpegproof.analysis.read_rows import read_rows
from jpegproof.analysis.rows import Result, write_rows
from jpegproof.exceptions import StoreError

ANSWER = BudgetAnswer(
    "classification", "photos", "all", "all", "resnet50", "top1", "loss", "none", "identity", "jpeg",
    1.0, 95.0, 60, 60, None, 55, None, 95, 0.25, 0.875, 2000, 30000.5, 0.5, None, 55.0, 0,
)  # fmt: skip


def test_every_column_comes_back_with_its_kind(tmp_path: Path):
    write_rows(tmp_path / ANSWERS_FILE, BudgetAnswer, [ANSWER])
    assert read_rows(tmp_path / ANSWERS_FILE, BudgetAnswer, "ask again") == [ANSWER]


def test_no_file_is_no_answers(tmp_path: Path):
    assert read_rows(tmp_path / ANSWERS_FILE, BudgetAnswer, "ask again") == []


def test_another_file_of_that_name_is_said_to_be_one(tmp_path: Path):
    (tmp_path / ANSWERS_FILE).write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match=r"cannot be read .*; ask again"):
        read_rows(tmp_path / ANSWERS_FILE, BudgetAnswer, "ask again")


def test_a_name_that_was_made_harmless_for_spreadsheets_is_itself_again(tmp_path: Path):
    rows = [replace(ANSWER, model="=cmd()", slice="-1 of 3")]
    write_rows(tmp_path / ANSWERS_FILE, BudgetAnswer, rows)
    assert read_rows(tmp_path / ANSWERS_FILE, BudgetAnswer, "") == rows


def test_a_column_that_older_files_lack_takes_its_default(tmp_path: Path):
    names = "task,dataset,slice,model,metric,mitigation,corrector,codec,subsampling,chain,stage,quality"
    (tmp_path / "results.csv").write_text(
        f"{names},value,ci_low,ci_high,n,n_skipped,bytes_per_image,seed\n"
        "classification,d,all,m,top1,none,identity,jpeg,4:2:0,,source,10,50.5,,,9,0,,0\n"
    )
    [row] = read_rows(tmp_path / "results.csv", Result, "")
    assert (row.quality, row.value, row.ci_low, row.n, row.bits_per_pixel) == (10, 50.5, None, 9, None)
