"""Verdicts on cures: never more than the intervals allow."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.metric_intervals import mean_interval
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.verdict import judge
from jpegproof.probes.throughput.side_by_side import Cost
from jpegproof.reports.verdict_text import verdict_sentences

COST = Cost(0.01, 0.018, 80.0, 75.0, 86.0, 15, 10, "640x480", "cpu", 2)


def pictures(gained, lost, n=200):
    """Agreement of n pictures, without and with a cure that mends some and breaks others; 100 or 0."""
    before = np.where(np.arange(n) < n // 2, 100.0, 0.0)
    after = before.copy()
    after[n // 2 : n // 2 + gained] = 100.0
    after[:lost] = 0.0
    return before, after


def gain_of(gained, lost, n=200):
    before, after = pictures(gained, lost, n)
    return mean_interval([after], [before], "agreement", Resamples(0))


@pytest.mark.parametrize(
    ("gained", "lost", "worth", "effect", "words"),
    [
        (40, 0, "worth it", "helps", "Worth its cost: "),
        (0, 40, "not worth it", "hurts", "This cure is not worth its cost: .* it does harm"),
        (5, 0, "undecided", "helps", "It helps, but these pictures do not tell whether it gains at least 1 point"),
        (6, 4, "undecided", "cannot be told", "Undecided: .* These pictures do not tell"),
        (4, 6, "undecided", "cannot be told", "Undecided: "),
        (2, 8, "not worth it", "cannot be told", "This cure is not worth its cost: .* less than 1 point"),
    ],
)
def test_what_a_cure_is_worth(gained, lost, worth, effect, words):
    verdict = judge(gain_of(gained, lost), 1.0)
    assert (verdict.worth, verdict.effect) == (worth, effect)
    assert re.search(words, verdict_sentences(verdict, "agreement", COST)[0])


def test_a_useless_cure_on_many_pictures_is_not_worth_its_cost_however_surely_it_does_something():
    verdict = judge(gain_of(30, 4, n=10_000), 1.0)
    assert (verdict.worth, verdict.effect) == ("not worth it", "helps")
    assert "less than 1 point" in verdict_sentences(verdict, "agreement", COST)[0]


def test_a_gain_that_takes_no_time_must_only_be_there():
    assert judge(gain_of(8, 0), 0.0).worth == "worth it"
    assert judge(gain_of(0, 0), 0.0).worth == "undecided"
    assert judge(gain_of(0, 9), 0.0).worth == "not worth it"


def test_without_an_interval_nothing_is_claimed():
    verdict = judge(Interval(50.0, None, None, 1), 1.0)
    assert (verdict.worth, verdict.effect, verdict.pictures) == ("undecided", "cannot be told", None)


def test_the_pictures_that_would_decide_are_those_at_which_the_same_gain_does():
    """With as many pictures as are asked for, the same share of changes is told from the bound more often than not."""
    seen = gain_of(20, 10, n=200)
    verdict = judge(seen, 1.0)
    assert verdict.worth == "undecided"
    assert verdict.pictures is not None
    assert 500 < verdict.pictures < 1200
    more = round(1.3 * verdict.pictures / 200)
    assert judge(gain_of(20 * more, 10 * more, n=200 * more), 1.0).worth == "worth it"


def test_each_quality_is_told_by_its_own_interval():
    by_quality = {"10": gain_of(40, 0), "50": gain_of(5, 4), "90": gain_of(0, 40)}
    text = " ".join(verdict_sentences(judge(gain_of(6, 4), 1.0, by_quality), "agreement", COST))
    assert (
        "it helps at quality 10; it hurts at quality 90; whether it helps or hurts cannot be told at quality 50" in text
    )


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((40, 0), "The training was of use"),
        ((0, 40), "The training did harm"),
        ((4, 4), "Whether the training was of use cannot be told"),
    ],
)
def test_the_training_is_judged_by_what_it_began_from(gain, words):
    over_start = gain_of(*gain)
    verdict = judge(gain_of(40, 0), 1.0, over_start=over_start)
    assert any(words in text for text in verdict_sentences(verdict, "agreement", COST, over_start, "the start"))


def test_the_cost_stands_beside_the_verdict():
    text = verdict_sentences(judge(gain_of(40, 0), 1.0), "agreement", COST)[-1]
    assert "10.0 ms per picture without it, 18.0 ms with it, +80 % (quartiles +75 to +86 %)" in text


def test_times_of_a_busy_machine_are_not_to_be_relied_upon():
    texts = [
        verdict_sentences(judge(gain_of(40, 0), 1.0), "agreement", replace(COST, load=load))[-1]
        for load in (None, 2.4, 9.0)
    ]
    assert ["say little" in text for text in texts] == [False, False, True]


class Counted:
    """A pooled metric: the mean of a column, as a function of how often each picture is there."""

    def __init__(self, column):
        self._column = column
        self.usable = np.isfinite(column)

    def values(self, weights):
        return (weights @ np.nan_to_num(self._column)) / (weights @ self.usable)


def test_means_over_qualities_are_paired_whichever_kind_of_metric_it_is():
    random = np.random.default_rng(0)
    before = [np.where(random.random(80) < share, 100.0, 0.0) for share in (0.3, 0.6, 0.9)]
    after = [np.where(random.random(80) < 0.2, 100.0, column) for column in before]
    resamples = Resamples(3, resamples=2000)
    plain = mean_interval(after, before, "agreement", resamples)
    expected = mean_intervals((np.mean(after, axis=0) - np.mean(before, axis=0))[:, None], 3)[0]
    pooled = mean_interval([Counted(item) for item in after], [Counted(item) for item in before], "AP", resamples)
    for found in (plain, pooled):
        assert found.value == pytest.approx(expected.value)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
