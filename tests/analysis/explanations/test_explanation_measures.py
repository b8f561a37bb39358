"""What is measured of maps and gradients, as laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jpegproof.analysis.explanations.measures import (
    GRADIENT_MEASURES,
    MAP_MEASURES,
    MOST_DECIBELS,
    centre_shift,
    compare_gradients,
    compare_maps,
    rank_correlation,
    signal_to_noise,
    spread,
    top_overlap,
)

WHOLE = st.integers(0, 9).map(float)
MAPS = arrays(np.float64, (6, 8), elements=WHOLE).filter(lambda values: np.ptp(values) > 0)
GRADIENTS = arrays(np.float64, (3, 4, 5), elements=st.integers(-9, 9).map(float)).filter(lambda values: values.any())


@given(MAPS)
def test_a_map_beside_itself_is_the_same(found):
    values = compare_maps(found, found)
    assert values["cam_rank_correlation"] == pytest.approx(1)
    assert values["cam_top_tenth_overlap"] == 100
    assert values["cam_centre_shift"] == 0
    assert values["cam_spread_change"] == 0


@given(MAPS, MAPS, st.floats(0.01, 100))
def test_no_measure_of_maps_knows_their_scale(found, clean, scale):
    once, again = compare_maps(found, clean), compare_maps(found * scale, clean)
    for measure in MAP_MEASURES:
        assert again[measure] == pytest.approx(once[measure], abs=1e-6)


@given(MAPS, MAPS)
def test_correlation_overlap_and_shift_do_not_ask_which_map_is_the_clean_one_and_keep_their_ranges(one, other):
    for measure, least, most in ((rank_correlation, -1, 1), (top_overlap, 0, 100), (centre_shift, 0, 100)):
        assert measure(one, other) == pytest.approx(measure(other, one))
        assert least - 1e-9 <= measure(one, other) <= most + 1e-9


@given(MAPS, MAPS)
def test_rank_correlation_is_that_of_counted_ranks(one, other):
    def ranks(values):
        flat = values.ravel().tolist()
        return [sum(b < a for b in flat) + (sum(b == a for b in flat) - 1) / 2 for a in flat]

    assert rank_correlation(one, other) == pytest.approx(np.corrcoef(ranks(one), ranks(other))[0, 1])


def test_a_rising_function_leaves_the_rank_correlation_at_1_and_a_falling_one_at_minus_1():
    found = np.random.default_rng(0).random((5, 7))
    assert rank_correlation(np.exp(9 * found), found) == pytest.approx(1)
    assert rank_correlation(1 / found, found) == pytest.approx(-1)


def test_the_top_is_a_tenth_of_the_places_and_none_of_value_0():
    clean = np.arange(100, dtype=float).reshape(10, 10)
    half = clean.copy()
    half.ravel()[[95, 96, 97, 98, 99]] = 0
    half.ravel()[[0, 1, 2, 3, 4]] = 200
    assert top_overlap(half, clean) == pytest.approx(100 * 5 / 15)
    few = np.zeros((10, 10))
    few[9, 9] = 1
    assert top_overlap(few, clean) == pytest.approx(10)


def test_the_shift_is_in_percent_of_the_diagonal():
    one, other = np.zeros((30, 40)), np.zeros((30, 40))
    one[3, 4], other[6, 8] = 1, 7
    assert centre_shift(one, other) == pytest.approx(100 * 5 / 50)


@pytest.mark.parametrize("places", [1, 7, 48])
def test_spread_is_the_share_of_the_picture_that_an_even_map_covers(places):
    found = np.zeros(48)
    found[:places] = 3
    assert spread(found.reshape(6, 8)) == pytest.approx(100 * places / 48)


@given(MAPS, arrays(np.float64, (3, 3), elements=WHOLE).filter(lambda kernel: kernel.any()))
def test_no_blur_lowers_the_spread(found, kernel):
    kernel = kernel / kernel.sum()
    blurred = sum(kernel[y, x] * np.roll(found, (y - 1, x - 1), (0, 1)) for y in range(3) for x in range(3))
    assert spread(np.asarray(blurred)) >= spread(found) - 1e-9


@given(GRADIENTS, st.floats(0.01, 100))
def test_a_gradient_beside_itself_at_any_scale_has_no_noise(clean, scale):
    assert signal_to_noise(clean * scale, clean) == MOST_DECIBELS


@given(GRADIENTS, GRADIENTS)
def test_signal_to_noise_is_told_by_the_cosine(found, clean):
    cosine = float((found * clean).sum() / np.linalg.norm(found) / np.linalg.norm(clean))
    wanted = MOST_DECIBELS if cosine >= 1 - 1e-11 else -10 * math.log10(1 - max(cosine, 0) ** 2)
    assert signal_to_noise(found, clean) == pytest.approx(wanted, abs=1e-3)


def test_the_turned_gradient_has_no_signal_and_even_noise_has_0_decibels():
    clean = np.random.default_rng(1).normal(size=(3, 20, 20))
    noise = np.random.default_rng(2).normal(size=clean.shape)
    noise -= clean * (noise * clean).sum() / (clean * clean).sum()
    assert signal_to_noise(-clean, clean) == pytest.approx(0)
    noise *= np.linalg.norm(clean) / np.linalg.norm(noise)
    assert signal_to_noise(clean + noise, clean) == pytest.approx(10 * math.log10(2))
    assert signal_to_noise(1e-30 * clean, clean) == MOST_DECIBELS  # squares of such values would be 0


def test_ranks_are_of_what_a_gradient_looks_like_and_noise_is_of_the_gradient_itself():
    clean = np.random.default_rng(1).normal(size=(3, 6, 7))
    values = compare_gradients(-clean[::-1], clean)
    assert values["gradient_rank_correlation"] == pytest.approx(1)
    assert values["gradient_snr"] == pytest.approx(signal_to_noise(-clean[::-1], clean)) != MOST_DECIBELS


def test_what_says_nothing_has_no_measure():
    empty, some = np.zeros((4, 4)), np.eye(4)
    for found, clean in ((empty, some), (some, empty), (np.eye(5), some)):
        assert all(math.isnan(value) for value in compare_maps(found, clean).values())
    for found, clean in ((empty, some), (some, empty), (np.eye(5), some)):
        assert all(math.isnan(value) for value in compare_gradients(found[None], clean[None]).values())
    assert math.isnan(rank_correlation(np.ones((4, 4)), some))
    assert set(compare_gradients(some[None], some[None])) == set(GRADIENT_MEASURES)
