"""Parts of a decoded JPEG lie on its grid."""

from __future__ import annotations

import numpy as np
from jpeg_files import smooth_picture

from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.parts import UNIT, WIDEST_UNIT, part_of
from jpegproof.jpeg.sampling import FACTORS

IMAGE = decode(encode(smooth_picture(44, 64), Compression("jpeg", 30)))


def test_units_hold_whole_blocks_of_every_sampling():
    for down, across in FACTORS.values():
        assert WIDEST_UNIT % (8 * down) == WIDEST_UNIT % (8 * across) == 0
        assert UNIT % (8 * min(down, 2)) == UNIT % (8 * min(across, 2)) == 0


def test_a_part_begins_on_the_grid_of_16_and_covers_the_region():
    part, (top, left) = part_of(IMAGE, (17, 20, 30, 40))
    assert (top, left) == (16, 16)
    assert part.pixels.shape == (16, 32, 3)
    assert part.header.size == (16, 32)
    assert np.array_equal(part.pixels, IMAGE.pixels[16:32, 16:48])


def test_a_part_ends_with_the_picture():
    part, origin = part_of(IMAGE, (30, -5, 60, 20))
    assert origin == (16, 0)
    assert part.pixels.shape == (28, 32, 3)
    assert np.array_equal(part.pixels, IMAGE.pixels[16:44, 0:32])


def test_a_part_that_is_the_whole_is_the_picture_itself():
    whole, origin = part_of(IMAGE, (-3, -3, 44, 64))
    assert whole is IMAGE
    assert origin == (0, 0)


def test_a_part_has_no_bytes_of_its_own():
    assert part_of(IMAGE, (0, 0, 16, 16))[0].data is None
