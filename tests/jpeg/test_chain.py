"""What happens to a picture before its last save: step by step, as by hand."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from jpegproof.data.world_pictures import WorldPictures
from jpegproof.jpeg.chain import before_last_save
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.steps import Crop, Resize


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return WorldPictures("val", 1).pixels(0)


def saved(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def test_steps_are_followed_in_their_order(picture: np.ndarray):
    chain = Compression(quality=50, before=(Compression(quality=10), Crop(4), Resize(scale=0.5)))
    cut = saved(picture, 10)[4:, 4:]
    height, width = cut.shape[:2]
    size = (round(width / 2), round(height / 2))
    by_hand = np.asarray(Image.fromarray(cut).resize(size, Image.Resampling.BICUBIC))
    assert (before_last_save(picture, chain) == by_hand).all()


def test_nothing_happens_without_steps(picture: np.ndarray):
    assert before_last_save(picture, Compression(quality=50)) is picture


def test_a_second_save_at_the_same_quality_and_grid_hardly_changes_anything_and_on_another_grid_it_does(
    picture: np.ndarray,
):
    once = Compression(quality=20)

    def moved(*steps: Crop) -> float:
        first = before_last_save(picture, Compression(quality=20, before=(once, *steps)))
        second = decode(encode(first, Compression(quality=20))).pixels
        return float(np.abs(second.astype(int) - first).mean())

    assert moved(Crop(8)) < 0.5 * moved(Crop(4))


@pytest.mark.parametrize(
    ("resize", "size"),
    [
        (Resize(scale=0.5), (24, 40)),
        (Resize(longest=40), (24, 40)),
        (Resize(longest=800), (48, 80)),
        (Resize(scale=0.001), (1, 1)),
        (Resize(scale=1.0), (48, 80)),
    ],
)
def test_a_resize_keeps_the_aspect_ratio_and_fit_never_enlarges(resize: Resize, size: tuple[int, int]):
    assert resize(np.zeros((48, 80, 3), dtype=np.uint8)).shape == (*size, 3)


@pytest.mark.parametrize("wrong", [{}, {"scale": 0.5, "longest": 10}, {"scale": 0.0}, {"longest": -1}])
def test_a_resize_that_leaves_no_picture_is_refused(wrong):
    with pytest.raises(ValueError, match="resize"):
        Resize(**wrong)


def test_a_crop_takes_rows_and_columns_off_above_and_at_the_left(picture: np.ndarray):
    assert (Crop(3)(picture) == picture[3:, 3:]).all()
    with pytest.raises(ValueError, match="leaves nothing of a picture of 5 x 4"):
        Crop(4)(np.zeros((4, 5, 3), dtype=np.uint8))
    with pytest.raises(ValueError, match="cuts nothing"):
        Crop(0)


def test_what_happened_before_changes_the_fingerprint_and_the_name_of_the_chain_does_not():
    plain = Compression(quality=50)
    double = Compression(quality=50, before=(Compression(quality=10),), chain="messenger")
    assert "before" not in plain.describe()
    assert "chain" not in plain.describe()
    assert double.describe() != plain.describe()
    assert double.describe() == Compression(quality=50, before=(Compression(quality=10),), chain="other").describe()
    shifted = Compression(quality=50, before=(Compression(quality=10), Crop(4)))
    scaled = Compression(quality=50, before=(Compression(quality=10), Resize(scale=4)))
    assert len({str(item.describe()) for item in (plain, double, shifted, scaled)}) == 4


def test_a_save_says_which_one_of_its_chain_it_is_and_whether_the_picture_moved():
    third = Compression(
        quality=50, before=(Compression(quality=90), Resize(scale=2), Compression(quality=10)), chain="c"
    )
    assert third.delivery == third.label == "c, save 3"
    assert third.moves
    assert not Compression(quality=50, before=(Compression(quality=90),)).moves
    assert Compression(quality=50).delivery == ""
