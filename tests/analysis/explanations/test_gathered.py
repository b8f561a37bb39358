"""Means, intervals and paired differences of explanations."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from jpegproof.analysis.bootstrap import mean_intervals
from jpegproof.analysis.explanations.gathered import Gathered
from jpegproof.analysis.explanations.measures import MEASURES
from jpegproof.analysis.explanations.rows import ExplanationComparison, ExplanationRow, read_explanations
from jpegproof.analysis.rows import write_rows
from jpegproof.exceptions import StoreError
from jpegproof.studies.plan import Edge

NONE = Edge("net", "none", "identity")
CURE = Edge("net", "off_the_shelf", "restorer")
TUNED = Edge("net", "supervised_fine_tuning", "identity", "tuned")


def gathered(none: list[float], cure: list[float], block: int = 1, order: range = range(50)) -> Gathered:
    """Pictures 3, 4, 5, ... of which one measure is given; NaN and less where it is not."""
    made = Gathered("classification", "photos", 7, order, block)
    for place, (without, cured) in enumerate(zip(none, cure, strict=True)):
        made.add(
            3 + place,
            {
                (NONE, 10): {} if math.isnan(without) else {"gradient_snr": without},
                (CURE, 10): {"gradient_snr": cured, "cam_centre_shift": 4.0},
                (TUNED, None): {"gradient_snr": 1.0},
            },
        )
    return made


def test_means_count_the_pictures_that_have_a_value_and_those_that_have_none():
    rows = gathered([1.0, math.nan, 3.0], [2.0, 4.0, 3.0]).rows()
    assert len(rows) == 3 * len(MEASURES)
    (none,) = [row for row in rows if row.mitigation == "none" and row.measure == "gradient_snr"]
    assert (none.value, none.n, none.n_skipped, none.quality, none.seed) == (2.0, 2, 1, 10, 7)
    (empty,) = [row for row in rows if row.mitigation == "none" and row.measure == "cam_centre_shift"]
    assert (empty.value, empty.ci_low, empty.n, empty.n_skipped) == (None, None, 0, 3)
    (tuned,) = [row for row in rows if row.quality is None and row.measure == "gradient_snr"]
    assert (tuned.mitigation, tuned.value, tuned.n) == ("supervised_fine_tuning", 1.0, 3)


def test_intervals_are_those_of_the_chosen_pictures():
    values = np.random.default_rng(0).normal(size=9)
    (row,) = [
        row
        for row in gathered(values.tolist(), values.tolist()).rows()
        if (row.mitigation, row.measure) == ("none", "gradient_snr")
    ]
    (wanted,) = mean_intervals(values[:, None], 7)
    assert (row.value, row.ci_low, row.ci_high) == (wanted.value, wanted.low, wanted.high)


def test_differences_are_of_the_same_pictures():
    found = gathered([1.0, math.nan, 3.0], [2.0, 90.0, 4.5]).comparisons()
    (difference,) = [row for row in found if row.measure == "gradient_snr"]
    assert (difference.mitigation, difference.corrector, difference.quality) == ("off_the_shelf", "restorer", 10)
    assert (difference.difference, difference.n) == (1.25, 2)
    assert {row.mitigation for row in found} == {"off_the_shelf"}  # the originals have no row without a cure


def test_pictures_that_follow_each_other_are_drawn_together():
    values = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0]
    alone = gathered(values, values).rows()
    together = gathered(values, values, block=6, order=range(3, 15)).rows()
    for one, block in zip(alone, together, strict=True):
        if (one.mitigation, one.measure) == ("none", "gradient_snr"):
            assert one.ci_low is not None
            assert block.ci_low is not None
            assert (block.value, block.n) == (one.value, 12)
            assert block.ci_low < one.ci_low


def test_rows_are_read_back_as_they_were_written(tmp_path: Path):
    made = gathered([1.0, math.nan, 3.0], [2.0, 4.0, 4.5])
    path = tmp_path / "rows.csv"
    assert read_explanations(path, ExplanationRow) == []
    write_rows(path, ExplanationRow, made.rows())
    back = read_explanations(path, ExplanationRow)
    assert [(row.measure, row.quality, row.n, row.value) for row in back] == [
        (row.measure, row.quality, row.n, row.value) for row in made.rows()
    ]
    with pytest.raises(StoreError, match="cannot be read"):
        read_explanations(path, ExplanationComparison)
