"""The LaTeX tables compile, hostile names included."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from paper_study import THROUGH, gap, paper_rows
from synthetic_study import record, study_rows

from jpegproof.reports.latex import to_latex
from jpegproof.reports.page import build_tables_with_losses
from jpegproof.reports.tables import build_tables
from jpegproof.reports.write_paper import write_paper

DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""


HOSTILE = r"50% of \input{/etc/passwd} & $x_1^2$ #{}~ 模型"


def compiled(folder: Path, name: str) -> str:
    """What LaTeX says of a document; thrice, since tables over pages find their widths by then."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", name]
    said = ""
    for _ in range(3):
        answer = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        said = answer.stdout.decode(errors="replace")
        assert answer.returncode == 0, said[-2000:]
    assert (folder / name).with_suffix(".pdf").stat().st_size > 1000
    return said


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (.ci/run installs it)")
def test_tables_compile_with_booktabs_alone(tmp_path):
    models = ["squeezenet1_1", r"50% of \input{/etc/passwd} & $x_1^2$ #{}~"]
    tables = [table for metric in ("top1", "distance") for table in build_tables(study_rows(models, metric=metric))]
    body = "\n".join(to_latex(table, f"table-{number}") for number, table in enumerate(tables))
    (tmp_path / "tables.tex").write_text(DOCUMENT % body)
    compiled(tmp_path, "tables.tex")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (.ci/run installs it)")
@pytest.mark.parametrize("table", [1, 2, 3, 4, 5])
def test_the_document_of_the_papers_tables_compiles_and_fits_its_pages(tmp_path, table):
    rows = paper_rows(table)
    hostile = [replace(row, corrector=HOSTILE) for row in rows if row.mitigation == "none"]
    gaps = [gap(row, 50.0, 7.0) for row in rows if row.quality is not None]
    study = record([*rows, *hostile] if table < 5 else rows, gaps=gaps, trained_through=THROUGH, against_paper=True)
    write_paper(study, build_tables_with_losses(study), tmp_path)
    said = compiled(tmp_path / "tables", "paper.tex")
    assert "Overfull" not in said
    inputs = set(re.findall(r"\\input\{([^}]+)\}", (tmp_path / "tables" / "paper.tex").read_text()))
    assert inputs == {path.stem for path in (tmp_path / "tables").glob("*.tex")} - {"paper"}
    assert ("paper-transfer" in inputs) == (table == 5)
    assert "against-paper" in inputs
