"""Tiles: the same answer as in one piece, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_files import noise_picture, smooth_picture
from small_training import thin_corrector
from tiny_dncnn import dncnn_file

from jpegproof.correctors.default import default_corrector
from jpegproof.correctors.identity import Identity
from jpegproof.correctors.off_the_shelf import OffTheShelf
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.correctors.tiles import Tiled, Tiling, tiling_for
from jpegproof.jpeg.codec import DecodedJpeg, decode, encode
from jpegproof.jpeg.compression import Compression, Subsampling


def jpeg(height: int, width: int, quality: int = 20, subsampling: Subsampling = "4:2:0", seed: int = 0) -> DecodedJpeg:
    return decode(encode(smooth_picture(height, width, seed), Compression(quality=quality, subsampling=subsampling)))


class Witness(Identity):
    """Gives pictures back as they are, and remembers them."""

    def __init__(self) -> None:
        self.seen: list[DecodedJpeg] = []

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        self.seen += images
        return super().__call__(images)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 170), st.integers(1, 170), st.sampled_from([32, 64, 96]), st.sampled_from([0, 32, 64]))
def test_tiles_of_any_size_put_any_picture_together_again(height: int, width: int, side: int, overlap: int):
    pixels = noise_picture(height, width)
    image = DecodedJpeg(pixels, jpeg(8, 8).header)
    tiled = Tiled(Identity(), Tiling(side, overlap))
    assert (tiled.pixels(image) == pixels).all()
    assert (to_pixels(tiled([image])[0]) == pixels).all()


def test_every_tile_begins_where_a_coding_unit_does_and_has_a_header_of_its_size():
    image, witness = jpeg(333, 470), Witness()
    Tiled(witness, Tiling(96, 32)).pixels(image)
    assert len(witness.seen) == 4 * 5
    for part in witness.seen:
        assert part.header.size == part.pixels.shape[:2]
        assert max(part.pixels.shape) <= 96 + 2 * 32
        assert part.data is None  # the file's coefficients are not the tile's
        places = [
            (row, column)
            for row in range(0, 333, 32)
            for column in range(0, 470, 32)
            if np.array_equal(image.pixels[row:, column:][: part.pixels.shape[0], : part.pixels.shape[1]], part.pixels)
        ]
        assert places
        assert (part.header.luma == image.header.luma).all()


def test_a_picture_of_one_tile_goes_through_whole_with_its_file():
    image, witness = jpeg(96, 80), Witness()
    tiled = Tiled(witness, Tiling(96, 32))
    tiled.pixels(image)
    tiled([image])
    assert len(witness.seen) == 2
    assert all(part is image for part in witness.seen)


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
def test_with_its_receptive_field_around_a_tile_no_pixel_differs(subsampling: Subsampling):
    # Two residual blocks of two 3x3 convolutions reach 4 blocks of 8 pixels far.
    corrector, image = thin_corrector(awake=True), jpeg(200, 230, subsampling=subsampling)
    (whole,) = corrector([image])
    (tiled,) = Tiled(corrector, Tiling(64, 32))([image])
    assert (whole - image.tensor()).abs().max() > 0.01
    assert torch.allclose(whole, tiled, atol=1e-5)
    (cut,) = Tiled(corrector, Tiling(64, 0))([image])
    assert not torch.allclose(whole, cut, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("quality", [5, 60])
def test_the_default_corrector_answers_as_in_one_piece(quality: int):
    corrector = default_corrector()
    image = decode(encode(noise_picture(330, 400), Compression(quality=quality)))
    (whole,) = corrector([image])
    tiled = Tiled(corrector, Tiling(96, overlap_of(corrector)))
    assert (tiled([image])[0] - whole).abs().max() < 0.01 / 255
    assert np.abs(tiled.pixels(image).astype(int) - to_pixels(whole)).max() <= 1


def test_a_network_at_full_size_answers_as_in_one_piece(tmp_path):
    corrector, image = OffTheShelf(dncnn_file(tmp_path)), jpeg(150, 220)
    (whole,) = corrector([image])
    (tiled,) = Tiled(corrector, Tiling(64, overlap_of(corrector)))([image])
    assert torch.allclose(whole, tiled, atol=1e-5)


def overlap_of(corrector: Corrector) -> int:
    tiling = tiling_for(corrector, 10_000, 10_000)
    assert tiling is not None
    return tiling.overlap


def test_the_larger_the_picture_the_smaller_its_tiles(tmp_path):
    for corrector in (thin_corrector(), OffTheShelf(dncnn_file(tmp_path))):
        assert tiling_for(corrector, 500, 375) is None
        sides = [tiling.side for size in (3000, 7000, 10_000) if (tiling := tiling_for(corrector, size, size))]
        assert len(sides) == 3
        assert sides == sorted(sides, reverse=True)
        smallest = tiling_for(corrector, 13_377, 13_377)  # the intake's largest picture
        assert smallest is not None
        assert smallest.side >= 2 * smallest.overlap


def test_cutting_is_left_to_corrector_and_size(monkeypatch: pytest.MonkeyPatch):
    witness, image = Witness(), jpeg(300, 400)
    Tiled(witness).pixels(image)
    assert witness.seen == [image]
    monkeypatch.setattr("jpegproof.correctors.tiles.MEMORY", 100_000_000)
    Tiled(witness).pixels(image)
    assert len(witness.seen) > 2


def test_the_share_that_is_done_grows_to_one():
    shares: list[float] = []
    Tiled(Identity(), Tiling(64, 32)).pixels(jpeg(100, 130), shares.append)
    assert len(shares) == 6
    assert shares == sorted(set(shares))
    assert shares[-1] == 1


def test_the_answer_is_new_memory():
    image = jpeg(40, 40)
    answer = Tiled(Identity()).pixels(image)
    assert answer.flags.writeable
    assert not np.shares_memory(answer, image.pixels)


def test_a_description_names_the_corrector_and_the_tiles():
    first, second = Tiled(Identity(), Tiling(64, 32)).describe(), Tiled(Identity(), Tiling(64, 64)).describe()
    assert first["kind"] == "identity"
    assert first != second


@pytest.mark.parametrize(("side", "overlap"), [(0, 32), (100, 32), (64, 8), (64, -32)])
def test_tiles_off_the_grid_are_refused(side: int, overlap: int):
    with pytest.raises(ValueError, match="32-pixel grid"):
        Tiling(side, overlap)


def test_a_corrector_that_enlarges_is_refused():
    class Twice(Identity):
        scale = 2

        def describe(self) -> Mapping[str, Any]:
            return {}

    with pytest.raises(ValueError, match="enlarges 2 times"):
        Tiled(Twice())


def test_what_is_not_finite_is_refused():
    class Broken(Identity):
        def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
            return [answer * torch.nan for answer in super().__call__(images)]

    with pytest.raises(ValueError, match="not finite"):
        Tiled(Broken()).pixels(jpeg(16, 16))
