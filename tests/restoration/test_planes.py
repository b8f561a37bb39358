"""Luma as published tables take it."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_files import noise_picture

from jpegproof.restoration.planes import grey_picture, is_grey, studio_luma


@pytest.mark.parametrize(
    ("colour", "luma"),
    [
        ((0, 0, 0), 16),
        ((255, 255, 255), 235),
        # The constants of MATLAB's rgb2ycbcr.
        ((255, 0, 0), 16 + 65.481),
        ((0, 255, 0), 16 + 128.553),
        ((0, 0, 255), 16 + 24.966),
    ],
)
def test_luma_is_on_the_studios_range(colour, luma):
    pixels = np.full((2, 3, 3), colour, dtype=np.uint8)
    assert studio_luma(pixels) == pytest.approx(np.full((2, 3), luma), abs=1e-3)


def test_a_coloured_picture_becomes_its_rounded_studio_luma():
    pixels = noise_picture(9, 7)
    grey = grey_picture(pixels)
    assert grey.dtype == np.uint8
    assert np.abs(grey - studio_luma(pixels)).max() <= 0.5


def test_a_grey_picture_keeps_its_values():
    values = np.random.default_rng(0).integers(0, 256, (9, 7), dtype=np.uint8)
    assert (grey_picture(np.repeat(values[..., None], 3, axis=2)) == values).all()


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_one_coloured_pixel_makes_a_picture_coloured(channel):
    pixels = np.full((4, 5, 3), 7, dtype=np.uint8)
    assert is_grey(pixels)
    pixels[3, 2, channel] += 1
    assert not is_grey(pixels)
