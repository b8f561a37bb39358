"""Coefficients from pixels, against those in the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jpeg_files import file_bytes, smooth_picture
from jpeg_fixtures import sampled
from PIL import Image

from jpegproof.jpeg.codec import decode
from jpegproof.jpeg.coefficients import read_coefficients
from jpegproof.jpeg.recovery import before_upsampling, can_recover, recover_coefficients


def shares(data: bytes) -> list[float]:
    """Of each plane, the share of coefficients that are recovered, but for the last blocks on each side."""
    image = decode(data)
    read = read_coefficients(data, image.header.subsampling)
    recovered = recover_coefficients(image.pixels, image.header)
    found = []
    for first, second in zip((read.luma, *read.chroma), (recovered.luma, *recovered.chroma), strict=True):
        assert first.coefficients.shape == second.coefficients.shape
        assert second.coefficients.dtype == np.int16
        assert (first.table == second.table).all()
        whole = np.s_[:-1, :-1]  # the last row and column of blocks may reach over the edge
        found.append(float((first.coefficients[whole] == second.coefficients[whole]).mean()))
    return found


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize(("quality", "least"), [(10, 1), (50, 1), (90, 0.999), (95, 0.98)])
def test_coarse_and_fine_files_come_back(subsampling: str, quality: int, least: float):
    data = file_bytes(smooth_picture(90, 123), quality=quality, subsampling=subsampling)
    assert min(shares(data)) >= least
    assert np.count_nonzero(read_coefficients(data, subsampling).chroma[0].coefficients) > 20


@pytest.mark.parametrize("factors", [((1, 2), (1, 1), (1, 1)), ((4, 1), (1, 1), (1, 1)), ((4, 2), (1, 1), (1, 1))])
def test_rare_samplings_come_back(factors: tuple[tuple[int, int], ...]):
    assert min(shares(sampled(*factors, size=(96, 128)))) > 0.99


def test_grey_comes_back():
    assert shares(file_bytes(Image.fromarray(smooth_picture(50, 70)).convert("L"), quality=40)) == [1.0]


def test_at_the_finest_quality_many_do_not_come_back():
    assert 0.5 < shares(file_bytes(smooth_picture(96, 128), quality=100))[1] < 0.95


@given(st.integers(1, 40), st.integers(1, 4), st.sampled_from([1, 2, 4]), st.integers(0, 9))
def test_upsampling_is_undone_at_every_length(length: int, width: int, factor: int, seed: int):
    count = -(-length // factor)
    samples = np.random.default_rng(seed).normal(size=(count, width))
    upsampled = np.empty((length, width))
    for row in range(length):
        own = row // factor
        if factor == 2 and count > 2:
            beside = min(max(own + (1 if row % 2 else -1), 0), count - 1)
            upsampled[row] = 0.75 * samples[own] + 0.25 * samples[beside]
        else:
            upsampled[row] = samples[own]
    assert np.allclose(before_upsampling(upsampled, factor), samples)


def test_what_has_no_grid_or_other_colours_is_refused():
    header = decode(file_bytes(smooth_picture(16, 16))).header
    pixels = smooth_picture(16, 16)
    assert can_recover(header)
    others = ({"mode": "CMYK"}, {"colours": "RGB"}, {"subsampling": "3x1"}, {"shrunk": 2.0})
    for other in (replace(header, **fields) for fields in others):
        assert not can_recover(other)
        with pytest.raises(ValueError, match="cannot be recovered"):
            recover_coefficients(pixels, other)


def test_pixels_stay_as_they_are_and_may_be_read_only():
    image = decode(file_bytes(smooth_picture(16, 24)))
    before = image.pixels.copy()
    image.pixels.flags.writeable = False
    recover_coefficients(image.pixels, image.header)
    assert (image.pixels == before).all()
