"""Intervals hold what they promise, and comparisons are paired."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jpegproof.analysis.bootstrap import Interval, mean_intervals


def ends(interval: Interval) -> tuple[float, float]:
    """The two ends of an interval that has them."""
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def one(values, seed=0):
    return mean_intervals(np.array(values, dtype=float)[:, None], seed)[0]


def test_the_interval_of_a_share_is_near_the_binomial_one():
    values = np.zeros(500)
    values[:300] = 100.0
    interval = one(values)
    half = 1.96 * 100 * math.sqrt(0.6 * 0.4 / 500)
    assert interval.value == 60.0
    assert interval.low == pytest.approx(60 - half, abs=0.6)
    assert interval.high == pytest.approx(60 + half, abs=0.6)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    random = np.random.default_rng(1)
    samples = np.where(random.random((200, 300)) < 0.3, 100.0, 0.0)
    covered = [low <= 30 <= high for low, high in map(ends, mean_intervals(samples, 5))]
    assert 0.90 <= np.mean(covered) <= 0.985


def test_the_same_seed_gives_the_same_interval_whatever_stands_beside_it():
    values = np.random.default_rng(2).normal(size=(50, 3))
    together = mean_intervals(values, 3)
    alone = [one(values[:, column], 3) for column in range(3)]
    assert [interval.low for interval in alone] == pytest.approx([interval.low for interval in together])
    assert one(values[:, 0], 4).low != pytest.approx(together[0].low)


def test_a_paired_difference_is_far_narrower_than_two_intervals():
    random = np.random.default_rng(3)
    first = (random.random(400) < 0.5) * 100.0
    second = first.copy()
    second[:12] = 100.0 - second[:12]
    paired = one(second - first)
    assert np.diff(ends(paired)) < 0.5 * np.diff(ends(one(first)))


def test_pictures_that_do_not_count_change_neither_value_nor_number():
    interval = one([100.0, 0.0, np.nan, np.nan])
    assert (interval.value, interval.n) == (50.0, 2)


def test_without_pictures_there_is_no_number_and_with_one_no_interval():
    assert one([np.nan, np.nan]).value is None
    assert one([]).n == 0
    alone = one([100.0, np.nan])
    assert (alone.value, alone.low, alone.high) == (100.0, None, None)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40))
def test_the_interval_lies_within_the_values(values):
    interval = one(values)
    low, high = ends(interval)
    slack = 1e-9 * (1 + max(map(abs, values)))
    assert min(values) - slack <= low <= high <= max(values) + slack


def test_resamples_handled_in_pieces_are_the_same_resamples(monkeypatch):
    values = np.random.default_rng(4).normal(size=(60, 1))
    whole = mean_intervals(values, 0)
    monkeypatch.setattr("jpegproof.analysis.bootstrap._CHUNK_BYTES", 8 * 60 * 7)
    assert mean_intervals(values, 0)[0].low == pytest.approx(whole[0].low)
