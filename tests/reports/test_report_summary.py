"""The plain words of a report say what the rows say, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from synthetic_study import compressed, paired, record, reference, study_comparisons, study_rows

from jpegproof.analysis.rows import Comparison, Result
from jpegproof.reports.page import build_page
from jpegproof.reports.summary import ModelSummary

CURE: dict[str, Any] = {"mitigation": "off_the_shelf", "corrector": "default"}
LOSS = paired(("reference", ""), ("none", "identity"), -15.4, 2.5)
NBSP = "\N{NO-BREAK SPACE}"


def only_summary(rows: list[Result], comparisons: list[Comparison] | None = None) -> ModelSummary:
    (summary,) = build_page(record(rows, comparisons=comparisons or [])).summaries
    return summary


def test_the_summary_says_the_score_on_the_originals_and_the_loss_with_its_interval():
    summary = only_summary([reference(), compressed(44.6)], [LOSS])
    assert summary.opening == (
        f"On the originals squeezenet1_1 is right on 60.0{NBSP}% of 500 pictures [55.6, 64.4]. "
        f"At quality 10 it loses 15.4 points [12.9, 17.9] and is at 44.6{NBSP}%."
    )


def test_a_loss_that_was_not_compared_in_pairs_has_no_interval_of_its_own():
    summary = only_summary([reference(), compressed(44.6)])
    assert summary.opening.endswith(f"it loses 15.4 points and is at 44.6{NBSP}% [40.2, 49.0].")


def test_a_loss_whose_interval_holds_zero_is_not_told_apart_from_it():
    comparison = paired(("reference", ""), ("none", "identity"), -0.4, 1.0)
    summary = only_summary([reference(), compressed(59.6)], [comparison])
    assert "loses 0.4 points [−0.6, 1.4], not told apart from zero with these 500 pictures, and" in summary.opening


def test_a_model_that_is_better_on_jpegs_gains():
    comparison = paired(("reference", ""), ("none", "identity"), 2.0, 1.0)
    assert (
        "At quality 10 it gains 2.0 points [1.0, 3.0]"
        in only_summary([reference(), compressed(62.0)], [comparison]).opening
    )


def test_losses_are_told_at_the_lowest_a_middle_and_the_highest_quality():
    rows = study_rows()
    summary = only_summary(rows, study_comparisons(rows))
    assert [loss.quality for loss in summary.losses] == [10, 50, 90]
    for loss in summary.losses:
        (row,) = [row for row in rows if row.quality == loss.quality and row.mitigation == "none"]
        assert row.value is not None
        assert loss.score.value == row.value
        assert loss.loss == pytest.approx(60.0 - row.value)
        assert loss.paired is not None
        assert loss.paired.value == pytest.approx(loss.loss)


def test_a_cure_gives_back_a_part_of_what_was_lost():
    rows = [reference(), compressed(44.6), compressed(50.8, **CURE)]
    gain = paired(("none", "identity"), ("off_the_shelf", "default"), 6.2, 2.0)
    summary = only_summary(rows, [LOSS, gain])
    assert summary.cures == (
        "Off-the-Shelf Artifact Correction (default) gives back 6.2 of the 15.4 points lost at quality 10 [4.2, 8.2].",
    )
    assert summary.gains[0].gain == pytest.approx(6.2)


def test_a_cure_whose_interval_holds_zero_is_not_told_apart_from_it():
    rows = [reference(), compressed(44.6), compressed(45.2, **CURE)]
    gain = paired(("none", "identity"), ("off_the_shelf", "default"), 0.6, 2.0)
    (sentence,) = only_summary(rows, [gain]).cures
    assert sentence.endswith(
        "gives back 0.6 of the 15.4 points lost at quality 10 [−1.4, 2.6]: "
        "not told apart from zero with these 500 pictures."
    )


def test_a_cure_that_hurts_is_said_to():
    rows = [reference(), compressed(44.6), compressed(40.6, **CURE)]
    gain = paired(("none", "identity"), ("off_the_shelf", "default"), -4.0, 1.0)
    assert "costs a further 4.0 points at quality 10 [3.0, 5.0]." in only_summary(rows, [gain]).cures[0]


def test_a_cure_that_was_not_compared_in_pairs_says_so():
    rows = [reference(), compressed(44.6), compressed(50.8, **CURE)]
    assert only_summary(rows).cures[0].endswith("at quality 10 (no paired comparison, so no interval).")


def test_a_cure_that_gives_back_more_than_was_lost_is_not_a_part_of_it():
    rows = [reference(), compressed(44.6), compressed(64.6, **CURE)]
    assert "gives back 20.0 points at quality 10" in only_summary(rows).cures[0]


def test_a_cure_that_is_not_finished_has_nothing_to_compare():
    rows = [reference(), compressed(44.6), compressed(50.0, 20), compressed(55.0, 20, **CURE)]
    assert only_summary(rows).cures[0].endswith(": nothing to compare at quality 10 yet.")


def test_without_labels_a_model_is_compared_with_its_own_answers():
    rows = [reference(100.0, metric="agreement"), compressed(70.0, metric="agreement")]
    opening = only_summary(rows).opening
    assert opening.startswith(
        "There are no labels: squeezenet1_1 is compared with its own answers on the originals (500 pictures). At"
    )
    assert f"it loses 30.0 points and is at 70.0{NBSP}%" in opening


def test_agreement_starts_from_a_hundred_even_without_a_row_that_says_so():
    assert "it loses 30.0 points" in only_summary([compressed(70.0, metric="agreement")]).opening


def test_with_labels_the_summary_is_of_accuracy():
    summary = only_summary([*study_rows(metric="agreement"), *study_rows(), *study_rows(metric="distance")])
    assert "is right on" in summary.opening


def test_slices_are_left_to_the_tables():
    assert len(build_page(record([*study_rows(), *study_rows(slice="dogs")])).summaries) == 1
    assert len(build_page(record([*study_rows(slice="cats"), *study_rows(slice="dogs")])).summaries) == 2


def test_originals_alone_have_lost_nothing_yet():
    assert only_summary([reference()]).opening.endswith("Nothing compressed has been measured yet.")


def test_without_originals_no_loss_is_told():
    assert only_summary([compressed(44.6)]).opening.startswith("The originals have not been measured for squeezenet1_1")


def test_a_detector_is_said_to_reach_its_precision():
    rows = [reference(35.4, metric="mAP", task="detection"), compressed(20.0, metric="mAP", task="detection")]
    assert f"reaches a mean average precision of 35.4{NBSP}% on 500 pictures" in only_summary(rows).opening


def test_a_metric_without_a_better_end_is_left_to_the_tables():
    assert build_page(record(study_rows(metric="my_metric"))).summaries == ()
