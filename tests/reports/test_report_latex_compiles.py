"""The LaTeX tables compile, hostile names included."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from synthetic_study import study_rows

from jpegproof.reports.latex import to_latex
from jpegproof.reports.tables import build_tables

DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (.ci/run installs it)")
def test_tables_compile_with_booktabs_alone(tmp_path):
    models = ["squeezenet1_1", r"50% of \input{/etc/passwd} & $x_1^2$ #{}~"]
    tables = [table for metric in ("top1", "distance") for table in build_tables(study_rows(models, metric=metric))]
    body = "\n".join(to_latex(table, f"table-{number}") for number, table in enumerate(tables))
    (tmp_path / "tables.tex").write_text(DOCUMENT % body)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "tables.tex"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert answer.returncode == 0, answer.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "tables.pdf").stat().st_size > 1000
