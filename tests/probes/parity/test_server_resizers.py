"""Other ways of resizing keep the model's size and crop; Pillow's own filter gives the model's own input."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_files import noise_picture, smooth_picture

from jpegproof.models.detectors.as_stored import AS_STORED
from jpegproof.models.huggingface.frames import BoundedSides, FlooredCrop
from jpegproof.models.preparation import Preparation, ResizeCrop
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.shortest_side import ShortestSide
from jpegproof.probes.parity.resizers import RESIZERS, find_resizer, framed, own_resizer, resized_size

PREPARATIONS: list[Preparation] = [
    ResizeCrop(40, (32, 32)),
    ResizeCrop(31, (40, 24), interpolation="bicubic"),
    ResizeCrop((33, 47), None, interpolation="lanczos"),
    ResizeCrop(24, (51, 51)),
    FlooredCrop(41, (32, 32)),
    ShortestSide(37, 60),
    RoundedSides(30, 60),
    RoundedSides(None, None),
    BoundedSides(37, 60),
]


@pytest.mark.parametrize("preparation", PREPARATIONS, ids=lambda item: type(item).__name__)
@pytest.mark.parametrize("size", [(61, 94), (94, 61), (50, 50), (20, 33)])
def test_pillows_filter_gives_the_models_own_input_in_every_pixel(preparation: Preparation, size: tuple[int, int]):
    pixels = smooth_picture(*size)
    own = find_resizer(own_resizer(preparation))
    np.testing.assert_array_equal(framed(preparation, own, pixels, size), preparation.frame(pixels)[0])


@pytest.mark.parametrize("name", RESIZERS)
def test_every_way_keeps_size_and_crop(name: str):
    pytest.importorskip(RESIZERS[name].library)
    preparation, pixels = ResizeCrop(40, (32, 36)), smooth_picture(161, 222)
    picture = framed(preparation, find_resizer(name), pixels, (161, 222))
    assert (picture.shape, picture.dtype) == ((32, 36, 3), np.uint8)
    own = preparation.frame(pixels)[0].astype(int)
    # The picture is smooth, so that what is shown is alike wherever it was cut in the same place.
    assert np.abs(picture - own).mean() < 8


def test_a_filter_that_is_not_stretched_lets_details_alias():
    preparation, pixels = ResizeCrop(32, (32, 32)), noise_picture(256, 256)
    spread = {
        name: framed(preparation, find_resizer(name), pixels, (256, 256)).std()
        for name in ("pillow-bilinear", "torch-bilinear-antialias", "torch-bilinear", "pillow-nearest")
    }
    assert spread["pillow-bilinear"] == pytest.approx(spread["torch-bilinear-antialias"], abs=0.1)
    assert spread["pillow-nearest"] > spread["torch-bilinear"] > 3 * spread["pillow-bilinear"]


def test_opencv_and_torch_agree_about_bilinear_without_antialiasing():
    pytest.importorskip("cv2")
    preparation, pixels = ResizeCrop(32, (32, 32)), noise_picture(100, 130)
    first, second = (
        framed(preparation, find_resizer(name), pixels, (100, 130)).astype(int)
        for name in ("opencv-linear", "torch-bilinear")
    )
    assert np.abs(first - second).max() <= 1


def test_a_fraction_is_brought_to_the_size_of_the_whole():
    preparation, whole = ResizeCrop(40, (32, 32)), smooth_picture(161, 241)
    half = whole[::2, ::2]
    picture = framed(preparation, find_resizer("pillow-bilinear"), half, (161, 241))
    assert picture.shape == (32, 32, 3)


def test_a_preparation_that_resizes_nothing_has_no_resizer():
    assert own_resizer(AS_STORED) == ""
    assert own_resizer(ResizeCrop(None, (32, 32))) == ""
    assert own_resizer(ResizeCrop(40, (32, 32), interpolation="bicubic")) == "pillow-bicubic"
    assert own_resizer(RoundedSides(None, None)) == "pillow-bilinear"


def test_the_resized_size_is_that_before_the_crop():
    assert resized_size(ResizeCrop(256, (224, 224)), (375, 500)) == (256, 341)
    assert resized_size(ShortestSide(800, 1333), (427, 1000)) == ShortestSide(800, 1333).framed_size((427, 1000))
