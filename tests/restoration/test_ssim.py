"""SSIM against windows laid down one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from jpeg_files import file_bytes, noise_picture, smooth_picture

from jpegproof.jpeg.codec import decode
from jpegproof.restoration.ssim import BOX, GAUSSIAN, ssim


def weights_of(kind: str) -> np.ndarray:
    """The two-dimensional window, written down anew."""
    if kind == "box":
        return np.full((8, 8), 1 / 64)
    weights = np.array([[math.exp(-(x * x + y * y) / 4.5) for x in range(-5, 6)] for y in range(-5, 6)])
    return weights / weights.sum()


def laid_down(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> float:
    """The definition for one channel, window by window."""
    size, values = len(weights), []
    for row in range(first.shape[0] - size + 1):
        for column in range(first.shape[1] - size + 1):
            x = first[row : row + size, column : column + size].astype(float)
            y = second[row : row + size, column : column + size].astype(float)
            mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
            variance_x = (weights * (x - mean_x) ** 2).sum()
            variance_y = (weights * (y - mean_y) ** 2).sum()
            covariance = (weights * (x - mean_x) * (y - mean_y)).sum()
            luminance = (2 * mean_x * mean_y + 6.5025) / (mean_x**2 + mean_y**2 + 6.5025)
            structure = (2 * covariance + 58.5225) / (variance_x + variance_y + 58.5225)
            values.append(luminance * structure)
    return sum(values) / len(values)


KINDS = [("gaussian", GAUSSIAN), ("box", BOX)]


@pytest.mark.parametrize(("kind", "window"), KINDS)
@pytest.mark.parametrize("size", [(11, 11), (13, 20), (24, 11)])
def test_it_agrees_with_windows_laid_down_one_by_one(kind, window, size):
    original = smooth_picture(*size)
    picture = decode(file_bytes(original, quality=10)).pixels
    channels = [laid_down(original[..., c], picture[..., c], weights_of(kind)) for c in range(3)]
    assert ssim(original, picture, window) == pytest.approx(np.mean(channels), abs=1e-9)
    assert ssim(original[..., 1], picture[..., 1], window) == pytest.approx(channels[1], abs=1e-9)


@pytest.mark.parametrize(("kind", "window"), KINDS)
def test_equal_pictures_score_1_and_the_order_does_not_matter(kind, window):
    del kind
    one, other = noise_picture(20, 16, seed=1), noise_picture(20, 16, seed=2)
    assert ssim(one, one.copy(), window) == pytest.approx(1)
    assert ssim(one, other, window) == pytest.approx(ssim(other, one, window))
    assert ssim(one, other, window) < 0.2


@pytest.mark.parametrize(("kind", "window"), KINDS)
def test_a_picture_smaller_than_the_window_is_refused(kind, window):
    del kind
    small = np.zeros((len(window) - 1, 40), dtype=np.uint8)
    with pytest.raises(ValueError, match="smaller than the window"):
        ssim(small, small, window)


def test_pictures_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        ssim(noise_picture(16, 16), noise_picture(16, 17), BOX)
