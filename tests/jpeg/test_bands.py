"""Pixels band by band are the pixels that Pillow has in one piece."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_files import noise_picture
from PIL import Image

from jpegproof.jpeg import bands as module
from jpegproof.jpeg.bands import bands, grey_pixels, rgb_pixels, same_pixels

PICTURE = Image.fromarray(noise_picture(37, 23))


@pytest.fixture(autouse=True)
def narrow_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BAND", 23 * 5)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (10, 23), (37, 23), (3, 1000), (5, 23)])
def test_bands_cover_every_row_once(height: int, width: int):
    rows = [row for band in bands(height, width) for row in range(height)[band]]
    assert rows == list(range(height))


def test_a_large_picture_has_several_bands():
    assert len(list(bands(37, 23))) == 8


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "RGBA", "LA", "P", "1", "YCbCr", "LAB", "HSV"])
def test_every_mode_is_converted_as_pillow_does_in_one_piece(mode: str):
    picture = PICTURE.convert(mode) if mode != "LAB" else Image.merge("LAB", PICTURE.split())
    pixels = rgb_pixels(picture)
    assert (pixels == np.asarray(picture.convert("RGB"))).all()
    assert pixels.dtype == np.uint8


def test_grey_is_pillows_own():
    pixels = np.asarray(PICTURE)
    assert (grey_pixels(pixels) == np.asarray(PICTURE.convert("L"))).all()


def test_a_difference_in_the_last_row_is_seen():
    first = noise_picture(37, 23)
    second = first.copy()
    assert same_pixels(first, second)
    second[-1, -1, 2] ^= 1
    assert not same_pixels(first, second)
    assert not same_pixels(first, first[:-1])
