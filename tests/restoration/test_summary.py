"""Numbers of a set are means over its pictures, and gains are paired."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jpegproof.analysis.bootstrap import mean_intervals
from jpegproof.restoration.rows import Number, Score
from jpegproof.restoration.summary import numbers_of


def scores_of(values: dict[str, list[float]], metric: str = "colour_psnr", quality: int = 10) -> list[Score]:
    return [
        Score("set", f"picture-{place}", quality, "4:2:0", corrector, metric, value)
        for place in range(len(next(iter(values.values()))))
        for corrector, column in values.items()
        for value in [column[place]]
    ]


def by_name(numbers: list[Number]) -> dict[tuple[str, str], Number]:
    return {(number.corrector, number.metric): number for number in numbers}


def test_a_gain_is_the_mean_difference_on_the_same_pictures_with_a_paired_interval():
    without, cured = [20.0, 30.0, 40.0, 50.0], [21.0, 31.5, 41.0, 51.5]
    numbers = by_name(numbers_of(scores_of({"identity": without, "cure": cured}), n_skipped=2, seed=3))
    assert numbers["identity", "colour_psnr"].value == pytest.approx(35)
    gain = numbers["cure", "colour_psnr_gain"]
    (expected,) = mean_intervals((np.array(cured) - without)[:, None], seed=3)
    assert (gain.value, gain.ci_low, gain.ci_high) == (expected.value, expected.low, expected.high)
    assert gain.ci_high is not None
    assert gain.ci_low is not None
    assert gain.ci_high - gain.ci_low < 1  # the pictures themselves differ by 30
    assert (gain.n, gain.n_skipped) == (4, 2)
    assert ("identity", "colour_psnr_gain") not in numbers


def test_qualities_and_metrics_stay_apart():
    scores = scores_of({"identity": [20.0, 22.0]}) + scores_of({"identity": [30.0, 34.0]}, quality=50)
    scores += scores_of({"identity": [0.5, 0.7]}, metric="colour_ssim_box")
    found = {(number.quality, number.metric): number.value for number in numbers_of(scores, 0, 0)}
    assert found == pytest.approx({(10, "colour_psnr"): 21, (50, "colour_psnr"): 32, (10, "colour_ssim_box"): 0.6})


@pytest.mark.filterwarnings("error")
def test_a_picture_that_came_back_exactly_does_not_count_for_psnr():
    numbers = by_name(numbers_of(scores_of({"identity": [20.0, math.inf], "cure": [24.0, math.inf]}), 0, 0))
    assert (numbers["cure", "colour_psnr"].value, numbers["cure", "colour_psnr"].n) == (24, 1)
    assert (numbers["cure", "colour_psnr_gain"].value, numbers["cure", "colour_psnr_gain"].n) == (4, 1)


def test_a_picture_without_a_metric_does_not_count_for_it():
    scores = scores_of({"identity": [20.0, 30.0, 40.0]})
    scores = scores[1:] + scores_of({"identity": [0.1, 0.2, 0.3]}, metric="luma_ssim_box")
    found = {number.metric: (number.value, number.n) for number in numbers_of(scores, 0, 0)}
    assert found["colour_psnr"] == (35, 2)
    assert found["luma_ssim_box"] == (pytest.approx(0.2), 3)


def test_without_scores_there_are_no_numbers():
    assert numbers_of([], 5, 0) == []
