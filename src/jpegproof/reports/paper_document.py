r"""One LaTeX document of a study's main tables, laid out like those of the paper: ``tables/paper.tex``.

Each table is a file of its own that another document can read with ``\input``; see `latex_long` for what it needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.reports.latex import escape_latex, latex_number
from jpegproof.reports.latex_long import PREAMBLE, left, long_table
from jpegproof.reports.metrics import headline_metric
from jpegproof.reports.tables import Quantity, Table, column_label, model_label

_DOCUMENT = r"""\documentclass[landscape]{article}
%s
\usepackage[a4paper,margin=1.5cm]{geometry}
\setlength{\tabcolsep}{4pt}
\begin{document}
\footnotesize
%s
\end{document}
"""


def main_tables(tables: Sequence[Table]) -> list[Table]:
    """Of each task, data set and slice the values of the metric that a summary speaks of, and of masks."""
    values = [table for table in tables if table.quantity is Quantity.VALUE]
    found = []
    for table in values:
        key = table.key
        same = [t.key.metric for t in values if (t.key.task, t.key.dataset, t.key.slice) == key_of(table)]
        if key.metric in (headline_metric(list(dict.fromkeys(same))), "mask_mAP"):
            found.append(table)
    return found


def key_of(table: Table) -> tuple[str, str, str]:
    """Whose numbers a table's are."""
    return (table.key.task, table.key.dataset, table.key.slice)


def paper_table(table: Table, label: str) -> str:
    """A table like Tables 1 to 4 of the paper: models, their mitigations, one column per quality; the best of each
    model and quality bold, the second underlined."""
    heads = [["Model", "Mitigation", *(column_label(quality) for quality in table.columns)]]
    groups = []
    for block in table.blocks:
        names = [escape_latex(model_label(block, table.decimals)), *[""] * (len(block.rows) - 1)]
        groups.append(
            [
                [name, escape_latex(row.label), *(latex_number(cell, table.decimals) for cell in row.cells)]
                for name, row in zip(names, block.rows, strict=True)
            ]
        )
    return long_table(table.caption, label, left(4.5) + left(6.5) + "r" * len(table.columns), heads, groups)


def paper_document(names: Sequence[str]) -> str:
    r"""A document that compiles by itself beside the named files, which it reads one after the other.

    Args:
        names: files of tables in the same folder, without their ending.
    """
    return _DOCUMENT % (PREAMBLE, "\n\\clearpage\n".join(rf"\input{{{name}}}" for name in names))
