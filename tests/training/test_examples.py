"""What a training learns from: known from the step's number alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from jpeg_files import noise_picture, smooth_picture
from small_training import RECIPE, PicturesInMemory, examples, pictures

from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.preparation import ResizeCrop
from jpegproof.training.examples import Examples


def test_a_batch_depends_on_its_step_alone():
    forwards = [examples().batch(step) for step in range(4)]
    supply = examples()
    backwards = {step: supply.batch(step) for step in (3, 1, 2, 0)}
    for step, batch in enumerate(forwards):
        for one, other in zip(batch, backwards[step], strict=True):
            assert np.array_equal(one.original, other.original)
            assert np.array_equal(one.jpeg.pixels, other.jpeg.pixels)
            assert one.target == other.target


def test_another_seed_gives_other_examples():
    def qualities(seed):
        return [example.jpeg.header.quality.quality for example in examples(seed=seed, batch=20).batch(0)]

    assert qualities(0) != qualities(1)


def test_every_picture_comes_once_before_any_comes_again():
    supply = examples(augment="none", batch=1)
    whole = pictures()
    seen = [
        next(n for n in range(5) if np.array_equal(whole.pixels(n), supply.batch(step)[0].original))
        for step in range(10)
    ]
    assert sorted(seen[:5]) == sorted(seen[5:]) == list(range(5))
    assert seen[:5] != seen[5:]


def test_the_jpeg_is_pillows_of_the_original():
    for example in examples(batch=8).batch(0):
        quality = example.jpeg.header.quality
        assert quality.fit_error == 0
        assert 10 <= quality.quality <= 90
        again = decode(encode(example.original, Compression("jpeg", quality.quality)))
        assert np.array_equal(example.jpeg.pixels, again.pixels)


def test_qualities_and_subsamplings_are_those_of_the_recipe():
    batch = examples(batch=40, qualities=(20, 22), subsampling=("4:4:4", "4:2:0")).batch(0)
    assert {example.jpeg.header.quality.quality for example in batch} == {20, 21, 22}
    assert {example.jpeg.header.subsampling for example in batch} == {"4:4:4", "4:2:0"}


def test_a_picture_is_mirrored_before_it_is_compressed_and_turned_only_where_that_is_asked_for():
    whole = pictures(1)
    plain = whole.pixels(0)
    mirrored = plain[:, ::-1]
    seen = [examples(count=1, batch=16).batch(0), examples(count=1, batch=16, augment="none").batch(0)]
    assert {np.array_equal(one.original, plain) for one in seen[0]} == {True, False}
    assert all(np.array_equal(one.original, plain) or np.array_equal(one.original, mirrored) for one in seen[0])
    assert all(np.array_equal(one.original, plain) for one in seen[1])
    turned = Examples([(whole, [0])], replace(RECIPE, batch=40, augment="dihedral", crop=32)).batch(0)
    assert len({one.original.tobytes() for one in turned}) > 8


def test_squares_are_cut_before_compressing_so_that_they_have_a_grid_of_their_own():
    batch = examples(batch=10, crop=32).batch(0)
    assert {example.original.shape for example in batch} == {(32, 32, 3)}
    assert {example.jpeg.pixels.shape for example in batch} == {(32, 32, 3)}


def test_low_qualities_come_oftener_where_that_is_asked_for():
    drawn = {}
    for power in (1.0, 2.0):
        recipe = replace(RECIPE, qualities=(10, 90), low_qualities=power, batch=400)
        jpegs = [example.jpeg for example in Examples([(pictures(4), range(4))], recipe).batch(0)]
        drawn[power] = np.array([jpeg.header.quality.quality for jpeg in jpegs])
        assert drawn[power].min() >= 10
        assert drawn[power].max() <= 90
    assert 0.18 < np.mean(drawn[1.0] < 30) < 0.32  # a quarter
    assert 0.43 < np.mean(drawn[2.0] < 30) < 0.57  # a half


def test_some_squares_are_shrunk_after_they_were_compressed():
    large = PicturesInMemory([noise_picture(200, 240)])
    recipe = replace(RECIPE, crop=32, shrunk=0.5, batch=60)
    batch = Examples([(large, range(1))], recipe).batch(0)
    factors = np.array([example.jpeg.header.shrunk or 1.0 for example in batch])
    assert 15 < (factors > 1).sum() < 45
    assert factors.max() <= 4
    assert factors[factors > 1].min() > 1.2
    for example in batch:
        assert example.original.shape == example.jpeg.pixels.shape == (32, 32, 3)
        # Shrinking averages the noise of the original away, so both were shrunk.
        assert (example.original.std() < 60) == (example.jpeg.header.shrunk is not None)


def test_ragged_squares_lack_rows_and_columns_a_batch_alike():
    large = PicturesInMemory([noise_picture(64, 80)])
    recipe = replace(RECIPE, crop=48, ragged=0.5, batch=3, augment="dihedral")
    supply = Examples([(large, range(1))], recipe)
    shapes = []
    for step in range(40):
        batch = supply.batch(step)
        assert len({example.original.shape for example in batch}) == 1
        assert all(example.jpeg.pixels.shape == example.original.shape for example in batch)
        shapes.append(batch[0].original.shape[:2])
    whole = shapes.count((48, 48))
    assert 10 < whole < 32
    assert min(min(shape) for shape in shapes) >= 33
    assert any(height != width for height, width in shapes)


def test_pictures_too_small_to_be_shrunk_stay_as_they_are():
    recipe = replace(RECIPE, crop=32, shrunk=1.0, batch=4)
    batch = Examples([(PicturesInMemory([noise_picture(36, 40)]), range(1))], recipe).batch(0)
    assert {example.jpeg.header.shrunk for example in batch} == {None}


def test_a_picture_that_cannot_be_decoded_gives_its_place_to_the_next():
    good = smooth_picture(40, 40)
    supply = Examples([(PicturesInMemory([None, good, None]), range(3))], replace(RECIPE, batch=6))
    assert len(supply.batch(0)) == 6
    with pytest.raises(DataError, match="none of the 2 pictures"):
        Examples([(PicturesInMemory([None, None]), range(2))], RECIPE).batch(0)
    with pytest.raises(DataError, match="no picture"):
        Examples([(PicturesInMemory([good]), [])], RECIPE)


def test_pictures_smaller_than_the_squares_are_left_out():
    small, large = smooth_picture(30, 90), smooth_picture(50, 50)
    supply = Examples([(PicturesInMemory([small, large]), range(2))], replace(RECIPE, crop=48, augment="none"))
    assert all(example.original.shape == (48, 48, 3) for example in supply.batch(0))


def test_memory_for_decoded_pictures_is_bounded():
    decoded = []

    class Counting(PicturesInMemory):
        def pixels(self, index):
            decoded.append(index)
            return super().pixels(index)

    sets = [(Counting([smooth_picture(40, 40)] * 4), range(4))]
    supply = Examples(sets, RECIPE, cache_bytes=2 * 40 * 40 * 3)
    for step in range(8):
        supply.batch(step)
    assert len(decoded) > 4
    decoded.clear()
    supply = Examples(sets, RECIPE)
    for step in range(8):
        supply.batch(step)
    assert sorted(decoded) == [0, 1, 2, 3]


def test_at_the_models_input_pictures_are_framed_before_they_are_compressed():
    supply = Examples([(pictures(), range(5))], replace(RECIPE, stage="input"), [ResizeCrop(40, (32, 24))])
    assert {example.jpeg.pixels.shape for example in supply.batch(0)} == {(32, 24, 3)}


class _Placed:
    """A target that remembers how it was turned."""

    def __init__(self, turns: str = "") -> None:
        self.turns = turns

    def describe(self) -> str:
        return self.turns

    def mirrored(self) -> _Placed:
        return _Placed(self.turns + "m")

    def upended(self) -> _Placed:
        return _Placed(self.turns + "u")

    def transposed(self) -> _Placed:
        return _Placed(self.turns + "t")


class _WithPlaces(PicturesInMemory):
    def target(self, index: int) -> _Placed:
        del index
        return _Placed()


def test_what_is_true_is_turned_with_the_picture():
    picture = noise_picture(32, 48)
    supply = Examples([(_WithPlaces([picture]), [0])], replace(RECIPE, batch=64, augment="dihedral"))
    seen = set()
    for example in supply.batch(0):
        expected = picture
        for turn in example.target.turns:
            expected = {"m": expected[:, ::-1], "u": expected[::-1], "t": expected.transpose(1, 0, 2)}[turn]
        assert np.array_equal(example.original, expected)
        assert example.source == expected.shape[:2]
        assert (example.name is None) == bool(example.target.turns)
        seen.add(example.target.turns)
    assert len(seen) == 8


def test_labels_that_nobody_reads_are_not_asked_for():
    class Unreadable(PicturesInMemory):
        def target(self, index: int) -> int:
            raise AssertionError("asked for")

    supply = Examples([(Unreadable([noise_picture(32, 48)]), [0])], RECIPE, labelled=False)
    assert supply.batch(0)[0].target is None
