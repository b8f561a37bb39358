"""The embedded world's label maps: those of its scenes, drawn when they are read."""

from __future__ import annotations

import numpy as np
import pytest

from jpegproof.data.world import CLASS_NAMES, World
from jpegproof.data.world_maps import WORLD_CLASSES, WorldMaps
from jpegproof.data.world_objects import GATHERINGS, WorldObjects


def test_a_map_is_that_of_the_scene():
    world, pictures = World("train", 12, GATHERINGS), WorldMaps("train", 12)
    for index in (0, 11):
        scene, numbers = world.scene(index), pictures.target(index).read()
        assert np.array_equal(numbers, scene.semantic)
        assert np.array_equal(pictures.pixels(index), scene.picture)
        for instance in scene.instances:
            shown = {WORLD_CLASSES[number] for number in numbers[instance.mask]}
            assert shown == {CLASS_NAMES[instance.label]}


def test_every_pixel_has_a_class_and_every_class_has_pixels():
    pictures = WorldMaps("val", 20)
    shown = np.unique(np.concatenate([pictures.target(index).read().ravel() for index in range(20)]))
    assert shown.tolist() == list(range(11)) == list(range(len(WORLD_CLASSES)))
    assert pictures.class_names == WORLD_CLASSES


def test_the_pictures_are_those_of_the_objects():
    maps, objects = WorldMaps("test", 3), WorldObjects("test", 3)
    assert [maps.name(index) for index in range(3)] == [objects.name(index) for index in range(3)]
    assert maps.identity(2) == objects.identity(2)


def test_a_fingerprint_draws_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(World, "scene", lambda *_: pytest.fail("was drawn"))
    pictures = WorldMaps("test", 3)
    texts = {pictures.target(index).describe() for index in range(3)}
    assert len(texts | {WorldMaps("val", 3).target(0).describe()}) == 4


def test_a_map_that_is_asked_for_again_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch):
    pictures = WorldMaps("test", 3)
    before = pictures.target(1).read()
    monkeypatch.setattr(World, "scene", lambda *_: pytest.fail("was drawn"))
    assert pictures.target(1).read() is before
