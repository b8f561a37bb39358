"""Label maps turn with their picture, are read when they are needed, and are told apart without being read."""

from __future__ import annotations

import numpy as np
import pytest

from jpegproof.tasks.class_map import ClassMap, count_classes
from jpegproof.tasks.label_map import ClassNumbers, LabelMap
from jpegproof.tasks.protocol import Spatial, plain_target

NUMBERS = np.array([[0, 1, 2], [-1, 4, 5]], dtype=np.int16)
TURNS = {
    "mirrored": (LabelMap.mirrored, lambda numbers: numbers[:, ::-1]),
    "upended": (LabelMap.upended, lambda numbers: numbers[::-1]),
    "transposed": (LabelMap.transposed, lambda numbers: numbers.T),
}


@pytest.mark.parametrize("name", TURNS)
def test_a_map_turns_with_its_picture(name: str):
    turn, moved = TURNS[name]
    assert np.array_equal(turn(LabelMap.of(NUMBERS)).read(), moved(NUMBERS))


def test_turns_follow_each_other():
    turned = LabelMap.of(NUMBERS).mirrored().transposed()
    assert np.array_equal(turned.read(), NUMBERS[:, ::-1].T)


def test_maps_are_told_apart_by_class_size_and_turn():
    other = NUMBERS.copy()
    other[0, 0] = 1
    maps = [NUMBERS, other, NUMBERS.reshape(3, 2)]
    texts = {LabelMap.of(numbers).describe() for numbers in maps}
    turned = {turn(LabelMap.of(NUMBERS)).describe() for turn, _ in TURNS.values()}
    assert len(texts | turned) == 6
    assert LabelMap.of(NUMBERS).describe() == LabelMap.of(NUMBERS.copy()).describe()


def test_a_fingerprint_reads_nothing():
    def read() -> ClassNumbers:
        raise AssertionError("was read")

    target = LabelMap("content", read)
    assert isinstance(target, Spatial)
    assert plain_target(target.mirrored()) == "content mirrored"


@pytest.mark.parametrize("classes", [2, 256, 257, 30_000])
def test_a_packed_map_comes_back_whole(classes: int):
    numbers = np.random.default_rng(0).integers(0, classes, (7, 5)).astype(np.int16)
    numbers[0, 0] = classes - 1
    found = ClassMap.unpacked(ClassMap(numbers, classes).packed(), (7, 5), classes)
    assert np.array_equal(found.numbers, numbers)
    assert found.numbers.dtype == np.int16


def test_pixels_without_a_label_count_for_nothing():
    said = np.array([[0, 1, 1, 2]], dtype=np.int16)
    true = np.array([[0, 2, -1, 2]], dtype=np.int16)
    counts = count_classes(ClassMap(said, 4), true)
    assert [part.tolist() for part in counts] == [[1, 0, 1, 0], [1, 1, 1, 0], [1, 0, 2, 0]]
