"""The standard's tables against libjpeg's own, and the quality that a file's tables are nearest to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jpeg_files import file_bytes, smooth_picture, tables_in

from jpegproof.jpeg.tables import chroma_table, estimate_quality, luma_table

QUALITIES = range(1, 101)


@pytest.mark.parametrize("quality", QUALITIES)
def test_the_tables_are_those_that_libjpeg_writes(quality: int):
    written = tables_in(file_bytes(smooth_picture(8, 8), quality=quality))
    assert (luma_table(quality) == written[0]).all()
    assert (chroma_table(quality) == written[1]).all()


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_finer_quality_never_has_a_coarser_step(first: int, second: int):
    coarse, fine = sorted((first, second))
    assert (luma_table(fine) <= luma_table(coarse)).all()
    assert (chroma_table(fine) <= chroma_table(coarse)).all()


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_a_quality_outside_libjpegs_scale_is_refused(quality: int):
    for table in (luma_table, chroma_table):
        with pytest.raises(ValueError, match=f"{quality} is not a libjpeg quality"):
            table(quality)


def test_nobody_can_change_a_table_for_the_others():
    with pytest.raises(ValueError, match="read-only"):
        luma_table(50)[0, 0] = 1


@pytest.mark.parametrize("quality", QUALITIES)
def test_standard_tables_are_recognised_exactly(quality: int):
    for chroma in (chroma_table(quality), None):
        estimate = estimate_quality(luma_table(quality), chroma)
        assert (estimate.quality, estimate.fit_error) == (quality, 0)


@given(st.integers(10, 95), st.integers(0, 2**32 - 1))
def test_slightly_changed_tables_are_near_their_quality_and_do_not_fit_exactly(quality: int, seed: int):
    random = np.random.default_rng(seed)
    luma = luma_table(quality) + (random.random((8, 8)) < 0.1) * random.integers(0, 2, (8, 8))
    estimate = estimate_quality(luma, chroma_table(quality))
    assert abs(estimate.quality - quality) <= 1
    assert (estimate.fit_error > 0) == bool((luma != luma_table(quality)).any())


def test_tables_of_another_family_are_told_by_their_fit():
    flat = np.full((8, 8), 16)
    assert estimate_quality(flat).fit_error > 0.1


def test_flat_tables_are_of_better_quality_where_their_steps_are_finer():
    estimates = [estimate_quality(np.full((8, 8), step)).quality for step in (1, 4, 16, 64, 255)]
    assert all(finer > coarser for finer, coarser in pairwise(estimates))


def test_steps_beyond_baseline_are_of_the_lowest_quality():
    assert estimate_quality(np.full((8, 8), 65_535)).quality == 1


def test_luma_and_chroma_both_count():
    mixed = estimate_quality(luma_table(90), chroma_table(50))
    assert 50 <= mixed.quality < 90
    assert mixed.fit_error > 0.1
