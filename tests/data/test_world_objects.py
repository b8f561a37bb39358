"""The embedded world's objects: boxes and masks that agree with the pictures and with each other."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from jpegproof.data.world import CLASS_NAMES, World
from jpegproof.data.world_objects import CATEGORIES, GATHERINGS, WorldObjects
from jpegproof.data.world_pictures import WorldPictures
from jpegproof.exceptions import DataError, MissingExtraError
from jpegproof.tasks.masks import decode_mask
from jpegproof.tasks.objects import Objects

COUNT = 60


@pytest.fixture(scope="module")
def truths() -> list[Objects]:
    pictures = WorldObjects("train", COUNT)
    return [pictures.target(index) for index in range(COUNT)]


def masks_of(objects: Objects) -> np.ndarray:
    assert objects.masks is not None
    return np.stack([decode_mask(mask, objects.size) for mask in objects.masks])


def test_a_box_encloses_its_mask_exactly(truths: list[Objects]):
    for objects in truths:
        for (left, top, right, bottom), mask in zip(objects.boxes.astype(int), masks_of(objects), strict=True):
            inside = mask[top:bottom, left:right]
            assert inside.sum() == mask.sum()
            assert inside[[0, -1]].any(axis=1).all()
            assert inside[:, [0, -1]].any(axis=0).all()


def test_an_area_is_what_can_be_seen(truths: list[Objects]):
    for objects in truths:
        masks = masks_of(objects)
        assert objects.areas.tolist() == masks.sum(axis=(1, 2)).tolist()
        assert masks.sum(axis=0).max() == 1


def test_the_truth_is_that_of_the_scene(truths: list[Objects]):
    world = World("train", COUNT, GATHERINGS)
    for index in range(10):
        scene, objects = world.scene(index), truths[index]
        assert objects.size == scene.picture.shape[:2] == (128, 160)
        assert [CATEGORIES[label] for label in objects.labels] == [CLASS_NAMES[label] for label in scene.labels]
        assert np.array_equal(masks_of(objects), scene.masks)
        assert objects.boxes.dtype == objects.areas.dtype == np.float64
        assert not objects.crowd.any()


def test_objects_of_which_hardly_anything_can_be_seen_are_left_out(truths: list[Objects]):
    assert min(objects.areas.min() for objects in truths) >= 24


def test_pictures_hold_several_objects_of_every_category_and_of_many_sizes(truths: list[Objects]):
    counts = [len(objects) for objects in truths]
    assert min(counts) >= 1
    assert max(counts) <= 7
    assert np.mean(counts) > 4
    assert {label for objects in truths for label in objects.labels} == set(CATEGORIES)
    areas = np.concatenate([objects.areas for objects in truths])
    assert np.mean(areas < 32**2) > 0.5
    assert np.mean(areas > 32**2) > 0.2


def test_the_dominant_object_stands_in_front(truths: list[Objects]):
    """The nearest of a scene's objects, and the last of its truth; only leaves may lie on it."""
    world = World("train", COUNT, GATHERINGS)
    for index in range(COUNT):
        assert truths[index].labels[-1] == world.label(index) + 1


def test_the_same_picture_is_drawn_whenever_it_is_asked_for(truths: list[Objects]):
    pictures, fewer = WorldObjects("train", COUNT), WorldObjects("train", 4)
    later = pictures.pixels(3)
    assert np.array_equal(fewer.pixels(3), later)
    assert fewer.target(3).masks == truths[3].masks
    assert np.array_equal(fewer.target(3).boxes, truths[3].boxes)
    assert fewer.name(3) == pictures.name(3) == "train/000003"


def test_an_identity_names_the_picture_and_nothing_else():
    gathering = WorldObjects("val", 9)
    identities = {gathering.identity(0), gathering.identity(1), WorldObjects("test", 9).identity(0)}
    assert len(identities | {WorldPictures("val", 9).identity(0)}) == 4
    assert WorldObjects("val", 3).identity(1) == gathering.identity(1)


def test_labels_have_names():
    assert WorldObjects("val", 1).class_names == {number + 1: name for number, name in enumerate(CLASS_NAMES)}


def test_without_pycocotools_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    with pytest.raises(MissingExtraError, match=r"jpegproof\[detection\]"):
        WorldObjects("val", 1).target(0)


def test_a_split_has_at_least_one_picture():
    with pytest.raises(DataError, match="0 pictures"):
        WorldObjects("val", 0)
