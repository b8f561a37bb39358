"""Resizing and cropping against torchvision on Pillow pictures, and the differentiable way against Pillow's."""

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
from torchvision.transforms import CenterCrop, InterpolationMode, Resize
from torchvision.transforms import functional as functional

from jpegproof.models.preparation import Interpolation, ResizeCrop
from jpegproof.tasks.geometry import Geometry

SIDES = st.integers(1, 90)
FILTERS = ["bilinear", "bicubic", "nearest", "lanczos"]


@given(SIDES, SIDES, st.integers(1, 40), st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_a_frame_is_torchvisions_pixel_for_pixel(height: int, width: int, resize: int, tall: int, wide: int):
    picture = noise_picture(height, width)
    framed, _ = ResizeCrop(resize, (tall, wide)).frame(picture)
    expected = CenterCrop((tall, wide))(Resize(resize)(Image.fromarray(picture)))
    assert (framed == np.asarray(expected)).all()


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest", "lanczos"])
@pytest.mark.parametrize("size", [(500, 375), (375, 501), (224, 224), (100, 333), (257, 256)])
def test_the_usual_frame_is_torchvisions_with_every_filter(size: tuple[int, int], interpolation: Interpolation):
    picture = smooth_picture(*size)
    framed, _ = ResizeCrop(interpolation=interpolation).frame(picture)
    expected = CenterCrop(224)(Resize(256, InterpolationMode(interpolation))(Image.fromarray(picture)))
    assert (framed == np.asarray(expected)).all()


def test_a_pair_resizes_without_keeping_the_shape():
    picture = smooth_picture(50, 90)
    framed, geometry = ResizeCrop((30, 20), None).frame(picture)
    assert (framed == np.asarray(Image.fromarray(picture).resize((20, 30), Image.Resampling.BILINEAR))).all()
    assert geometry == Geometry((50, 90), (30 / 50, 20 / 90), (0, 0))


def test_without_resize_and_crop_the_picture_is_the_frame():
    picture = smooth_picture(33, 21)
    framed, geometry = ResizeCrop(None, None).frame(picture)
    assert (framed == picture).all()
    assert geometry == Geometry((33, 21), (1, 1), (0, 0))


def test_a_crop_wider_than_the_picture_is_black_around_it():
    framed, geometry = ResizeCrop(None, (9, 8)).frame(np.full((4, 4, 3), 200, np.uint8))
    assert framed.shape == (9, 8, 3)
    assert (framed[2:6, 2:6] == 200).all()
    assert framed.sum() == 200 * 48
    assert geometry.offset == (2, 2)


def test_normalising_is_torchvisions():
    picture = smooth_picture(20, 30)
    expected = functional.normalize(
        functional.to_tensor(Image.fromarray(picture)), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    prepared = ResizeCrop().normalise(picture)
    assert prepared.dtype == torch.float32
    assert torch.allclose(prepared, expected, atol=1e-6)


@pytest.mark.parametrize(
    "preparation",
    [
        ResizeCrop(),
        ResizeCrop(64, (56, 56)),
        ResizeCrop(interpolation="bicubic"),
        ResizeCrop(interpolation="nearest"),
        ResizeCrop(interpolation="lanczos"),
        ResizeCrop((60, 80), None),
        ResizeCrop(None, None),
        ResizeCrop(None, (300, 90)),
        ResizeCrop(40, (64, 50)),
    ],
    ids=lambda preparation: f"{preparation.resize}-{preparation.crop}-{preparation.interpolation}",
)
@pytest.mark.parametrize("size", [(180, 243), (97, 64), (256, 256)])
def test_the_differentiable_way_is_within_half_a_grey_level_of_pillows(preparation: ResizeCrop, size: tuple[int, int]):
    picture = smooth_picture(*size)
    framed, _ = preparation.frame(picture)
    tensor = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    prepared = preparation.differentiable(tensor)
    std = torch.tensor(preparation.std)[:, None, None]
    difference = (prepared - preparation.normalise(framed)) * std * 255
    assert difference.abs().mean() <= 0.5


@given(SIDES, SIDES, st.integers(8, 60), st.integers(1, 60), st.integers(1, 60), st.sampled_from(FILTERS))
@settings(deadline=None)
def test_the_seen_region_alone_gives_the_same_input(height: int, width: int, resize: int, tall: int, wide: int, name):
    preparation = ResizeCrop(resize, (tall, wide), name)
    picture = torch.rand(3, height, width)
    top, left, bottom, right = preparation.seen((height, width))
    region = picture[:, top:bottom, left:right]
    whole = preparation.differentiable(picture)
    alone = preparation.differentiable(region, (height, width), (top, left))
    assert torch.allclose(alone, whole, atol=1e-5)


def test_gradients_reach_the_picture_and_only_what_the_crop_keeps():
    picture = torch.rand(3, 40, 90, generator=torch.Generator().manual_seed(0)).requires_grad_()
    prepared = ResizeCrop(20, (20, 20)).differentiable(picture)
    prepared.sum().backward()
    assert picture.grad is not None
    touched = picture.grad.abs().sum(dim=(0, 1)) > 0
    assert touched[30:60].all()
    assert not touched[:20].any()
    assert not touched[-20:].any()


@given(SIDES, SIDES, st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
@settings(deadline=None)
def test_boxes_find_their_way_back_to_the_source(height: int, width: int, resize: int, tall: int, wide: int):
    _, geometry = ResizeCrop(resize, (tall, wide)).frame(np.zeros((height, width, 3), np.uint8))
    boxes = torch.tensor([[0, 0, width, height], [0.25 * width, 0.5 * height, 0.75 * width, height]])
    down, across = geometry.scale
    y, x = geometry.offset
    there = boxes.double() * torch.tensor([across, down] * 2) + torch.tensor([x, y] * 2)
    assert torch.allclose(geometry.to_source(there), boxes.double(), atol=1e-9)


def test_a_geometry_points_at_the_same_spot_of_the_picture():
    picture = np.zeros((120, 200, 3), np.uint8)
    picture[60:70, 110:130] = 255
    framed, geometry = ResizeCrop(60, (50, 40)).frame(picture)
    rows, columns = np.nonzero(framed[..., 0] > 127)
    box = torch.tensor([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=torch.float64)
    assert geometry.to_source(box).tolist() == [[110, 60, 130, 70]]


def test_the_input_stays_untouched():
    picture = smooth_picture(40, 50)
    picture.flags.writeable = False
    preparation = ResizeCrop(None, None)
    framed, _ = preparation.frame(picture)
    preparation.normalise(framed)
    tensor = torch.rand(3, 40, 50)
    before = tensor.clone()
    preparation.differentiable(tensor)
    assert torch.equal(tensor, before)


def test_a_description_is_plain_and_changes_with_every_field():
    changes: list[dict[str, Any]] = [
        {},
        {"resize": 255},
        {"resize": None},
        {"resize": (256, 256)},
        {"crop": None},
        {"crop": (224, 225)},
        {"interpolation": "bicubic"},
        {"mean": (0, 0, 0)},
        {"std": (1, 1, 1)},
    ]
    assert len({json.dumps(dict(ResizeCrop(**fields).describe())) for fields in changes}) == len(changes)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"crop": 224}, "height and width"),
        ({"crop": (0, 5)}, "whole numbers of pixels"),
        ({"resize": 0}, "whole numbers of pixels"),
        ({"resize": "256"}, "height and width"),
        ({"mean": 0.5}, "three numbers"),
        ({"std": (1.0, 1.0)}, "three numbers"),
        ({"interpolation": "cubic"}, "bicubic"),
    ],
)
def test_fields_of_another_kind_are_told_at_once(fields: dict[str, Any], words: str):
    with pytest.raises(ValueError, match=words):
        ResizeCrop(**fields)
