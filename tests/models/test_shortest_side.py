"""Resizing by the shorter side: Detectron2's sizes, Pillow's pixels, and the differentiable way against them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_files import noise_picture, smooth_picture
from PIL import Image

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.shortest_side import ShortestSide

SIDES = st.integers(1, 90)


@pytest.mark.parametrize(
    ("source", "framed"),
    [
        ((480, 640), (800, 1067)),
        ((640, 480), (1067, 800)),
        ((640, 640), (800, 800)),
        ((427, 640), (800, 1199)),
        ((300, 640), (625, 1333)),  # the longer side decides
        ((3000, 4000), (800, 1067)),
    ],
)
def test_sizes_are_detectron2s(source: tuple[int, int], framed: tuple[int, int]):
    assert ShortestSide().framed_size(source) == framed
    geometry = ShortestSide().geometry(source)
    assert geometry.source == source
    assert geometry.scale == (framed[0] / source[0], framed[1] / source[1])
    assert geometry.offset == (0, 0)


@given(SIDES, SIDES, st.integers(1, 60), st.integers(1, 120))
@settings(max_examples=100, deadline=None)
def test_a_frame_is_pillows_bilinear_at_that_size(height: int, width: int, shortest: int, longest: int):
    preparation = ShortestSide(shortest, longest)
    picture = noise_picture(height, width)
    tall, wide = preparation.framed_size((height, width))
    if min(tall, wide) < 1:
        with pytest.raises(UnusablePictureError, match=f"{width}x{height}"):
            preparation.frame(picture)
        return
    framed, geometry = preparation.frame(picture)
    assert (framed == np.asarray(Image.fromarray(picture).resize((wide, tall), Image.Resampling.BILINEAR))).all()
    assert geometry == preparation.geometry((height, width))
    assert max(tall, wide) <= longest
    # Never larger than either limit asks, and at one of them up to rounding.
    assert abs(min(tall, wide) - shortest) < 1 or abs(max(tall, wide) - longest) < 1


def test_pixels_stay_red_green_blue_from_0_to_1():
    picture = noise_picture(12, 20)
    tensor = ShortestSide().normalise(picture)
    assert tensor.dtype == torch.float32
    assert torch.allclose(tensor, torch.from_numpy(picture).permute(2, 0, 1) / 255)
    assert torch.equal(ShortestSide().standardise(tensor), tensor)


@pytest.mark.parametrize("size", [(180, 243), (97, 64), (256, 256), (30, 200)])
@pytest.mark.parametrize("preparation", [ShortestSide(64, 1333), ShortestSide(120, 150)])
def test_the_differentiable_way_is_within_half_a_grey_level_of_pillows(
    preparation: ShortestSide, size: tuple[int, int]
):
    picture = smooth_picture(*size)
    framed, _ = preparation.frame(picture)
    prepared = preparation.differentiable(torch.from_numpy(picture).permute(2, 0, 1).float() / 255)
    assert ((prepared - preparation.normalise(framed)) * 255).abs().mean() <= 0.5


def test_all_of_the_picture_is_seen_and_gets_gradients():
    preparation = ShortestSide(40, 1333)
    assert preparation.seen((50, 90)) == (0, 0, 50, 90)
    picture = torch.rand(3, 50, 90, generator=torch.Generator().manual_seed(0)).requires_grad_()
    preparation.differentiable(picture).sum().backward()
    assert picture.grad is not None
    assert (picture.grad != 0).all()


@given(st.integers(2, 90), st.integers(2, 90))
@settings(deadline=None)
def test_boxes_find_their_way_back_to_the_source(height: int, width: int):
    geometry = ShortestSide(37, 70).geometry((height, width))
    boxes = torch.tensor([[0.0, 0.0, width, height], [0.25 * width, 0.5 * height, 0.75 * width, height]]).double()
    assert torch.allclose(geometry.to_source(geometry.to_input(boxes)), boxes)
    tall, wide = ShortestSide(37, 70).framed_size((height, width))
    assert torch.allclose(geometry.to_input(boxes)[0], torch.tensor([0.0, 0.0, wide, tall]).double())


def test_a_description_is_plain_and_changes_with_every_field():
    changes: list[dict[str, Any]] = [{}, {"shortest": 799}, {"longest": 1334}]
    assert len({json.dumps(dict(ShortestSide(**fields).describe())) for fields in changes}) == len(changes)


@pytest.mark.parametrize("fields", [{"shortest": 0}, {"longest": -1}, {"shortest": 1.5}])
def test_fields_of_another_kind_are_told_at_once(fields: dict[str, Any]):
    with pytest.raises(ValueError, match="whole numbers of pixels"):
        ShortestSide(**fields)


def test_a_study_may_change_the_shorter_side_and_nothing_else():
    assert ShortestSide().changed({"resize": 320}) == ShortestSide(320, 1333)
    for fields in ({"crop": (224, 224)}, {"resize": (10, 10)}, {"resize": 100, "mean": (0, 0, 0)}):
        with pytest.raises(ModelError, match="resize: PIXELS alone"):
            ShortestSide().changed(fields)
