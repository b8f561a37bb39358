"""How far pictures are apart, against loops that count."""

from __future__ import annotations

import math

import pytest
from jpeg_files import noise_picture

from jpegproof.analysis.parity.pixels import PixelDistance, pixel_distance, pooled


def test_a_distance_is_what_a_loop_over_all_values_counts():
    first, second = noise_picture(37, 11, 1), noise_picture(37, 11, 2)
    differences = [abs(int(a) - int(b)) for a, b in zip(first.ravel(), second.ravel(), strict=True)]
    found = pixel_distance(first, second, rows=8)
    assert found is not None
    assert found.mean_square == pytest.approx(sum(d * d for d in differences) / len(differences))
    assert found.mean == pytest.approx(sum(differences) / len(differences))
    assert found.largest == max(differences)


def test_equal_pictures_are_nothing_apart_and_other_sizes_are_not_compared():
    picture = noise_picture(9, 9)
    assert pixel_distance(picture, picture.copy()) == PixelDistance(0.0, 0.0, 0)
    assert pixel_distance(picture, picture[:8]) is None


def test_psnr_is_of_the_mean_of_mean_squares_not_the_mean_of_psnrs():
    found = pooled([PixelDistance(1.0, 0.5, 3), None, PixelDistance(99.0, 4.5, 40)])
    assert found.psnr == pytest.approx(10 * math.log10(255**2 / 50.0))
    assert (found.mean, found.largest, found.n) == (2.5, 40, 2)


def test_where_nothing_differs_or_nothing_was_compared_there_is_no_psnr():
    assert pooled([PixelDistance(0.0, 0.0, 0)]).psnr is None
    assert pooled([None]).n == 0
