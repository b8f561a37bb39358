r"""LaTeX tables that go on over pages; a document needs ``booktabs``, ``longtable`` and ``array``."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.reports.latex import escape_latex

#: What such tables need before ``\begin{document}``; with it a character that the fonts do not have, as in a model's
#: name, is a bullet and no error, and letters are outlines where Latin Modern is installed.
PREAMBLE = r"""\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\makeatletter
\renewcommand{\UTFviii@undefined@err}[1]{\textbullet}
\makeatother
\usepackage{array}
\usepackage{booktabs}
\usepackage{longtable}"""


def left(centimetres: float) -> str:
    """A column of words that are broken over lines."""
    return rf">{{\raggedright\arraybackslash}}p{{{centimetres:g}cm}}"


def long_table(
    caption: str, label: str, columns: str, heads: Sequence[Sequence[str]], groups: Sequence[Sequence[Sequence[str]]]
) -> str:
    r"""A ``longtable``.

    Args:
        caption: plain text.
        label: the part of ``\label{tab:...}`` behind the colon: lower-case letters, digits, hyphens.
        columns: LaTeX's specification of them.
        heads: lines of the head, LaTeX cell by cell; they are there again on every page.
        groups: of lines of LaTeX cells, a rule between two groups.
    """
    head = [f"  {' & '.join(line)} \\\\" for line in heads]
    # A page is never broken within a group of a model where it fits: \\* keeps a line with the next.
    body = ["\n".join(_lines(group)) for group in groups]
    return "\n".join(
        [
            rf"\begin{{longtable}}{{{columns}}}",
            rf"  \caption{{{escape_latex(caption)}}}\label{{tab:{label}}} \\",
            r"  \toprule",
            *head,
            r"  \midrule",
            r"  \endfirsthead",
            r"  \toprule",
            *head,
            r"  \midrule",
            r"  \endhead",
            r"  \bottomrule",
            r"  \endlastfoot",
            "\n  \\midrule\n".join(body),
            r"\end{longtable}",
            "",
        ]
    )


def _lines(group: Sequence[Sequence[str]]) -> list[str]:
    ends = [r"\\*"] * (len(group) - 1) + [r"\\"]
    return [f"  {' & '.join(line)} {end}" for line, end in zip(group, ends, strict=True)]
