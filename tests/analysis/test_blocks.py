"""Pictures that follow each other: resampled in blocks, and looked at block by block."""

from __future__ import annotations

import numpy as np
import pytest

from jpegproof.analysis.blocks import blocks_of, by_block
from jpegproof.analysis.bootstrap import mean_intervals, ratio_intervals, resampling_weights
from jpegproof.analysis.gaps import gap_closed
from jpegproof.analysis.pooled import Resamples


class Mean:
    """A mean dressed up as a pooled metric."""

    def __init__(self, column: np.ndarray) -> None:
        self.column = column
        self.usable = np.isfinite(column)

    def values(self, weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (weights @ np.where(self.usable, self.column, 0.0)) / (weights @ self.usable)


def weights_of(pictures: int, block: int, resamples: int = 200) -> np.ndarray:
    return np.concatenate(list(resampling_weights(pictures, 3, resamples, block)))


def test_the_pictures_of_a_block_come_together():
    weights = weights_of(23, 5)
    for begin in range(0, 23, 5):
        assert (weights[:, begin : begin + 5] == weights[:, [begin]]).all()
    assert (weights[:, ::5].sum(axis=1) == 5).all()
    assert weights.shape == (200, 23)


def test_blocks_of_one_are_the_pictures_themselves():
    assert np.array_equal(weights_of(23, 1), np.concatenate(list(resampling_weights(23, 3, 200))))


def test_frames_that_are_alike_count_once():
    """Each of 20 values, ten times over: the interval is that of the 20."""
    values = np.random.default_rng(0).normal(50, 10, 20)
    [alone] = mean_intervals(values[:, None], seed=1)
    column = np.repeat(values, 10)
    [blocked] = mean_intervals(column[:, None], seed=1, block=10)
    [naive] = mean_intervals(column[:, None], seed=1)
    assert (blocked.value, blocked.low, blocked.high) == pytest.approx((alone.value, alone.low, alone.high))
    assert blocked.n == 200
    assert naive.high is not None
    assert naive.low is not None
    assert alone.high is not None
    assert alone.low is not None
    assert naive.high - naive.low < 0.5 * (alone.high - alone.low)
    pooled = Resamples(1, block=10).interval(Mean(column))
    [same] = mean_intervals(column[:, None], seed=1, resamples=1000, block=10)
    assert (pooled.value, pooled.low, pooled.high) == pytest.approx((same.value, same.low, same.high))


def test_differences_and_shares_are_drawn_in_the_same_blocks():
    random = np.random.default_rng(0)
    without = np.repeat(random.normal(50, 5, 12), 4)
    cured, original = without + np.repeat(random.normal(5, 1, 12), 4), without + 10
    resamples = Resamples(2, block=4)
    [expected] = mean_intervals((cured - without)[:, None], seed=2, resamples=1000, block=4)
    found = resamples.difference(Mean(without), Mean(cured))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    of_means, gap = gap_closed([original], [without], [cured], seed=2, block=4)
    ratio = ratio_intervals(cured - without, original - without, seed=2, block=4)
    assert ratio.low is not None
    assert (of_means.low, gap) == pytest.approx((100 * ratio.low, 10.0))
    pooled, _ = resamples.gap_closed([Mean(original)], [Mean(without)], [Mean(cured)])
    expected = ratio_intervals(cured - without, original - without, seed=2, resamples=1000, block=4)
    assert expected.low is not None
    assert expected.high is not None
    assert (pooled.low, pooled.high) == pytest.approx((100 * expected.low, 100 * expected.high))


def test_one_block_says_nothing_of_the_next():
    column = np.arange(10.0)
    assert mean_intervals(column[:, None], seed=0, block=10)[0].low is None
    assert ratio_intervals(column, column + 1, seed=0, block=10).low is None
    assert Resamples(0, block=10).interval(Mean(column)).low is None
    assert Resamples(0, block=10).gap_closed([Mean(column + 9)], [Mean(column)], [Mean(column + 1)])[0].low is None
    # Of two blocks one holds no picture that counts.
    half = np.where(np.arange(20) < 10, np.arange(20.0), np.nan)
    assert mean_intervals(half[:, None], seed=0, block=10)[0].low is None
    assert Resamples(0, block=10).interval(Mean(half)).low is None


def test_where_all_are_alike_the_width_is_that_of_so_many_blocks():
    shares = np.full((30, 1), 100.0)
    [blocked] = mean_intervals(shares, seed=0, ranges=[(0, 100)], block=10)
    [three] = mean_intervals(shares[:3], seed=0, ranges=[(0, 100)])
    assert blocked.low == pytest.approx(three.low)


def test_a_metric_by_block_is_that_of_the_blocks_pictures():
    column = np.array([1.0, 2, 3, np.nan, 5, 6, 7])
    counted = np.isfinite(column) & (column != 6)
    expected = [1.5, 3.0, 5.0, 7.0]
    assert [list(places) for places in blocks_of(7, 2)] == [[0, 1], [2, 3], [4, 5], [6]]
    assert by_block(column, counted, 2).tolist() == expected
    assert by_block(Mean(column), counted, 2).tolist() == expected
    assert np.isnan(by_block(column, counted & (column > 2), 2)[0])
