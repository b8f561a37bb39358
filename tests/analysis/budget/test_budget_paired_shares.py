"""Exact bounds on a paired difference of shares: checked against counting every outcome, and by laws."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jpegproof.analysis.budget.binomial import share_above
from jpegproof.analysis.budget.paired_shares import loss_above, loss_below, p_value, score

few = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 60)).filter(sum)


def outcomes(pictures: int) -> list[tuple[int, int]]:
    return [(lost, gained) for lost, gained in product(range(pictures + 1), repeat=2) if lost + gained <= pictures]


def probability(lost: int, gained: int, pictures: int, lose: float, gain: float) -> float:
    kept = pictures - lost - gained
    ways = math.factorial(pictures) // (math.factorial(lost) * math.factorial(gained) * math.factorial(kept))
    return ways * lose**lost * gain**gained * (1 - lose - gain) ** kept


@pytest.mark.parametrize(("margin", "alpha"), [(0.05, 0.05), (0.1, 0.05), (-0.05, 0.05), (0.1, 0.2)])
def test_a_loss_on_the_margin_is_called_smaller_no_oftener_than_alpha_whatever_share_changes(margin, alpha):
    pictures = 24
    called = [pair for pair in outcomes(pictures) if p_value(*pair, pictures, margin, alpha) <= alpha]
    errors = [
        sum(probability(*pair, pictures, (share + margin) / 2, (share - margin) / 2) for pair in called)
        for share in np.linspace(abs(margin), 0.9, 60)
    ]
    assert max(errors) <= alpha
    assert max(errors) > alpha / 4  # a bound that never calls anything is no bound


def test_against_no_loss_the_statistic_is_mcnemars_and_where_nothing_changed_it_is_known():
    assert float(score(9, 4, 100, 0.0)) == pytest.approx(5 / math.sqrt(13))
    assert float(score(0, 0, 400, 0.2)) == pytest.approx(-math.sqrt(400 * 0.2 / 0.8))
    assert float(score(0, 0, 400, 0.0)) == 0.0
    assert float(score(9, 4, 100, -0.1)) == -float(score(4, 9, 100, 0.1))


@pytest.mark.parametrize(
    ("lost", "gained", "pictures", "margin"), [(12, 5, 80, 0.03), (2, 9, 60, 0.1), (30, 30, 90, 0.01)]
)
def test_the_variance_is_that_of_the_likeliest_shares_with_the_loss_at_the_margin(lost, gained, pictures, margin):
    gain = np.linspace(1e-6, (1 - margin) / 2 - 1e-6, 400_000)
    likelihood = lost * np.log(gain + margin) + gained * np.log(gain)
    likelihood += (pictures - lost - gained) * np.log(1 - 2 * gain - margin)
    likeliest = gain[likelihood.argmax()]
    variance = pictures * (2 * likeliest + margin - margin**2)
    expected = (lost - gained - pictures * margin) / math.sqrt(variance)
    assert float(score(lost, gained, pictures, margin)) == pytest.approx(expected, abs=1e-4)


@given(few)
@settings(max_examples=25)
def test_the_loss_seen_lies_between_the_ends(counted):
    lost, gained, kept = counted
    pictures = lost + gained + kept
    seen = (lost - gained) / pictures
    low, high = (end(lost, gained, pictures, 0.05, 0.01) for end in (loss_below, loss_above))
    assert -1 <= low <= seen <= high <= 1


@given(few)
@settings(max_examples=25)
def test_the_bound_is_below_the_margin_just_where_the_test_says_so(counted):
    lost, gained, kept = counted
    pictures = lost + gained + kept
    for margin in (0.01, 0.2):
        said = p_value(lost, gained, pictures, margin, 0.05) <= 0.05
        assert (loss_above(lost, gained, pictures, 0.05, margin) < margin) == said


@given(few)
@settings(max_examples=25)
def test_losing_one_more_picture_never_lowers_the_bound(counted):
    lost, gained, kept = counted
    pictures = lost + gained + kept
    if kept:
        before, after = (loss_above(lost + more, gained, pictures, 0.05, 0.1) for more in (0, 1))
        assert after >= before - 2e-4  # how finely bounds are found


def test_where_little_changes_a_great_loss_is_ruled_out_and_a_great_gain_too():
    assert loss_above(0, 0, 9, 0.4, 0.99) < 0.2
    assert loss_below(0, 0, 9, 0.4, 0.99) > -0.2
    assert loss_below(0, 0, 9, 0.4, 0.99) <= 0
    assert p_value(0, 0, 9, -0.99, 0.4) == 1.0  # a loss of nothing speaks for no gain at all


def test_where_nothing_changed_the_bound_is_near_that_of_a_share():
    # Every loss of m changes m of the pictures at least, so both ask how many may have been missed.
    assert loss_above(0, 0, 500, 0.05, 0.01) == pytest.approx(share_above(0, 500, 0.05), abs=5e-4)


def test_more_pictures_with_the_same_shares_narrow_the_bound():
    ends = [loss_above(8 * times, 7 * times, 200 * times, 0.05, 0.01) for times in (1, 2, 5, 20)]
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] < 0.02
