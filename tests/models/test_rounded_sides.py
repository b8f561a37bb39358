"""Resizing to multiples: CSAIL's sizes, Pillow's pixels, and the differentiable way against them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jpeg_files import noise_picture, smooth_picture
from PIL import Image

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.rounded_sides import RoundedSides

SIDES = st.integers(1, 90)


@pytest.mark.parametrize(
    ("preparation", "source", "framed"),
    [
        (RoundedSides(), (512, 683), (456, 600)),  # 450 x 600.29, cut off before it is rounded up
        (RoundedSides(), (683, 512), (600, 456)),
        (RoundedSides(multiple=32), (512, 683), (480, 608)),
        (RoundedSides(300), (512, 683), (304, 400)),
        (RoundedSides(), (300, 1200), (256, 1000)),  # the longer side decides
        (RoundedSides(40, 80, 8), (45, 67), (40, 64)),
        (RoundedSides(56, 80, 32), (45, 67), (64, 96)),
        (RoundedSides(None, None, 32), (360, 480), (384, 480)),
        (RoundedSides(None, 100, 32), (90, 200), (64, 128)),
        (RoundedSides(8, 16, 8), (3, 900), (8, 16)),  # 0 x 16 before it is rounded up
    ],
)
def test_sides_are_csails(preparation: RoundedSides, source: tuple[int, int], framed: tuple[int, int]):
    assert preparation.framed_size(source) == framed
    geometry = preparation.geometry(source)
    assert geometry.source == source
    assert geometry.scale == (framed[0] / source[0], framed[1] / source[1])
    assert geometry.offset == (0, 0)


@given(SIDES, SIDES, st.one_of(st.none(), st.integers(1, 60)), st.one_of(st.none(), st.integers(1, 90)))
def test_a_frame_is_pillows_bilinear_at_multiples(height: int, width: int, shortest: int | None, longest: int | None):
    preparation = RoundedSides(shortest, longest, 8)
    picture = noise_picture(height, width)
    tall, wide = preparation.framed_size((height, width))
    assert tall % 8 == wide % 8 == 0
    framed, geometry = preparation.frame(picture)
    assert (framed == np.asarray(Image.fromarray(picture).resize((wide, tall), Image.Resampling.BILINEAR))).all()
    assert geometry == preparation.geometry((height, width))
    if longest is not None:
        assert max(tall, wide) < longest + 8
    assert preparation.seen((height, width)) == (0, 0, height, width)


def test_pixels_are_normalised_as_for_imagenet():
    picture, preparation = noise_picture(12, 20), RoundedSides()
    tensor = preparation.normalise(picture)
    assert torch.equal(tensor, ResizeCrop().normalise(picture))
    assert torch.equal(preparation.standardise(torch.from_numpy(picture).permute(2, 0, 1) / 255), tensor)
    other = RoundedSides(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)).normalise(picture)
    assert torch.allclose(other, (torch.from_numpy(picture).permute(2, 0, 1) / 255 - 0.5) / 0.25)


@pytest.mark.parametrize("size", [(180, 243), (97, 64), (256, 256)])
@pytest.mark.parametrize("preparation", [RoundedSides(64), RoundedSides(120, 150, 32), RoundedSides(None, None, 32)])
def test_the_differentiable_way_is_within_half_a_grey_level_of_pillows(
    preparation: RoundedSides, size: tuple[int, int]
):
    picture = smooth_picture(*size)
    framed, _ = preparation.frame(picture)
    source = (torch.from_numpy(picture).permute(2, 0, 1).float() / 255).requires_grad_()
    prepared = preparation.differentiable(source)
    assert ((prepared - preparation.normalise(framed)) * 255 * 0.225).abs().mean() <= 0.5
    prepared.sum().backward()
    assert source.grad is not None
    assert (source.grad != 0).all()


def test_a_picture_that_would_not_fit_into_memory_is_refused():
    with pytest.raises(UnusablePictureError, match="9000x1"):
        RoundedSides(450, None).frame(np.zeros((1, 9000, 3), np.uint8))


def test_a_description_is_plain_and_changes_with_every_field():
    changes: list[dict[str, Any]] = [
        {},
        {"shortest": None},
        {"longest": None},
        {"multiple": 32},
        {"mean": (0.5, 0.5, 0.5)},
        {"std": (0.5, 0.5, 0.5)},
    ]
    assert len({json.dumps(dict(RoundedSides(**fields).describe())) for fields in changes}) == len(changes)


@pytest.mark.parametrize("fields", [{"shortest": 0}, {"longest": -1}, {"multiple": 1.5}, {"mean": (0.5, 0.5)}])
def test_fields_of_another_kind_are_told_at_once(fields: dict[str, Any]):
    with pytest.raises(ValueError, match="numbers"):
        RoundedSides(**fields)


def test_a_study_may_change_the_shorter_side_and_the_colours():
    assert RoundedSides(multiple=32).changed({"resize": 320}) == RoundedSides(320, multiple=32)
    halves = RoundedSides().changed({"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]})
    assert (halves.shortest, halves.mean, halves.std) == (450, (0.5,) * 3, (0.5,) * 3)
    for fields in ({"crop": (224, 224)}, {"resize": (10, 10)}, {"interpolation": "bicubic"}):
        with pytest.raises(ModelError, match="resize: PIXELS"):
            RoundedSides().changed(fields)
