"""The embedded world: the same pictures for ever, and the truth about them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from jpegproof.data.world import BACKGROUND, CLASS_NAMES, SPLITS, Scene, World, WorldSettings
from jpegproof.exceptions import DataError, UnknownNameError

SCENES = 120


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    world = World("train")
    return [world.scene(index) for index in range(SCENES)]


def test_the_same_index_is_the_same_picture_in_any_order(scenes: list[Scene]):
    world = World("train")
    for index in (7, 3, 7, 0):
        assert np.array_equal(world.picture(index), scenes[index].picture)


def test_another_process_draws_the_same_picture(scenes: list[Scene]):
    code = (
        "import hashlib; from jpegproof.data.world import World;"
        "print(hashlib.sha256(World('train').picture(11).tobytes()).hexdigest())"
    )
    import hashlib

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == hashlib.sha256(scenes[11].picture.tobytes()).hexdigest()


def test_the_length_of_a_split_changes_no_picture(scenes: list[Scene]):
    assert np.array_equal(World("train", length=6).picture(5), scenes[5].picture)


@pytest.mark.parametrize("split", SPLITS)
def test_no_two_pictures_are_alike_within_and_across_splits(split: str, scenes: list[Scene]):
    seen = {scene.picture.tobytes() for scene in scenes}
    fresh = {World(split).picture(index).tobytes() for index in range(SCENES, SCENES + 10)}
    assert len(fresh) == 10
    assert not fresh & seen
    assert len(seen) == SCENES


def test_pictures_are_8_bit_rgb_of_the_size_asked_for():
    picture = World("val").picture(0)
    assert picture.shape == (96, 96, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    odd = World("val", settings=WorldSettings(height=77, width=131)).scene(4)
    assert odd.picture.shape == (77, 131, 3)
    assert all(instance.mask.shape == (77, 131) for instance in odd.instances)


def test_every_block_of_ten_holds_every_class_once_and_no_stride_falls_on_one_class():
    world = World("test")
    labels = [world.label(index) for index in range(1000)]
    assert set(Counter(labels).values()) == {100}
    assert len(set(labels[::10])) == len(CLASS_NAMES)


def test_the_label_is_the_class_of_the_largest_object(scenes: list[Scene]):
    world = World("train")
    for index, scene in enumerate(scenes):
        areas = [instance.area for instance in scene.instances]
        assert scene.label == world.label(index)
        assert scene.instances[scene.dominant].label == scene.label
        assert scene.dominant == int(np.argmax(areas))


def test_boxes_fit_their_masks_exactly(scenes: list[Scene]):
    for scene in scenes:
        for instance in scene.instances:
            x0, y0, x1, y1 = instance.box
            inside = instance.mask[y0:y1, x0:x1]
            assert np.count_nonzero(inside) == instance.area
            assert inside[0].any()
            assert inside[-1].any()
            assert inside[:, 0].any()
            assert inside[:, -1].any()


def test_masks_never_overlap_and_make_the_semantic_map(scenes: list[Scene]):
    for scene in scenes:
        assert scene.masks.sum(axis=0).max() <= 1
        wanted = np.full(scene.picture.shape[:2], BACKGROUND)
        for mask, label in zip(scene.masks, scene.labels, strict=True):
            wanted[mask] = label + 1
        assert np.array_equal(scene.semantic, wanted)


def test_arrays_of_a_scene_stand_in_one_order(scenes: list[Scene]):
    scene = max(scenes, key=lambda scene: len(scene.instances))
    count = len(scene.instances)
    assert count > 2
    assert scene.boxes.shape == (count, 4)
    assert scene.labels.shape == (count,)
    assert scene.masks.shape == (count, 96, 96)


def test_objects_are_of_every_class_and_of_many_sizes(scenes: list[Scene]):
    small = [item for scene in scenes for place, item in enumerate(scene.instances) if place != scene.dominant]
    assert {item.label for item in small} == set(range(len(CLASS_NAMES)))
    areas = np.array([item.area for scene in scenes for item in scene.instances])
    assert areas.min() < 100
    assert areas.max() > 1500


def test_every_class_is_drawn_on_a_picture_it_stands_out_from(scenes: list[Scene]):
    for scene in scenes:
        mask = scene.instances[scene.dominant].mask
        assert 0.03 < mask.mean() < 0.4


def test_the_spectrum_falls_as_that_of_photographs_does(scenes: list[Scene]):
    """Amplitude ~ 1 / frequency**slope, slope 0.7 to 1.5 for photographs (Field 1987; Ruderman 1994 has power 1.8)."""
    window = np.hanning(96)[:, None] * np.hanning(96)[None, :]
    power = np.zeros((96, 96))
    for scene in scenes:
        luma = scene.picture @ np.array([0.299, 0.587, 0.114])
        power += np.abs(np.fft.fft2((luma - luma.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.fftfreq(96)[None, :])
    bins = np.geomspace(3 / 96, 0.35, 9)
    place = np.digitize(frequency, bins)
    means = [power[place == number].mean() for number in range(1, len(bins))]
    centres = np.sqrt(bins[1:] * bins[:-1])
    slope = -0.5 * np.polyfit(np.log(centres), np.log(means), 1)[0]
    assert 0.7 < slope < 1.6


def test_pictures_vary_in_brightness_and_use_most_of_the_range(scenes: list[Scene]):
    means = [float(scene.picture.mean()) for scene in scenes]
    assert np.std(means) > 10
    low, high = np.percentile(np.stack([scene.picture for scene in scenes]), [1, 99])
    assert low < 50
    assert high > 180


def test_a_mistyped_split_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="Did you mean 'test'"):
        World("tset")


def test_impossible_requests_are_refused():
    with pytest.raises(DataError, match="0 pictures"):
        World("val", length=0)
    with pytest.raises(DataError, match="too small"):
        World("val", settings=WorldSettings(height=32))
    world = World("val", length=3)
    for index in (-1, 3):
        with pytest.raises(IndexError, match="which has 3"):
            world.label(index)
        with pytest.raises(IndexError):
            world.picture(index)
