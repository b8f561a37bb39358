"""Bounds of what is lost, by the rule that fits, and how many pictures would decide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.analysis.budget.bounds import (
    Question,
    bounds_of_changes,
    bounds_of_differences,
    bounds_of_draws,
)
from jpegproof.analysis.budget.power import pictures_for_mean, pictures_for_share
from jpegproof.analysis.budget.sequence import (
    Verdict,
    highest_unsafe,
    lowest_safe,
    next_undecided,
    verdicts,
)

ASKED = Question(bound=1.0, alpha=0.05)


def changed(values: np.ndarray, question: Question = ASKED, block: int = 1) -> Any:
    """Any: that there are ends is what is tested."""
    return bounds_of_changes(values, question, block)


def differed(values: np.ndarray, question: Question = ASKED) -> Any:
    return bounds_of_differences(values, question)


def enough(*counted: Any) -> Any:
    return pictures_for_share(*counted)


def of(lost: int, gained: int, pictures: int) -> np.ndarray:
    return np.concatenate([np.ones(lost), -np.ones(gained), np.zeros(pictures - lost - gained)])


def test_changes_are_bounded_exactly_in_points():
    found = changed(of(1, 0, 500), ASKED)
    assert (found.value, found.n, found.rule) == (0.2, 500, "exact")
    assert found.high == pytest.approx(0.9452282, rel=1e-6)
    assert found.low == pytest.approx(100 * (1 - 0.95 ** (1 / 500)), rel=1e-6)


def test_pictures_that_do_not_count_say_nothing():
    values = np.append(of(3, 1, 200), [np.nan, np.nan])
    assert differed(values, ASKED) == differed(of(3, 1, 200), ASKED)
    nothing = changed(np.full(3, np.nan), ASKED)
    assert (nothing.value, nothing.high, nothing.needed, nothing.n) == (None, None, None, 0)


def test_a_gain_counts_as_a_loss_below_nothing():
    found = differed(of(2, 12, 400), ASKED)
    assert found.value == -2.5
    assert found.low < -2.5 < found.high < 0


def test_pictures_in_blocks_are_bounded_by_bets_on_blocks():
    alike = np.repeat(of(5, 0, 100), 4)
    single, blocks = changed(alike, ASKED), changed(alike, ASKED, block=4)
    assert (single.value, single.n) == (blocks.value, blocks.n)
    assert blocks.rule == "bets"
    assert blocks.high > single.high
    # As wide as if each block were one picture, and no narrower: four copies of a picture tell what one does.
    assert blocks.high >= changed(of(5, 0, 100), ASKED).high


def test_a_pooled_metric_is_bounded_by_its_resamples():
    drawn = np.concatenate([[0.5], np.linspace(0, 1, 1001)])
    found = bounds_of_draws(drawn, 300, 300, ASKED)
    assert (found.value, found.rule) == (0.5, "bootstrap")
    assert (found.low, found.high) == (pytest.approx(0.05), pytest.approx(0.95))


def test_resamples_that_are_all_alike_or_too_few_do_not_make_a_bound_of_nothing():
    alike = bounds_of_draws(np.zeros(1001), 100, 100, ASKED)
    assert alike.high == pytest.approx(100 * (1 - 0.05 ** (1 / 100)))
    few = bounds_of_draws(np.linspace(0, 1, 80), 100, 100, ASKED)
    assert (few.value, few.low, few.high) == (0.0, None, None)


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_stricter_confidence_never_narrows_a_bound(lost, gained):
    values = of(lost, gained, 300)
    usual, strict = (differed(values, Question(1.0, alpha)).high for alpha in (0.05, 0.01))
    assert strict >= usual - 0.02


def test_of_five_hundred_pictures_one_point_cannot_be_decided_and_of_two_thousand_it_can():
    # A classifier at a high quality: 1.2 % of the pictures are lost and as many gained.
    few = differed(of(6, 6, 500), ASKED)
    assert few.high > 1.0
    assert 1400 < few.needed < 2000
    assert differed(of(24, 24, 2000), ASKED).high < 1.0


def test_so_many_pictures_decide_four_times_out_of_five():
    random = np.random.default_rng(0)
    needed = enough(2, 1000, 0.01, 0.05)
    share = 2.5 / 1001
    decided = [changed(of(int(random.binomial(needed, share)), 0, needed), ASKED).high < 1.0 for _ in range(400)]
    assert 0.72 < np.mean(decided) < 0.9


def test_so_many_pictures_decide_a_share_that_is_too_high():
    random = np.random.default_rng(0)
    needed = enough(12, 500, 0.01, 0.05)
    share = 12.5 / 501
    decided = [changed(of(int(random.binomial(needed, share)), 0, needed), ASKED).low > 1.0 for _ in range(400)]
    assert 0.72 < np.mean(decided) < 0.9


def test_what_lies_on_the_bound_no_number_of_pictures_decides():
    assert pictures_for_mean(1.0, 0.5, 500, 1.0, 0.05) is None
    assert pictures_for_mean(0.999, 0.5, 500, 1.0, 0.05) is None
    assert pictures_for_mean(0.0, 0.5, 500, 1.0, 0.05) == math.ceil(500 * (2.486475 * 0.5) ** 2)
    assert enough(9, 949, 0.01, 0.05) is None


losses = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=8)


@given(losses)
def test_the_sequence_never_skips_a_quality(found):
    by_quality = {10 * (place + 1): changed(of(lost, 0, 500), ASKED) for place, (lost, _) in enumerate(found)}
    said = verdicts(by_quality, 1.0)
    order = [said[quality] for quality in sorted(said, reverse=True)]
    ranks = [(Verdict.SAFE, Verdict.UNDECIDED, Verdict.UNSAFE).index(verdict) for verdict in order]
    assert ranks == sorted(ranks)
    for quality, verdict in said.items():
        if verdict is Verdict.SAFE:
            assert all(by_quality[other].high < 1.0 for other in said if other >= quality)
        if verdict is Verdict.UNSAFE:
            assert all(by_quality[other].low > 1.0 for other in said if other <= quality)


def test_what_is_safe_below_an_undecided_quality_is_undecided_too():
    found = {quality: changed(of(lost, 0, 500), ASKED) for quality, lost in ((90, 0), (80, 4), (70, 0), (60, 30))}
    said = verdicts(found, 1.0)
    assert [said[quality].value for quality in (90, 80, 70, 60)] == ["safe", "undecided", "undecided", "unsafe"]
    assert (lowest_safe(said), next_undecided(said), highest_unsafe(said)) == (90, 80, 60)
    assert lowest_safe({}) is None
