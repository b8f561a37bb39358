"""The pictures that lose most, as the page lists them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich_study import worst_pictures
from synthetic_study import record

from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.worst_tables import build_worst_tables


def test_a_line_says_what_a_picture_loses_and_what_each_edge_makes_of_it():
    (table,) = build_worst_tables(worst_pictures("net"))
    assert table.caption == "Top-1 accuracy (%) of the pictures that lose most at quality 10: net on photos"
    assert table.heads == ("None", "Task-Targeted Artifact Correction (mine)")
    assert [(line.name, line.loss, line.original, line.values) for line in table.lines] == [
        ("b.jpg", 100.0, 100.0, (0.0, 62.5)),
        ("c.jpg", 80.75, 90.0, (9.25, None)),
    ]


def test_of_a_metric_of_which_less_is_better_a_rise_is_a_loss():
    rows = [
        replace(row, metric="distance", value=value)
        for row, value in zip(worst_pictures("net"), (0.0, 7.5, 2.5), strict=False)
    ]
    (table,) = build_worst_tables(rows)
    assert (table.lines[0].loss, table.lines[0].original, table.lines[0].values) == (7.5, 0.0, (7.5, 2.5))
    assert table.decimals == 2


def test_models_have_tables_of_their_own():
    tables = build_worst_tables([*worst_pictures("a"), *worst_pictures("b")])
    assert [table.caption.rpartition(": ")[2] for table in tables] == ["a on photos", "b on photos"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a\u202egpj.exe"])
def test_names_of_pictures_are_harmless(name):
    html = render_page(build_page(record([], worst=worst_pictures("net", name))))
    assert name not in html
    assert "Pictures that lose most" in html
