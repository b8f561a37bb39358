"""The save before the last is found on any grid, and nothing is found where there was none."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_files import smooth_picture

from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.earlier_save import earlier_save


def textured(seed: int = 0) -> Pixels:
    """Structure of all sizes, as photographs have it: noise whose spectrum falls with the frequency."""
    random = np.random.default_rng(seed)
    down, across = np.meshgrid(np.fft.fftfreq(232), np.fft.fftfreq(264), indexing="ij")
    spectrum = np.fft.fft2(random.normal(size=(232, 264))) / np.maximum(np.hypot(down, across), 1 / 64) ** 1.2
    plane = np.real(np.fft.ifft2(spectrum))
    plane = 128 + 50 * (plane - plane.mean()) / plane.std()
    return np.repeat(plane.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def saved(pixels: Pixels, quality: int):
    return decode(encode(np.ascontiguousarray(pixels), Compression("jpeg", quality)))


@pytest.mark.parametrize(("earlier", "last"), [(10, 90), (20, 95), (40, 95), (60, 90), (75, 95)])
def test_a_coarser_save_on_the_same_grid_is_found_with_its_quality(earlier, last):
    image = saved(saved(textured(), earlier).pixels, last)
    found = earlier_save(image.pixels, image.header.luma)
    assert found is not None
    assert abs(found.quality - earlier) <= 1
    assert found.offset == (0, 0)


@pytest.mark.parametrize("cut", [(3, 5), (0, 4), (7, 1)])
def test_a_save_before_cropping_is_found_with_its_grid(cut):
    once = saved(textured(), 30).pixels[cut[0] :, cut[1] :]
    image = saved(once, 95)
    found = earlier_save(image.pixels, image.header.luma)
    assert found is not None
    assert abs(found.quality - 30) <= 1
    assert found.offset == (-cut[0] % 8, -cut[1] % 8)


def test_a_lossless_file_that_was_a_jpeg_is_found_out():
    found = earlier_save(saved(textured(), 50).pixels)
    assert found is not None
    assert abs(found.quality - 50) <= 1


@pytest.mark.parametrize("last", [100, 95, 90, 75, 50, 20, 5])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_the_last_save_was_the_first(last, seed):
    image = saved(textured(seed), last)
    assert earlier_save(image.pixels, image.header.luma) is None


def test_nothing_is_found_in_what_was_never_a_jpeg():
    assert earlier_save(textured()) is None
    assert earlier_save(smooth_picture(200, 200)) is None
    assert earlier_save(np.zeros((100, 100, 3), np.uint8)) is None


def drawing(kind: str) -> Pixels:
    down, across = np.mgrid[0:300, 0:400]
    random = np.random.default_rng(0)
    planes = {
        "stripes of 10": across // 5 % 2,
        "stripes of 4": across // 2 % 2,
        "a board of 12": (across // 12 + down // 12) % 2,
        "a board of 20": (across // 20 + down // 20) % 2,
        "noise enlarged 4 times": np.kron(random.integers(0, 2, (75, 100)), np.ones((4, 4), int)),
        "noise enlarged 8 times": np.kron(random.integers(0, 2, (38, 50)), np.ones((8, 8), int))[:300, :400],
    }
    return np.repeat((planes[kind] * 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("last", [100, 97, 95])
@pytest.mark.parametrize(
    "kind",
    [
        "stripes of 10",
        "stripes of 4",
        "a board of 12",
        "a board of 20",
        "noise enlarged 4 times",
        "noise enlarged 8 times",
    ],
)
def test_drawings_of_few_different_blocks_are_not_taken_for_coarse_jpegs(kind, last):
    image = saved(drawing(kind), last)
    assert earlier_save(image.pixels, image.header.luma) is None
    assert earlier_save(drawing(kind)) is None


def test_a_finer_save_before_a_coarse_one_does_not_matter():
    image = saved(saved(textured(), 90).pixels, 30)
    assert earlier_save(image.pixels, image.header.luma) is None


@pytest.mark.parametrize("size", [(1, 1), (47, 300), (300, 8)])
def test_pictures_too_small_to_tell_tell_nothing(size):
    assert earlier_save(saved(textured()[: size[0], : size[1]], 20).pixels) is None


@pytest.mark.parametrize(("below", "is_told"), [(5, False), (20, False), (45, True), (91, True)])
def test_only_what_is_coarser_than_asked_for_is_told(below, is_told):
    image = saved(saved(textured(), 30).pixels, 95)
    found, asked = earlier_save(image.pixels, image.header.luma), earlier_save(image.pixels, image.header.luma, below)
    assert found is not None
    assert 20 <= found.quality < 45
    assert asked == (found if is_told else None)
