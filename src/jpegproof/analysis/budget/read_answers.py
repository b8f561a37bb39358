"""Reading ``budget_answers.csv`` back, for the page."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from jpegproof.analysis.budget.rows import BudgetAnswer
from jpegproof.exceptions import StoreError

ANSWERS_FILE = "budget_answers.csv"


def read_answers(path: Path) -> list[BudgetAnswer]:
    """The rows of a ``budget_answers.csv``; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_answer(line) for line in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise StoreError(f"{path}: cannot be read ({error}); delete it and ask for the budget again") from error


def _answer(line: Mapping[str, str]) -> BudgetAnswer:
    kinds = get_type_hints(BudgetAnswer)
    return BudgetAnswer(**{field.name: _value(line[field.name], kinds[field.name]) for field in fields(BudgetAnswer)})


def _value(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    whole = kind in (int, int | None)
    if not text and kind in (int | None, float | None):
        return None
    return int(text) if whole else float(text)
