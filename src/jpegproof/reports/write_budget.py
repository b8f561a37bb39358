"""Writes the tables and figures of a budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jpegproof.analysis.budget.rows import BudgetAnswer, BudgetRow
from jpegproof.reports.budget_figures import budget_figures, draw_budget
from jpegproof.reports.budget_tables import build_budget_tables, build_part_tables
from jpegproof.reports.files import replace_file
from jpegproof.reports.plain_tables import plain_markdown
from jpegproof.reports.write_figure import write_figure


def write_budget(rows: Sequence[BudgetRow], answers: Sequence[BudgetAnswer], out: Path) -> list[Path]:
    """Writes ``tables/budget.md``, ``tables/budget-classes.md`` and ``figures/budget-*.{png,svg,pdf}``.

    Args:
        rows: of ``budget.csv``.
        answers: of ``budget_answers.csv``.
        out: the results folder.

    Returns:
        The figures, as PNG.

    Raises:
        StoreError: the folder cannot be written.
    """
    replace_file(out / "tables" / "budget.md", plain_markdown(build_budget_tables(answers)).encode("utf-8", "replace"))
    parts = plain_markdown(build_part_tables(answers))
    if parts:
        replace_file(out / "tables" / "budget-classes.md", parts.encode("utf-8", "replace"))
    figures = budget_figures(rows)
    return [write_figure(draw_budget(own), out / "figures", stem) for stem, own in figures.items()]
