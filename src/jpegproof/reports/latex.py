"""A table as LaTeX in the style of booktabs: best bold, second best underlined."""

from __future__ import annotations

import re

from jpegproof.reports.names import plain
from jpegproof.reports.tables import BITS_PER_PIXEL, DASH, Cell, Mark, Table, column_label, format_number, model_label

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "–": "--",
    "…": r"\ldots{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    # After a line's end these would be read as options of \\.
    **{character: f"{{{character}}}" for character in "[]*"},
}
_SPECIAL = re.compile("[" + re.escape("".join(_ESCAPES)) + "]")


def escape_latex(text: str) -> str:
    """A user's text that LaTeX prints literally, on one line."""
    return _SPECIAL.sub(lambda match: _ESCAPES[match.group()], plain(text))


def to_latex(table: Table, label: str) -> str:
    r"""A table as a floating ``table``; the document needs ``\usepackage{booktabs}``.

    Args:
        table: what to write.
        label: the part of ``\label{tab:...}`` behind the colon: lower-case letters, digits, hyphens.
    """
    heads = ["Model", "Mitigation", *(column_label(quality) for quality in table.columns)]
    bits = [format_number(number, 2).replace(DASH, "--") for number in table.bits_per_pixel]
    groups = [_line(["", BITS_PER_PIXEL, *bits])] if any(table.bits_per_pixel) else []
    for block in table.blocks:
        name = escape_latex(model_label(block, table.decimals))
        lines = []
        for row in block.rows:
            numbers = [latex_number(cell, table.decimals) for cell in row.cells]
            lines.append(_line([name, escape_latex(row.label), *numbers]))
            name = ""
        groups.append("\n".join(lines))
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{escape_latex(table.caption)}}}",
            rf"  \label{{tab:{label}}}",
            rf"  \begin{{tabular}}{{ll{'r' * len(table.columns)}}}",
            r"    \toprule",
            _line(heads),
            r"    \midrule",
            "\n    \\midrule\n".join(groups),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def latex_number(cell: Cell, decimals: int) -> str:
    """A number of a table: the best bold, the second underlined; a dash for none."""
    shown = format_number(cell.value, decimals)
    if shown == DASH:
        return "--"
    # A hyphen is no minus sign in LaTeX's text.
    shown = f"$-${shown[1:]}" if shown.startswith("-") else shown
    return {Mark.PLAIN: shown, Mark.BEST: rf"\textbf{{{shown}}}", Mark.SECOND: rf"\underline{{{shown}}}"}[cell.mark]


def _line(cells: list[str]) -> str:
    return "    " + " & ".join(cells) + r" \\"
