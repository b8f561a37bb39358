"""What happens to a picture on its way to a training: drawn anew, the same for the picture and its JPEG."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jpeg_files import noise_picture, smooth_picture
from small_training import examples

from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.steps import Crop, Resize
from jpegproof.training.deliveries import DrawnStep, deliver, draw_steps, room_for, square_of

TWICE = (DrawnStep("save", 10, 20), DrawnStep("crop", 1, 7), DrawnStep("save", 60, 90, ("4:4:4",)))
HALVED = (DrawnStep("resize", 0.5, 1.0), DrawnStep("save", 30, 30))


def random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@given(st.integers(0, 10_000))
def test_steps_are_drawn_within_their_ends(seed):
    first, moved, last = draw_steps(TWICE, random(seed))
    assert isinstance(first, Compression)
    assert isinstance(moved, Crop)
    assert isinstance(last, Compression)
    assert first.quality in range(10, 21)
    assert moved.pixels in range(1, 8)
    assert last.quality in range(60, 91)
    assert (first.subsampling, last.subsampling) == ("4:2:0", "4:4:4")


def test_every_number_between_the_ends_is_drawn_and_both_ends_too():
    drawn = [draw_steps(TWICE, random(seed)) for seed in range(400)]
    assert {step.pixels for _, step, _ in drawn if isinstance(step, Crop)} == set(range(1, 8))
    assert {step.quality for step, _, _ in drawn if isinstance(step, Compression)} == set(range(10, 21))
    one = random(0)
    scales = np.array([step.scale for _ in range(400) for step in draw_steps(HALVED, one) if isinstance(step, Resize)])
    assert scales.shape == (400,)
    assert scales.min() >= 0.5 - 1e-9
    assert scales.max() <= 1.0 + 1e-9
    assert 0.4 < np.mean(scales < np.sqrt(0.5)) < 0.6


def test_a_crop_of_nothing_is_left_out_and_a_fit_is_a_longest_side():
    assert draw_steps([DrawnStep("crop"), DrawnStep("fit", 40, 40)], random(0)) == [Resize(longest=40)]


def test_own_tables_are_saved_with():
    tables = (tuple(range(1, 65)),)
    (save,) = draw_steps([DrawnStep("tables", tables=tables)], random(0))
    assert save == Compression("jpeg", None, tables=tables)


def test_a_delivery_is_its_steps_one_after_the_other_and_its_original_was_never_saved():
    picture = smooth_picture(64, 80)
    steps = [Compression(quality=10), Crop(4), Resize(scale=0.5), Compression(quality=50)]
    original, jpeg = deliver(picture, steps)
    saved = decode(encode(picture, Compression(quality=10))).pixels[4:, 4:]
    expected = decode(encode(Resize(scale=0.5)(saved), Compression(quality=50)))
    assert np.array_equal(jpeg.pixels, expected.pixels)
    assert jpeg.header.quality == expected.header.quality
    assert np.array_equal(original, Resize(scale=0.5)(np.ascontiguousarray(picture[4:, 4:])))


def test_a_delivery_that_does_not_end_with_a_save_is_refused():
    with pytest.raises(ValueError, match="ends with a save"):
        deliver(smooth_picture(16, 16), [Crop(1)])


@given(st.integers(0, 10_000), st.integers(16, 80), st.integers(16, 80))
def test_there_is_room_for_the_square_after_whatever_is_drawn(seed, height, width):
    chain = (DrawnStep("crop", 0, 9), DrawnStep("resize", 0.4, 1.6), DrawnStep("crop", 0, 9), DrawnStep("save", 50, 50))
    steps = draw_steps(chain, random(seed))
    around = room_for((height, width), steps)
    original, jpeg = square_of(*deliver(np.zeros((*around, 3), np.uint8), steps), (height, width))
    assert original.shape == jpeg.pixels.shape == (height, width, 3)
    assert jpeg.header.size == (height, width)


def test_a_square_is_not_cut_from_less():
    with pytest.raises(ValueError, match="hold no"):
        square_of(*deliver(noise_picture(20, 20), [Compression(quality=50)]), (21, 20))


def test_a_share_of_the_examples_is_saved_once_and_the_others_come_along_a_chain():
    batch = examples(batch=60, chains=(TWICE,), single_saves=0.25, qualities=(1, 9), augment="none").batch(0)
    once = [example for example in batch if example.name is not None]
    assert 5 <= len(once) <= 25
    for example in batch:
        quality = example.jpeg.header.quality.quality
        assert quality in (range(1, 10) if example in once else range(60, 91))
        assert example.original.shape == example.jpeg.pixels.shape
        assert (example.source == example.original.shape[:2]) or example in once


def test_chains_leave_what_is_drawn_of_everything_else_alone():
    plain = examples(batch=8).batch(3)
    again = examples(batch=8, chains=(TWICE,), single_saves=0.999_999).batch(3)
    assert np.array_equal(plain[0].jpeg.pixels, again[0].jpeg.pixels)


def test_squares_come_along_chains_too():
    batch = examples(batch=30, crop=16, chains=(TWICE, HALVED), single_saves=0.0).batch(0)
    assert {example.original.shape for example in batch} == {(16, 16, 3)}
    assert {example.jpeg.header.size for example in batch} == {(16, 16)}
    assert any(example.jpeg.header.quality.quality == 30 for example in batch)


def test_a_picture_too_small_for_a_chain_is_saved_once():
    impossible = (replace(TWICE[1], low=500, high=500), TWICE[2])
    for example in examples(batch=10, chains=(impossible,), single_saves=0.0, qualities=(5, 5)).batch(0):
        assert example.jpeg.header.quality.quality == 5
