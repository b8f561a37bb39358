"""A budget as sentences, tables and a figure: the numbers are the rows'."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jpegproof.analysis.budget.rows import BudgetAnswer, BudgetRow
from jpegproof.reports.budget_figures import budget_figures, draw_budget
from jpegproof.reports.budget_tables import MOST_PARTS, build_budget_tables, build_part_tables
from jpegproof.reports.budget_text import budget_groups, budget_heading, budget_sentences
from jpegproof.reports.figures import svg
from jpegproof.reports.plain_tables import plain_markdown

SAFE = BudgetAnswer(
    task="classification",
    dataset="uploads",
    by="all",
    slice="all",
    model="resnet50",
    metric="agreement",
    quantity="disagreement",
    mitigation="none",
    corrector="identity",
    codec="jpeg",
    bound=1.0,
    confidence=95.0,
    safe=60,
    safe_together=60,
    unsafe=20,
    undecided=55,
    more_pictures=1437,
    best=95,
    value=0.4,
    high=0.85,
    n=2000,
    bytes_per_image=30_000.0,
    bits_per_pixel=0.612,
    saved_of_original=71.4,
    saved_of_best=55.2,
    seed=0,
)
CURED = replace(SAFE, mitigation="task_targeted", corrector="targeted", safe=35, undecided=30, more_pictures=None)
NEVER = replace(
    SAFE,
    metric="top1",
    quantity="loss",
    safe=None,
    undecided=95,
    more_pictures=12,
    unsafe=None,
    bits_per_pixel=None,
    saved_of_best=None,
)


def test_an_answer_says_how_low_what_it_saves_and_what_lies_below():
    assert " ".join(budget_sentences(SAFE)) == (
        "Store at quality 60 or above: with 95 % confidence fewer than 1 in 100 answers change (0.4 % seen); saves "
        "71 % of the originals' bytes and 55 % of those at quality 95 (0.61 bits per pixel). Below, from quality 55 "
        "on: undecided; about 1,400 more pictures would tell, if what was seen is the truth. Quality 20 and below: "
        "unsafe, shown to be more than 1 point off."
    )


def test_a_cure_is_named_and_hopeless_numbers_are_not_invented():
    first, second, _ = budget_sentences(CURED)
    assert first.startswith("With Task-Targeted Artifact Correction (targeted): store at quality 35 or above")
    assert second == (
        "Below, from quality 30 on: undecided; what was seen lies so near the bound, or tells so little, that no "
        "number of pictures is sure to tell."
    )


def test_where_nothing_is_safe_that_is_said_first():
    assert budget_sentences(NEVER) == [
        "No quality up to 95 is shown to be safe.",
        "At quality 95: undecided; about 12 more pictures would tell, if what was seen is the truth.",
    ]
    lost = budget_sentences(replace(NEVER, safe=95, undecided=None, value=-0.04, bound=2.5))
    assert lost == [
        "Store at quality 95 or above: with 95 % confidence less than 2.5 points of top-1 accuracy is lost (0.0 points "
        "seen); saves 71 % of the originals' bytes."
    ]


def test_bounds_that_are_no_fraction_and_other_metrics_have_their_own_words():
    assert "fewer than 0.3 % of the answers change" in budget_sentences(replace(SAFE, bound=0.3))[0]
    map_ = budget_sentences(replace(SAFE, task="semantic_segmentation"))[0]
    assert "agreement with the originals falls by less than 1 point (0.4 points seen)" in map_
    webp = budget_sentences(replace(SAFE, codec="webp"))[0]
    assert webp.startswith("WebP at the bytes of JPEG: store at quality 60")
    larger = budget_sentences(replace(SAFE, saved_of_original=-12.0))[0]
    assert "none of the originals' bytes" in larger


def test_answers_of_one_model_and_data_set_stand_together_without_a_cure_first():
    [group] = budget_groups([CURED, SAFE, replace(SAFE, by="class", slice="cat")])
    assert [answer.mitigation for answer in group] == ["none", "task_targeted"]
    assert budget_heading(group) == (
        "resnet50 on uploads: less than 1 point off agreement with the originals, with 95 % confidence (2000 pictures)"
    )


def test_the_table_has_a_line_per_edge():
    lines = plain_markdown(build_budget_tables([SAFE, CURED, NEVER])).splitlines()
    assert "| None | 60 | 0.40 | 0.85 | 0.61 | 30,000 | 71 | 55 | 55 | 1,437 | 20 |" in lines
    assert any(line.startswith("| Task-Targeted Artifact Correction (targeted) | 35 |") for line in lines)
    assert len([line for line in lines if line.startswith("**")]) == 2  # agreement, and top1


def test_parts_are_listed_with_the_most_demanding_first_and_not_without_end():
    parts = [replace(SAFE, by="class", slice=f"class |{n}|", safe=50 + n, safe_together=None) for n in range(45)]
    parts.append(replace(parts[0], slice="never", safe=None))
    lines = plain_markdown(build_part_tables([SAFE, *parts])).splitlines()
    assert lines[0] == f"**resnet50 on uploads, None: by class, the {MOST_PARTS} most demanding of 46**"
    assert lines[4].startswith("| never | – | – |")
    assert lines[5].startswith(r"| class \|44\| | 94 | – |")
    assert len(lines) == 4 + MOST_PARTS
    assert build_part_tables([SAFE]) == []


def row(quality: int, value: float, verdict: str, **changes) -> BudgetRow:
    made = BudgetRow(
        task="classification",
        dataset="uploads",
        by="all",
        slice="all",
        model="resnet50",
        metric="top1",
        quantity="loss",
        mitigation="none",
        corrector="identity",
        codec="jpeg",
        subsampling="4:2:0",
        stage="source",
        quality=quality,
        bound=1.0,
        confidence=95.0,
        value=value,
        low=value - 0.5,
        high=value + 0.5,
        rule="exact",
        verdict=verdict,
        n=500,
        more_pictures=None,
        bytes_per_image=100.0 * quality,
        bits_per_pixel=quality / 50,
        saved_of_original=None,
        saved_of_best=None,
        seed=0,
    )
    return replace(made, **changes)


ROWS = [row(90, 0.1, "safe"), row(50, 0.7, "undecided"), row(10, 4.0, "unsafe")]


def test_the_figure_shows_values_bound_and_verdicts_against_quality_and_against_bits():
    [(stem, own)] = budget_figures(ROWS).items()
    assert stem == "budget-uploads-resnet50"
    figure = draw_budget(own)
    left, right = figure.axes
    values = [line for line in left.lines if len(np.asarray(line.get_xdata())) == 3]
    assert np.asarray(values[0].get_xdata()).tolist() == [10, 50, 90]
    assert np.asarray(values[0].get_ydata()).tolist() == [4.0, 0.7, 0.1]
    assert next(line.get_marker() for line in left.lines if len(np.asarray(line.get_xdata())) == 1) == "x"
    assert any(set(np.asarray(line.get_ydata()).tolist()) == {1.0} for line in left.lines)
    along = next(line for line in right.lines if len(np.asarray(line.get_xdata())) == 3)
    assert np.asarray(along.get_xdata()).tolist() == [0.2, 1.0, 1.8]
    assert (left.get_xlabel(), right.get_xlabel()) == ("JPEG quality", "bits per pixel")


def test_where_pixels_were_not_counted_the_figure_shows_bytes():
    figure = draw_budget([replace(item, bits_per_pixel=None) for item in ROWS])
    assert figure.axes[1].get_xlabel() == "bytes per picture"


def test_a_figure_shows_hostile_names_as_they_are():
    hostile = [replace(item, model="$x_1$ <b>", dataset="a&b") for item in ROWS]
    assert "$x_1$ &lt;b&gt;" in svg(draw_budget(hostile))
