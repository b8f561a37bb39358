"""PSNR-B against a loop that counts pairs of pixels one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jpeg_files import file_bytes, noise_picture, smooth_picture

from jpegproof.jpeg.codec import decode
from jpegproof.restoration.planes import studio_luma
from jpegproof.restoration.psnr import psnr
from jpegproof.restoration.psnr_b import blocking_effect, psnr_b


def counted_blocking_effect(plane: np.ndarray) -> float:
    """The definition, pair by pair."""
    height, width = plane.shape
    on_border, elsewhere = [], []
    for row in range(height):
        for column in range(width):
            if column + 1 < width:
                pair = (plane[row, column] - plane[row, column + 1]) ** 2
                (on_border if column // 8 != (column + 1) // 8 else elsewhere).append(pair)
            if row + 1 < height:
                pair = (plane[row, column] - plane[row + 1, column]) ** 2
                (on_border if row // 8 != (row + 1) // 8 else elsewhere).append(pair)
    if not on_border or not elsewhere:
        return 0.0
    excess = sum(on_border) / len(on_border) - sum(elsewhere) / len(elsewhere)
    return excess * math.log2(8) / math.log2(min(height, width)) if excess > 0 else 0.0


def blocky(height: int, width: int, seed: int) -> np.ndarray:
    """A plane whose blocks stand out above some noise."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 200, (-(-height // 8), -(-width // 8))).astype(float)
    return np.kron(blocks, np.ones((8, 8)))[:height, :width] + random.uniform(0, 20, (height, width))


@given(st.integers(2, 42), st.integers(2, 42), st.integers(0, 5))
def test_it_agrees_with_a_count_of_pixel_pairs_at_every_size(height, width, seed):
    for plane in (blocky(height, width, seed), np.random.default_rng(seed).uniform(0, 255, (height, width))):
        assert blocking_effect(plane) == pytest.approx(counted_blocking_effect(plane), rel=1e-9)


def test_blocks_stand_out_and_only_where_they_lie_on_the_grid():
    plane = blocky(48, 64, 0)
    assert blocking_effect(plane) > 1000
    assert blocking_effect(plane[4:, 4:]) == 0


def test_a_picture_of_one_block_has_no_borders():
    assert blocking_effect(noise_picture(8, 8)[..., 0].astype(float)) == 0


def test_a_ninth_column_makes_a_border():
    plane = np.zeros((8, 9))
    plane[:, 8] = 10
    # 8 pairs across the border; the shorter side is 8, so that the factor is 1.
    assert blocking_effect(plane) == pytest.approx(100)


def test_only_the_degraded_picture_is_searched_for_blocks():
    original = blocky(32, 32, 1).astype(np.uint8)
    smooth = np.full_like(original, 100)
    assert psnr_b(original, smooth) == psnr(original, smooth)
    assert psnr_b(smooth, original) < psnr(smooth, original)


def test_in_colour_the_error_is_that_of_rgb_and_the_blocks_are_those_of_studio_luma():
    original = smooth_picture(40, 50)
    picture = decode(file_bytes(original, quality=10)).pixels
    error = np.mean((original.astype(float) - picture) ** 2)
    expected = 10 * math.log10(255**2 / (error + counted_blocking_effect(studio_luma(picture))))
    assert psnr_b(original, picture) == pytest.approx(expected)
    assert psnr_b(original, picture) < psnr(original, picture)


def test_equal_pictures_without_blocks_are_infinitely_near():
    picture = np.full((16, 16), 9, dtype=np.uint8)
    assert psnr_b(picture, picture.copy()) == math.inf


def test_a_line_of_pixels_is_refused():
    with pytest.raises(ValueError, match="both sides must be 2 or more"):
        blocking_effect(np.zeros((1, 20)))
