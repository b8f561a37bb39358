"""Verdicts only where a detector of fakes is sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from jpegproof.analysis.unsure import BANDS, unsure_bands

SCORES = [0.02, 0.25, 0.45, 0.5, 0.55, 0.85, 0.97, 0.99, None]
LABELS = [0, 0, 1, 1, 0, 1, 1, None, None]


def bands(scores: Sequence[float | None], labels: Sequence[int | None]) -> dict[float, dict[str, Any]]:
    table = pa.table({"label": pa.array(labels, pa.int32()), "score": pa.array(scores, pa.float64())})
    return {row["band"]: row for row in unsure_bands(table, 0)}


def test_each_band_leaves_out_the_pictures_whose_scores_lie_in_it():
    found = bands(SCORES, LABELS)
    assert list(found) == list(BANDS)
    # Verdicts of the seven with a label: wrong at 0.45, 0.5 (not fake) and 0.55.
    for band, decided, right, labelled in ((0.0, 8, 4, 7), (0.1, 5, 4, 4), (0.3, 4, 3, 3), (0.45, 3, 2, 2)):
        assert found[band]["coverage"] == pytest.approx(100 * decided / 8)
        assert found[band]["accuracy"] == pytest.approx(100 * right / labelled)
        assert (found[band]["n"], found[band]["n_decided"]) == (8, labelled)


def test_a_score_on_the_border_of_a_band_is_sure_enough():
    assert bands([0.75, 0.25, 0.5, 0.5], [1, 0, 1, 0])[0.2]["coverage"] == 50.0
    table = pa.table({"label": pa.array([1], pa.int32()), "score": pa.array([0.5], pa.float32())})
    assert next(iter(unsure_bands(table, 0)))["coverage"] == 100.0


def test_intervals_hold_the_numbers_and_widen_where_few_have_a_verdict():
    scores = [(0.05 + 0.9 * place / 39) for place in range(40)]
    found = bands(scores, [int(place % 4 != 0) for place in range(40)])
    widths = []
    for band in BANDS[:4]:
        row = found[band]
        assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
        widths.append(row["accuracy_high"] - row["accuracy_low"])
        if band:
            assert row["coverage_low"] < row["coverage"] < row["coverage_high"]
    assert widths == sorted(widths)
    assert found[0.0]["coverage"] == 100.0
    assert found[0.0]["coverage_low"] is None


def test_where_nobody_is_sure_there_is_no_accuracy():
    found = bands([0.5, 0.48, 0.52], [0, 1, 1])
    assert found[0.45]["coverage"] == 0.0
    assert found[0.45]["accuracy"] is None
    assert found[0.45]["accuracy_low"] is None
    assert found[0.45]["n_decided"] == 0


def test_without_labels_there_is_coverage_alone():
    found = bands([0.1, 0.9, 0.5], [None, None, None])
    assert found[0.2]["coverage"] == pytest.approx(200 / 3)
    assert found[0.2]["accuracy"] is None
