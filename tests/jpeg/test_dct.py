"""The transform against its formula and against libjpeg, and colours against Pillow and torchjpeg."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from jpeg_files import smooth_picture
from parity_fixtures import parity_fixture
from PIL import Image

from jpegproof.jpeg.dct import from_blocks, to_blocks, to_coefficients, to_samples
from jpegproof.jpeg.ycbcr import rgb_to_ycbcr, ycbcr_to_rgb


def test_a_coefficient_is_the_sum_that_the_standard_writes():
    samples = torch.randn(16, 24, dtype=torch.float64)
    coefficients = to_coefficients(samples)
    for row, column, v, u in ((0, 0, 0, 0), (1, 2, 3, 0), (0, 1, 2, 5)):
        total = 0.0
        for y in range(8):
            for x in range(8):
                wave = math.cos((2 * y + 1) * v * math.pi / 16) * math.cos((2 * x + 1) * u * math.pi / 16)
                total += float(samples[8 * row + y, 8 * column + x]) * wave
        scale = (math.sqrt(0.5) if v == 0 else 1) * (math.sqrt(0.5) if u == 0 else 1) / 4
        assert float(coefficients[8 * row + v, 8 * column + u]) == pytest.approx(scale * total)


def test_the_transform_is_undone_for_any_leading_dimensions_and_with_gradients():
    samples = torch.randn(2, 3, 16, 8, dtype=torch.float64, requires_grad=True)
    assert torch.allclose(to_samples(to_coefficients(samples)), samples)
    to_coefficients(samples).square().sum().backward()
    assert samples.grad is not None
    assert torch.allclose(samples.grad, 2 * samples)  # orthonormal: energy is kept


def test_blocks_are_where_they_were():
    plane = torch.arange(16 * 24).reshape(16, 24)
    blocks = to_blocks(plane)
    assert blocks.shape == (2, 3, 8, 8)
    assert torch.equal(blocks[1, 2], plane[8:16, 16:24])
    assert torch.equal(from_blocks(blocks), plane)


def test_colours_are_pillows_up_to_rounding():
    pixels = smooth_picture(20, 30)
    ours = rgb_to_ycbcr(torch.from_numpy(pixels).permute(2, 0, 1).double())
    pillow = torch.from_numpy(np.asarray(Image.fromarray(pixels).convert("YCbCr")).copy()).permute(2, 0, 1)
    assert (ours - pillow).abs().max() <= 1  # Pillow cuts down where it does not round
    assert torch.allclose(ycbcr_to_rgb(ours), torch.from_numpy(pixels).permute(2, 0, 1).double())


@pytest.mark.real
def test_colours_and_transform_are_torchjpegs():
    official = parity_fixture("torchjpeg-ops")
    ycbcr = rgb_to_ycbcr(official["padded"][None] * 255)
    assert torch.allclose(ycbcr, official["ycbcr"], atol=1e-3)
    assert torch.allclose(ycbcr_to_rgb(official["ycbcr"]), official["rgb_of_ycbcr"], atol=1e-3)
    assert torch.allclose(to_coefficients(official["ycbcr"] - 128), official["dct"], atol=2e-3)
