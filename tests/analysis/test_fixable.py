"""A loss, split into what the best cure recovers and what remains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.drawn_halves import Drawn, drawn_means
from jpegproof.analysis.fixable import Split, split_loss
from jpegproof.analysis.halves import first_half
from jpegproof.analysis.pooled import Resamples

NAMES = [f"{number:04}.jpg" for number in range(400)]


def split(columns: list[np.ndarray], seed: int = 0, resamples: int = 300) -> Split:
    """Of pictures' numbers on the originals, without a cure, and with each."""
    first = first_half(NAMES[: len(columns[0])])
    [(counted, share, (originals, untreated, *cures))] = drawn_means(
        [np.stack(columns, axis=1)], first, seed, 1, resamples
    )
    n = int(counted.sum())
    found = split_loss(originals.whole, untreated, cures, share, n, n)
    assert found is not None
    return found


def known(interval: Interval) -> tuple[float, float, float]:
    assert interval.value is not None
    assert interval.low is not None
    assert interval.high is not None
    return interval.value, interval.low, interval.high


def noisy(random: np.random.Generator, mean: float, size: int = 400) -> np.ndarray:
    return random.normal(mean, 30, size)


def test_a_cure_that_is_plainly_best_recovers_what_it_gains_over_all_pictures():
    random = np.random.default_rng(0)
    base = noisy(random, 0)
    columns = [base + 80, base + 40, base + 50, base + 70 + random.normal(0, 1, 400)]
    found = split(columns)
    assert found.chosen == (1, 1)
    assert found.loss.value == pytest.approx(40)
    assert found.recovered.value == pytest.approx((columns[3] - columns[1]).mean())
    (lost, recovered, remaining) = (known(part) for part in (found.loss, found.recovered, found.remaining))
    assert recovered[0] + remaining[0] == pytest.approx(lost[0])
    assert recovered[1] < recovered[0] < recovered[2]


def test_the_loss_and_its_interval_are_those_of_a_paired_comparison():
    random = np.random.default_rng(1)
    columns = [noisy(random, 80), noisy(random, 60), noisy(random, 70)]
    columns[2][:7] = np.nan
    [expected] = mean_intervals((columns[0] - columns[1])[7:, None], seed=5, resamples=1)
    found = split(columns, seed=5)
    assert found.loss.n == 393
    assert found.loss.value == pytest.approx(expected.value)
    whole = np.where(np.isnan(columns[2]), np.nan, columns[0] - columns[1])
    [expected] = mean_intervals(whole[:, None], seed=5, resamples=300)
    assert (found.loss.low, found.loss.high) == pytest.approx((expected.low, expected.high))


def test_the_luckiest_of_many_cures_that_do_nothing_recovers_nothing():
    """Picking the best of 30 on the pictures that judge it would show a gain that is not there."""
    recovered, spurious, covered = [], [], 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        untreated = noisy(random, 50)
        cures = [untreated + random.normal(0, 10, 400) for _ in range(30)]
        found = split([untreated + 20, untreated, *cures], seed, 200)
        recovered.append(found.recovered.value)
        spurious.append(max((cure - untreated).mean() for cure in cures))
        _, low, high = known(found.recovered)
        covered += low <= 0 <= high
    error = np.std(recovered) / np.sqrt(len(recovered))
    assert np.mean(spurious) > 0.8  # points, of cures that gain none
    assert abs(np.mean(recovered)) < 3 * error
    assert np.mean(recovered) + 3 * error < 0.5 * np.mean(spurious)
    assert covered >= 52


def test_where_every_cure_does_harm_none_is_chosen_and_nothing_is_recovered():
    random = np.random.default_rng(3)
    base = noisy(random, 0)
    found = split([base + 80, base + 60, base + 40, base + 50])
    assert found.chosen == (-1, -1)
    assert found.recovered.value == 0
    assert found.remaining.value == pytest.approx(20)


def test_halves_that_choose_differently_are_judged_by_each_other():
    first = first_half(NAMES)
    untreated = np.zeros(400)
    one, other = np.where(first, 10.0, 2.0), np.where(first, 3.0, 8.0)
    found = split([np.full(400, 20.0), untreated, one, other])
    assert found.chosen == (0, 1)
    assert found.recovered.value == pytest.approx((3 + 2) / 2)  # and not (10 + 8) / 2
    assert found.remaining.value == pytest.approx(17.5)


def test_of_what_one_half_does_not_show_there_are_no_numbers():
    known, nothing = np.ones(3), np.full(3, np.nan)
    untreated, cure = Drawn(known, known, nothing), Drawn(2 * known, 2 * known, nothing)
    assert split_loss(3 * known, untreated, [cure], np.full(3, 0.5), 4, 4) is None


def test_pictures_count_where_every_edge_could_use_them():
    values = np.arange(12.0).reshape(6, 2)
    values[1, 1] = np.nan
    first = np.array([True, True, False, False, True, False])
    [(counted, share, (one, two))] = drawn_means([values], first, seed=0, block=1, resamples=3)
    assert counted.tolist() == [True, False, True, True, True, True]
    assert share[0] == pytest.approx(2 / 5)
    assert one.whole[0] == pytest.approx(np.mean([0, 4, 6, 8, 10]))
    assert (two.first[0], two.second[0]) == (pytest.approx(np.mean([1, 9])), pytest.approx(np.mean([5, 7, 11])))
    assert share.shape == one.whole.shape == (4,)


@dataclass(frozen=True, eq=False)
class Mean:
    """A mean over pictures that is told as a pooled metric."""

    each: np.ndarray
    usable: np.ndarray

    def values(self, weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return weights @ self.each / weights.sum(axis=1)


def test_fewer_resamples_of_a_half_are_the_first_ones_of_the_whole():
    random = np.random.default_rng(0)
    metric = Mean(random.normal(size=50), np.ones(50, dtype=bool))
    resamples = Resamples(0, 40)
    half = random.random(50) < 0.5
    every = resamples.drawn(metric, half)
    assert resamples.drawn(metric, half, 15) == pytest.approx(every[:16])
    assert resamples.drawn(metric, half, 99).shape == every.shape == (41,)
    assert resamples.values(metric, half).tolist() == every.tolist()
