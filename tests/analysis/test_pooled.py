"""Metrics that are no means over pictures: their intervals, differences and gaps, all in the same resamples."""

from __future__ import annotations

import numpy as np
import pytest

from jpegproof.analysis.bootstrap import mean_intervals, ratio_intervals
from jpegproof.analysis.pooled import Resamples


class Mean:
    """A mean dressed up as a pooled metric, for which the answer is known; counts how often it is worked out."""

    def __init__(self, column: np.ndarray) -> None:
        self.column = column
        self.usable = np.isfinite(column)
        self.asked = 0

    def values(self, weights: np.ndarray) -> np.ndarray:
        self.asked += len(weights)
        filled = np.where(self.usable, self.column, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (weights @ filled) / (weights @ self.usable)


def columns(count: int = 3, pictures: int = 40) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    base = random.normal(50, 10, pictures)
    return [base + place * 5 + random.normal(0, 3, pictures) for place in range(count)]


def test_a_mean_has_the_interval_of_a_mean():
    [column] = columns(1)
    [expected] = mean_intervals(column[:, None], seed=4, resamples=1000)
    found = Resamples(4).interval(Mean(column))
    assert (found.value, found.low, found.high, found.n) == pytest.approx(
        (expected.value, expected.low, expected.high, expected.n)
    )


def test_a_difference_is_paired():
    first, second, _ = columns()
    [expected] = mean_intervals((second - first)[:, None], seed=4, resamples=1000)
    found = Resamples(4).difference(Mean(first), Mean(second))
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_a_difference_is_over_the_pictures_that_count_for_both():
    first, second, _ = columns()
    first[:5], second[-7:] = np.nan, np.nan
    found = Resamples(0).difference(Mean(first), Mean(second))
    both = np.isfinite(first) & np.isfinite(second)
    assert found.n == 28
    assert found.value == pytest.approx((second - first)[both].mean())


def test_the_share_of_a_gap_is_that_of_means():
    without, cured, original = columns()
    expected = ratio_intervals(cured - without, original - without, seed=2, resamples=1000)
    found, gap = Resamples(2).gap_closed([Mean(original)], [Mean(without)], [Mean(cured)])
    assert expected.low is not None
    assert expected.high is not None
    assert expected.value is not None
    assert (found.value, found.low, found.high) == pytest.approx(
        (100 * expected.value, 100 * expected.low, 100 * expected.high)
    )
    assert gap == pytest.approx((original - without).mean())


def test_qualities_are_pooled_by_the_gap_that_they_have():
    flat = np.full(30, 50.0) + np.arange(30) / 100
    found, gap = Resamples(0).gap_closed(
        [100.0, 100.0], [Mean(flat), Mean(flat + 30)], [Mean(flat + 10), Mean(flat + 35)]
    )
    both = (50.0 - np.arange(30).mean() / 100) + (20.0 - np.arange(30).mean() / 100)
    assert found.value == pytest.approx(100 * 15 / both)
    assert gap == pytest.approx(both / 2)


def test_a_gap_that_cannot_be_told_from_none_has_no_interval():
    random = np.random.default_rng(0)
    without = random.normal(50, 10, 20)
    found, _ = Resamples(0).gap_closed(
        [Mean(without + random.normal(0.1, 5, 20))], [Mean(without)], [Mean(without + 1)]
    )
    assert found.low is None
    assert found.high is None
    none, gap = Resamples(0).gap_closed([Mean(without - 1)], [Mean(without)], [Mean(without)])
    assert none.value is None
    assert gap == pytest.approx(-1)


def test_a_metric_that_cannot_be_computed_has_no_value():
    nothing = Mean(np.full(4, np.nan))
    assert Resamples(0).interval(nothing).value is None
    assert Resamples(0).difference(nothing, Mean(np.ones(4))).value is None
    assert Resamples(0).gap_closed([100.0], [nothing], [nothing])[0].value is None


def test_each_metric_is_worked_out_once_however_often_it_is_compared():
    metrics = [Mean(column) for column in columns()]
    resamples = Resamples(0, resamples=50)
    for first in metrics:
        resamples.interval(first)
        for second in metrics:
            resamples.difference(first, second)
    resamples.gap_closed([metrics[2]], [metrics[0]], [metrics[1]])
    assert [metric.asked for metric in metrics] == [51, 51, 51]


@pytest.mark.parametrize("pictures", [1, 40, 3000])
def test_draws_that_are_too_many_to_be_kept_are_the_same(monkeypatch: pytest.MonkeyPatch, pictures: int):
    metrics = [Mean(column) for column in columns(3, pictures)]
    kept = [Resamples(0, 50).interval(metric) for metric in metrics]
    monkeypatch.setattr("jpegproof.analysis.pooled._KEPT_BYTES", 0)
    drawn_anew = Resamples(0, 50)
    assert [drawn_anew.interval(metric) for metric in metrics] == kept
