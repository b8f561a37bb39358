"""One picture at one quality is compressed and corrected as in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from jpeg_files import file_bytes, smooth_picture
from PIL import Image

from jpegproof.correctors.identity import Identity
from jpegproof.correctors.tiles import Tiled
from jpegproof.jpeg.codec import DecodedJpeg, decode
from jpegproof.restoration.planes import grey_picture
from jpegproof.restoration.trial import Trial, stated_subsampling


class Painter:
    """Answers with one colour, and remembers what it was given."""

    scale = 1

    def __init__(self, red: float, green: float, blue: float) -> None:
        self.colour = torch.tensor([red, green, blue])
        self.seen: list[DecodedJpeg] = []

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        self.seen += images
        return [self.colour[:, None, None].expand(3, *image.pixels.shape[:2]) for image in images]

    def describe(self) -> dict[str, Any]:
        return {}


def test_colour_is_compressed_as_pillow_does_by_default():
    pixels = smooth_picture(30, 41)
    trial = Trial(pixels, "colour", 20, "4:2:0")
    assert (trial.original == pixels).all()
    assert (trial.corrected(Tiled(Identity())) == decode(file_bytes(pixels, quality=20)).pixels).all()
    assert stated_subsampling("colour", "4:2:2") == "4:2:2"


def test_the_subsampling_asked_for_is_used():
    pixels = smooth_picture(30, 41)
    fine = Trial(pixels, "colour", 20, "4:4:4")
    assert (
        fine.corrected(Tiled(Identity())) == decode(file_bytes(pixels, quality=20, subsampling="4:4:4")).pixels
    ).all()


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_luma_is_compressed_as_a_grey_file(subsampling):
    pixels = smooth_picture(30, 41)
    trial = Trial(pixels, "luma", 20, subsampling)
    grey = Image.fromarray(grey_picture(pixels))
    expected = decode(file_bytes(grey, quality=20))
    assert (trial.original == np.asarray(grey)).all()
    assert (trial.corrected(Tiled(Identity())) == expected.pixels[..., 0]).all()
    assert stated_subsampling("luma", subsampling) == "4:0:0"


def test_a_corrector_is_told_that_the_file_is_grey():
    painter = Painter(0, 0, 0)
    Trial(smooth_picture(16, 16), "luma", 20, "4:2:0").corrected(Tiled(painter))
    assert painter.seen[0].header.subsampling == "4:0:0"
    assert painter.seen[0].header.chroma is None


def test_answers_are_rounded_to_8_bits():
    colour = Trial(smooth_picture(16, 16), "colour", 20, "4:2:0").corrected(Tiled(Painter(0.5, -1.0, 100.4 / 255)))
    assert colour.dtype == np.uint8
    assert (colour == np.array([128, 0, 100])).all()


def test_a_coloured_answer_to_a_grey_file_counts_by_its_luma():
    grey = Trial(smooth_picture(16, 16), "luma", 20, "4:2:0").corrected(Tiled(Painter(1, 0, 0)))
    assert grey.shape == (16, 16)
    assert (grey == round(0.299 * 255)).all()


def test_an_answer_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        Trial(smooth_picture(16, 16), "colour", 20, "4:2:0").corrected(Tiled(Painter(float("nan"), 0, 0)))
