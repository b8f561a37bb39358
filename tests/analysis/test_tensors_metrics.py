"""The metrics of tensors whose meaning is not known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.tensors import RelativeDistance, tensors_metrics


def metrics_of(moved: list[float | None], apart: list[float | None]) -> dict[str, object]:
    answers = pa.table({"distance": pa.array(moved, pa.float32())})
    reference = pa.table({"apart": pa.array(apart, pa.float32())})
    return dict(tensors_metrics(answers, reference))


def test_the_relative_distance_is_that_of_the_distance_between_pictures_and_agreement_is_the_rest():
    metrics = metrics_of([1.0, 2.0, None, 5.0], [4.0, 8.0, 4.0, None])
    relative, agreement = metrics["relative_distance"], metrics["agreement"]
    assert isinstance(relative, RelativeDistance)
    assert isinstance(agreement, RelativeDistance)
    assert relative.usable.tolist() == [True, True, False, False]
    # Pictures are added up before they are divided.
    weights = np.array([[1.0, 1, 1, 1], [3, 0, 9, 9]])
    assert relative.values(weights).tolist() == pytest.approx([25.0, 25.0])
    assert agreement.values(weights).tolist() == pytest.approx([75.0, 75.0])
    assert relative.values(np.array([[2.0, 1, 0, 0]])) == pytest.approx([100 * 4 / 16])
    assert np.array_equal(metrics["distance"], [1.0, 2.0, np.nan, 5.0], equal_nan=True)  # pyright: ignore


def test_it_has_an_interval():
    rng = np.random.default_rng(0)
    metrics = metrics_of(list(rng.uniform(0.9, 1.1, 50)), [2.0] * 50)
    interval = Resamples(0).interval(metrics["relative_distance"])  # pyright: ignore
    assert interval.n == 50
    assert interval.value == pytest.approx(50, abs=1)
    assert 47 < interval.low < interval.value < interval.high < 53  # pyright: ignore


def test_where_all_pictures_are_answered_alike_nothing_is_relative():
    assert set(metrics_of([0.0, 0.0], [0.0, 0.0])) == {"distance"}
    assert set(metrics_of([0.1], [None])) == {"distance"}
    only = metrics_of([1.0, 1.0], [0.0, 2.0])["relative_distance"]
    assert isinstance(only, RelativeDistance)
    assert np.isnan(only.values(np.array([[1.0, 0.0]]))).all()
