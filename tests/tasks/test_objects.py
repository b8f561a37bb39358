"""Objects turn with their picture: boxes stay around masks, and turning back gives what was there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.tasks.masks import decode_mask, encode_mask
from jpegproof.tasks.objects import Objects

TURNS: dict[str, tuple[Callable[[Objects], Objects], Callable[[np.ndarray], np.ndarray]]] = {
    "mirrored": (Objects.mirrored, lambda mask: mask[:, ::-1]),
    "upended": (Objects.upended, lambda mask: mask[::-1]),
    "transposed": (Objects.transposed, lambda mask: mask.T),
}


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Objects, list[np.ndarray]]:
    """Objects of a small picture, masks of any form, with boxes around them, and the masks themselves."""
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    masks, boxes = [], []
    for _ in range(draw(st.integers(0, 3))):
        cells = draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
        mask = np.array(cells).reshape(height, width)
        mask[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))] = True
        masks.append(mask)
        boxes.append(box_around(mask))
    count = len(masks)
    return (
        Objects(
            size=(height, width),
            boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
            labels=np.arange(1, count + 1),
            crowd=np.arange(count) % 2 == 1,
            areas=np.array([mask.sum() for mask in masks], dtype=np.float64),
            masks=tuple(encode_mask(mask) for mask in masks),
        ),
        masks,
    )


def box_around(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


@pytest.mark.parametrize("name", TURNS)
@given(scene=scenes())
def test_boxes_and_masks_turn_with_the_picture(name: str, scene: tuple[Objects, list[np.ndarray]]):
    turn, moved = TURNS[name]
    turned = turn(scene[0])
    wanted = [moved(mask) for mask in scene[1]]
    assert turned.size == moved(np.zeros(scene[0].size)).shape
    assert turned.masks is not None
    assert len(turned.masks) == len(wanted)
    for counts, box, mask in zip(turned.masks, turned.boxes, wanted, strict=True):
        assert np.array_equal(decode_mask(counts, turned.size), mask)
        assert tuple(box) == box_around(mask)


@pytest.mark.parametrize("name", TURNS)
@given(scene=scenes())
def test_turning_twice_gives_what_was_there(name: str, scene: tuple[Objects, list[np.ndarray]]):
    turn, _ = TURNS[name]
    before, after = scene[0], turn(turn(scene[0]))
    assert after.size == before.size
    assert np.array_equal(after.boxes, before.boxes)
    assert after.masks == before.masks


@pytest.mark.parametrize("name", TURNS)
@given(scene=scenes())
def test_what_an_object_is_does_not_turn(name: str, scene: tuple[Objects, list[np.ndarray]]):
    before, after = scene[0], TURNS[name][0](scene[0])
    assert len(after) == len(before)
    assert np.array_equal(after.labels, before.labels)
    assert np.array_equal(after.crowd, before.crowd)
    assert np.array_equal(after.areas, before.areas)


@given(scene=scenes())
def test_transposing_exchanges_mirroring_and_upending(scene: tuple[Objects, list[np.ndarray]]):
    one, other = scene[0].mirrored().transposed(), scene[0].transposed().upended()
    assert np.array_equal(one.boxes, other.boxes)
    assert one.masks == other.masks


def test_fractions_of_a_pixel_are_kept_and_masks_are_not_made_up():
    box = np.array([[1.25, 2.0, 3.5, 4.75]])
    objects = Objects((6, 10), box, np.array([7]), np.array([False]), np.array([6.1875]))
    assert objects.mirrored().boxes.tolist() == [[6.5, 2.0, 8.75, 4.75]]
    assert objects.upended().boxes.tolist() == [[1.25, 1.25, 3.5, 4.0]]
    assert objects.transposed().boxes.tolist() == [[2.0, 1.25, 4.75, 3.5]]
    assert objects.mirrored().masks is None
