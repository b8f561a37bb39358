"""Numbers of each class: their intervals, what is lost of them, and how classes are called."""

from __future__ import annotations

import numpy as np
import pytest

from jpegproof.analysis.bootstrap import mean_intervals
from jpegproof.analysis.by_class import OneByOne, class_differences, class_intervals, class_labels
from jpegproof.analysis.classification import ClassAccuracy
from jpegproof.analysis.pooled import Resamples

LABELS = np.array([0.0, 1, 1, 0, 1, 5, 5, np.nan, 1, 0])
RIGHT = np.array([100.0, 0, 100, 0, 100, 100, 100, np.nan, 0, 100])


class Mean:
    """The mean of some numbers as a pooled metric."""

    def __init__(self, column: np.ndarray) -> None:
        self.column = np.nan_to_num(column)
        self.usable = np.isfinite(column)

    def values(self, weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return weights @ self.column / (weights @ self.usable)


def test_the_accuracy_of_a_class_is_the_mean_over_its_pictures():
    found = class_intervals(ClassAccuracy(RIGHT, LABELS, {0: "cat", 1: "dog"}), Resamples(3))
    assert {name: interval.n for name, interval in found.items()} == {"cat": 3, "dog": 4, "5": 2}
    for name, label in (("cat", 0), ("dog", 1)):
        [expected] = mean_intervals(np.where(label == LABELS, RIGHT, np.nan)[:, None], 3, 1000)
        assert found[name].value == pytest.approx(expected.value)
        assert (found[name].low, found[name].high) == pytest.approx((expected.low, expected.high))


def test_a_class_that_is_always_right_may_have_been_lucky():
    found = class_intervals(ClassAccuracy(RIGHT, LABELS, {}), Resamples(0))["5"]
    [expected] = mean_intervals(np.array([[100.0], [100.0]]), 0, ranges=[(0.0, 100.0)])
    assert (found.value, found.low, found.high) == pytest.approx((100, expected.low, 100))
    never = class_intervals(ClassAccuracy(0 * RIGHT, LABELS, {}), Resamples(0))["5"]
    assert (never.value, never.low, never.high) == pytest.approx((0, 0, 100 - (expected.low or 0)))


def test_one_pooled_metric_a_class_will_do():
    columns = {"a": np.where(LABELS == 0, RIGHT, np.nan), "b": np.where(LABELS == 1, RIGHT, np.nan)}
    metric = OneByOne({name: Mean(column) for name, column in columns.items()}, np.array([3, 4]))
    assert metric.usable.sum() == 7
    found = class_intervals(metric, Resamples(0))
    same = class_intervals(ClassAccuracy(RIGHT, LABELS, {0: "a", 1: "b"}), Resamples(0))
    assert found == {"a": same["a"], "b": same["b"]}


def test_a_class_of_one_picture_has_no_interval():
    metric = ClassAccuracy(np.array([100.0, 0]), np.array([0.0, 1]), {})
    assert [(item.value, item.low, item.n) for item in class_intervals(metric, Resamples(0)).values()] == [
        (100, None, 1),
        (0, None, 1),
    ]


def test_what_is_lost_is_told_over_the_pictures_that_count_for_both():
    before = ClassAccuracy(np.full(10, 100.0), np.where(np.isnan(LABELS), 7, LABELS), {0: "cat"})
    after = ClassAccuracy(np.where(np.arange(10) == 0, np.nan, RIGHT), LABELS, {0: "cat"})
    found = class_differences(before, after, Resamples(0))
    assert set(found) == {"cat", "1", "5"}
    assert (found["cat"].value, found["cat"].n) == (-50.0, 2)
    assert (found["5"].value, found["5"].low, found["5"].high) == (0, 0, 0)


def test_classes_that_share_a_name_keep_their_numbers():
    assert class_labels([1, 2, 7], {1: "crane", 2: "crane", 3: "none"}) == ["crane (1)", "crane (2)", "7"]
