"""Exact bounds on a share: known values, and laws that hold for all counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.analysis.budget.binomial import share_above, share_at_most, share_below, share_probabilities


@pytest.mark.parametrize(
    ("changed", "pictures", "alpha", "known"),
    [
        # Quantiles of the beta distribution, scipy 1.16: beta.ppf(1 - alpha, changed + 1, pictures - changed).
        (0, 300, 0.05, 0.009936081944457712),
        (1, 500, 0.05, 0.009452282208075),
        (5, 100, 0.05, 0.10225337764327509),
        (0, 1, 0.05, 0.95),
        (9, 10, 0.05, 0.9948838031081763),
    ],
)
def test_upper_ends_are_those_of_the_beta_distribution(changed, pictures, alpha, known):
    assert share_above(changed, pictures, alpha) == pytest.approx(known, rel=1e-9)


def test_the_lower_end_is_the_upper_end_of_what_did_not_change():
    assert share_below(5, 100, 0.05) == pytest.approx(0.0199055637, rel=1e-7)  # beta.ppf(0.05, 5, 96)
    assert share_below(0, 50, 0.05) == 0.0
    assert share_above(50, 50, 0.05) == 1.0


counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.sampled_from([0.2, 0.05, 0.01]))
def test_the_end_is_where_so_few_have_just_the_probability_alpha(counted, alpha):
    changed, pictures = counted
    high = share_above(changed, pictures, alpha)
    assert high >= changed / pictures
    if changed < pictures:
        assert share_at_most(changed, pictures, high) == pytest.approx(alpha, rel=1e-6)


@given(counts)
def test_one_more_changed_picture_never_lowers_an_end(counted):
    changed, pictures = counted
    if changed < pictures:
        assert share_above(changed + 1, pictures, 0.05) >= share_above(changed, pictures, 0.05)
        assert share_below(changed + 1, pictures, 0.05) >= share_below(changed, pictures, 0.05)


@given(st.integers(1, 300), st.floats(0.01, 0.99))
def test_probabilities_of_all_counts_sum_to_one(pictures, share):
    assert share_probabilities(pictures, share).sum() == pytest.approx(1.0, abs=1e-9)


def test_what_cannot_be_counted_has_no_doubt():
    assert share_at_most(3, 10, 0.0) == 1.0
    assert share_at_most(3, 10, 1.0) == 0.0
    assert share_at_most(10, 10, 1.0) == 1.0
