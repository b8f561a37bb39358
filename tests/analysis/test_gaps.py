"""The share of the gap that a cure closes."""

from __future__ import annotations

import numpy as np
import pytest

from jpegproof.analysis.bootstrap import mean_intervals, ratio_intervals
from jpegproof.analysis.gaps import gap_closed


def shares(right: int, of: int = 200) -> np.ndarray:
    """So many of the pictures right, in percent."""
    return np.where(np.arange(of) < right, 100.0, 0.0)


def test_a_cure_that_gives_back_half_closes_half():
    interval, gap = gap_closed([shares(160)], [shares(100)], [shares(130)], seed=0)
    assert interval.value == pytest.approx(50)
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < 50 < interval.high
    assert gap == pytest.approx(30)
    assert interval.n == 200


def test_pooling_sums_before_it_divides():
    originals, without = [shares(160)] * 2, [shares(100), shares(150)]
    interval, gap = gap_closed(originals, without, [shares(130), shares(160)], seed=0)
    assert interval.value == pytest.approx(100 * (15 + 5) / (30 + 5))
    assert gap == pytest.approx((30 + 5) / 2)


def test_harm_is_below_zero():
    assert gap_closed([shares(160)], [shares(100)], [shares(70)], seed=0)[0].value == pytest.approx(-50)


def test_without_a_gap_there_is_no_share():
    interval, gap = gap_closed([shares(100)], [shares(100)], [shares(120)], seed=0)
    assert interval.value is None
    assert interval.low is None
    assert gap == 0


def test_a_gap_that_may_be_none_has_no_interval():
    interval, _ = gap_closed([shares(101)], [shares(100)], [shares(101)], seed=0)
    assert interval.value == pytest.approx(100)
    assert interval.low is None
    assert interval.high is None


def test_pictures_that_one_side_could_not_use_count_on_no_side():
    cured = shares(130)
    cured[:10] = np.nan
    interval, gap = gap_closed([shares(160)], [shares(100)], [cured], seed=0)
    assert interval.n == 190
    assert gap == pytest.approx(100 * 60 / 190)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        gap = random.normal(20, 30, 300)
        gain = 0.4 * gap + random.normal(0, 15, 300)
        interval = ratio_intervals(gain, gap, seed=trial, resamples=400)
        covered += (interval.low or np.inf) <= 0.4 <= (interval.high or -np.inf)
    assert 180 <= covered <= 199


def test_pictures_that_are_all_alike_leave_room_for_those_that_were_missed():
    column = np.full((30, 1), 100.0)
    [interval] = mean_intervals(column, seed=0, ranges=[(0, 100)])
    # Clopper and Pearson's lower bound of 30 out of 30.
    assert interval.low == pytest.approx(100 * 0.025 ** (1 / 30))
    assert interval.high == 100
    [change] = mean_intervals(np.zeros((30, 1)), seed=0, ranges=[(-100, 100)])
    assert change.low == pytest.approx(-100 * (1 - 0.025 ** (1 / 30)))
    assert change.high == pytest.approx(100 * (1 - 0.025 ** (1 / 30)))
    [unbounded] = mean_intervals(np.zeros((30, 1)), seed=0)
    assert (unbounded.low, unbounded.high) == (0, 0)
