"""What the page says of a budget: the answers in words, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.budget.rows import BudgetAnswer
from jpegproof.reports.budget_tables import build_budget_tables, build_part_tables
from jpegproof.reports.budget_text import budget_groups, budget_sentences
from jpegproof.reports.plain_tables import PlainTable


@dataclass(frozen=True, slots=True)
class BudgetSection:
    """The budget of one model on one data set.

    Attributes:
        answers: each edge's in words, that without a cure first.
        table: the same in numbers.
    """

    answers: tuple[str, ...]
    table: PlainTable


def build_budget_sections(answers: Sequence[BudgetAnswer]) -> list[BudgetSection]:
    """One for each model and data set; the tables of classes and sizes follow the last one, without words."""
    groups = budget_groups(answers)
    whole = [
        BudgetSection(tuple(" ".join(budget_sentences(answer)) for answer in group), table)
        for group, table in zip(groups, build_budget_tables(answers), strict=True)
    ]
    return [*whole, *(BudgetSection((), table) for table in build_part_tables(answers))]
