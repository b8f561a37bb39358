"""Answers read back are those that were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from jpegproof.analysis.budget.read_answers import ANSWERS_FILE, read_answers
from jpegproof.analysis.budget.rows import BudgetAnswer
from jpegproof.analysis.rows import write_rows
from jpegproof.exceptions import StoreError

ANSWER = BudgetAnswer(
    "classification", "photos", "all", "all", "resnet50", "top1", "loss", "none", "identity", "jpeg",
    1.0, 95.0, 60, 60, None, 55, None, 95, 0.25, 0.875, 2000, 30000.5, 0.5, None, 55.0, 0,
)  # fmt: skip


def test_every_column_comes_back_with_its_kind(tmp_path: Path):
    write_rows(tmp_path / ANSWERS_FILE, BudgetAnswer, [ANSWER])
    assert read_answers(tmp_path / ANSWERS_FILE) == [ANSWER]


def test_no_file_is_no_answers(tmp_path: Path):
    assert read_answers(tmp_path / ANSWERS_FILE) == []


def test_another_file_of_that_name_is_said_to_be_one(tmp_path: Path):
    (tmp_path / ANSWERS_FILE).write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match="cannot be read"):
        read_answers(tmp_path / ANSWERS_FILE)
