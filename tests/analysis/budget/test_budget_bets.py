"""Bounds by betting: right for any draws in a range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.analysis.budget.bets import mean_above, mean_below

values = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=80).map(np.array)


@given(values)
def test_the_mean_lies_between_the_ends_whatever_the_order(draws):
    low, high = mean_below(draws, 0.05, -1, 1), mean_above(draws, 0.05, -1, 1)
    assert -1 <= low <= draws.mean() + 1e-9
    assert draws.mean() - 1e-9 <= high <= 1
    assert mean_above(draws[::-1], 0.05, -1, 1) == pytest.approx(high)


@given(values)
def test_a_higher_draw_never_lowers_the_upper_end(draws):
    higher = draws.copy()
    higher[0] = 1.0
    assert mean_above(higher, 0.05, -1, 1) >= mean_above(draws, 0.05, -1, 1) - 1e-9


def test_the_truth_is_missed_no_oftener_than_alpha():
    random = np.random.default_rng(0)
    missed = 0
    for _ in range(300):
        draws = random.choice([-0.5, 0.0, 0.5], size=60, p=[0.1, 0.7, 0.2])
        missed += mean_above(draws, 0.1, -1, 1) < 0.05
    assert missed <= 30


def test_three_hundred_draws_of_nothing_leave_about_a_percent():
    assert mean_above(np.zeros(300), 0.05, 0, 1) == pytest.approx(0.0115, abs=0.0015)
    wide, narrow = (mean_above(np.zeros(n), 0.05, 0, 1) for n in (50, 5000))
    assert narrow < wide / 50
