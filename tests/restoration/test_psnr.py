"""Peak signal-to-noise ratio against sums by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from jpeg_files import noise_picture

from jpegproof.restoration.psnr import psnr


def test_it_is_that_of_the_mean_over_all_samples_of_all_channels():
    original = np.zeros((2, 2, 3), dtype=np.uint8)
    picture = original.copy()
    picture[0, 0, 0], picture[1, 1, 2] = 10, 20
    # Jointly, and not as a mean over channels, one of which would be infinite.
    assert psnr(original, picture) == pytest.approx(10 * math.log10(255**2 / (500 / 12)))


def test_8_bit_samples_do_not_wrap_around():
    black, white = np.zeros((3, 3), dtype=np.uint8), np.full((3, 3), 255, dtype=np.uint8)
    assert psnr(black, white) == psnr(white, black) == 0


def test_equal_pictures_are_infinitely_near():
    picture = noise_picture(4, 5)
    assert psnr(picture, picture.copy()) == math.inf


def test_pictures_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        psnr(np.zeros((4, 1), dtype=np.uint8), np.zeros((4, 5), dtype=np.uint8))
