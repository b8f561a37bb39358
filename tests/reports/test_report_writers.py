"""Tables as Markdown, LaTeX and CSV; names that try to be more than names."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from synthetic_study import compressed, reference, study_rows

from jpegproof.reports.filenames import file_stems, slugify
from jpegproof.reports.latex import escape_latex, to_latex
from jpegproof.reports.markdown import escape_markdown, to_markdown
from jpegproof.reports.paired import PairedDifferences
from jpegproof.reports.spreadsheet import to_csv
from jpegproof.reports.tables import Table, build_loss_table, build_tables

CURE: dict[str, Any] = {"mitigation": "off_the_shelf", "corrector": "default"}
OTHER: dict[str, Any] = {"mitigation": "task_targeted", "corrector": "own"}


def small_table(**changes: Any) -> Table:
    """One model, three mitigations at quality 10 and a number at quality 20 that is missing."""
    values = [(44.6, 10, {}), (50.0, 10, CURE), (54.0, 10, OTHER), (None, 20, {})]
    return build_tables([compressed(value, quality, **edge, **changes) for value, quality, edge in values])[0]


def test_the_best_value_of_a_model_is_bold_in_latex_and_the_second_underlined():
    text = to_latex(small_table(), "small")
    assert r"& \textbf{54.0} &" in text
    assert r"& \underline{50.0} &" in text
    assert r"{50.0} & -- \\" in text


def test_the_best_value_of_a_model_is_bold_in_markdown_and_the_second_underlined():
    text = to_markdown(small_table())
    assert "| **54.0** | – |" in text
    assert "| <ins>50.0</ins> | – |" in text


def test_latex_has_the_rules_of_booktabs_and_a_column_for_every_quality():
    text = to_latex(build_tables(study_rows(["a", "b"]))[0], "two-models")
    assert text.count(r"\midrule") == 2
    assert r"\begin{tabular}{llrrrrrrrrr}" in text
    assert r"\label{tab:two-models}" in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 7
    assert all(line.count("&") == 10 for line in rows)


def test_latex_prints_special_characters_of_a_name():
    assert escape_latex(r"a_b&c%d#e$f{g}h~i^j\k") == (
        r"a\_b\&c\%d\#e\$f\{g\}h\textasciitilde{}i\textasciicircum{}j\textbackslash{}k"
    )
    text = to_latex(small_table(model=r"\input{/etc/passwd}"), "x")
    assert r"\textbackslash{}input\{/etc/passwd\}" in text
    assert r"\input" not in text


def test_a_name_after_a_line_end_is_no_option_of_it():
    assert escape_latex("[2cm]*") == "{[}2cm{]}{*}"


def test_a_negative_number_has_a_minus_sign_in_latex():
    assert "$-$1.50" in to_latex(build_tables([compressed(-1.5, metric="true_label_log_probability")])[0], "x")


def test_markdown_shows_a_name_literally_and_keeps_its_cells():
    assert escape_markdown("a|b\n<b>*c*</b> [d](e) `f` _g_ h_i") == (
        r"a\|b &lt;b&gt;\*c\*&lt;/b&gt; \[d\](e) \`f\` \_g\_ h_i"
    )
    lines = to_markdown(small_table(model="a | b\nc")).splitlines()[2:]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {5}


def test_csv_has_one_line_per_number_with_its_interval():
    rows = [reference(), *study_rows()]
    read = list(csv.DictReader(io.StringIO(to_csv(build_tables(rows)[0]))))
    assert len(read) == 27
    assert read[0] == {
        **dict.fromkeys(["chain"], ""),
        **{"task": "classification", "dataset": "photos", "slice": "all", "metric": "top1", "codec": "jpeg"},
        **{"subsampling": "4:2:0", "stage": "source", "quantity": "value", "model": "squeezenet1_1"},
        **{"reference": "60", "mitigation": "none", "corrector": "identity", "quality": "10"},
        **{"value": "44.6", "ci_low": "40.2", "ci_high": "49", "n": "500", "bits_per_pixel": ""},
    }


def test_bits_per_pixel_stand_beside_qualities_in_every_form_and_in_losses_too():
    rows = [reference(), compressed(44.6, 10, bits_per_pixel=0.25), compressed(59.0, 90, bits_per_pixel=1.5)]
    table = build_tables(rows)[0]
    loss = build_loss_table(table, PairedDifferences([]))
    assert loss is not None
    for shown in (table, loss):
        assert "|  | Bits per pixel | 0.25 | 1.50 |" in to_markdown(shown).splitlines()
        assert r"     & Bits per pixel & 0.25 & 1.50 \\" in to_latex(shown, "x").splitlines()
        assert [line["bits_per_pixel"] for line in csv.DictReader(io.StringIO(to_csv(shown)))] == ["0.25", "1.5"]
    half = build_tables([reference(), rows[1], compressed(59.0, 90)])[0]
    assert "|  | Bits per pixel | 0.25 | – |" in to_markdown(half).splitlines()
    assert "Bits per pixel" not in to_markdown(build_tables([reference(), compressed(1.0)])[0])


def test_what_is_not_known_is_an_empty_cell_of_csv():
    (line,) = csv.DictReader(io.StringIO(to_csv(build_tables([compressed(None)])[0])))
    assert (line["value"], line["ci_low"], line["reference"]) == ("", "", "")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "＝1+1"])
def test_a_name_cannot_become_a_formula_of_a_spreadsheet(name: str):
    rows = [compressed(-1.0, metric="distance", model=name, dataset=name, corrector=name)]
    (line,) = csv.DictReader(io.StringIO(to_csv(build_tables(rows)[0]), newline=""))
    shown = {"\t=1+1": r"\t=1+1", "\r=1+1": r"\r=1+1"}.get(name, f"'{name}")
    assert [line["model"], line["dataset"], line["corrector"]] == [shown] * 3
    assert line["value"] == "-1"


def test_a_name_cannot_begin_a_line_of_csv():
    text = to_csv(small_table(model="a\r=1+1\n=2+2\u2028=3"))
    assert len(text.splitlines()) == 7
    assert not any(line.startswith("=") for line in text.splitlines())


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "..", "", "C:\\x", "a\x00b", "模型", "x" * 1000, "CON"])
def test_a_file_name_is_safe_whatever_the_data_set_is_called(name: str):
    stem = slugify(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", stem)
    assert len(stem) <= 100


def test_names_that_no_file_name_can_hold_stay_apart():
    assert slugify("模型") != slugify("数据")


def test_no_two_tables_share_a_file():
    tables = build_tables([compressed(1.0, dataset=name) for name in ("a b", "a-b", "A B", "a_b")])
    stems = file_stems(tables)
    assert len(set(stems)) == 4
    assert stems[0] == "classification-a-b-top1-jpeg-420-source"
