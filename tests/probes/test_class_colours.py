"""Colours of classes: told apart, and the same in every sheet."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from jpegproof.probes.class_colours import UNKNOWN, class_colours, coloured


@pytest.mark.parametrize("classes", [2, 11, 21, 150])
def test_no_two_classes_share_a_colour_and_none_is_that_of_unlabelled_pixels(classes):
    colours = [tuple(colour) for colour in class_colours(classes).tolist()]
    assert len(set(colours)) == classes
    assert UNKNOWN not in colours


def test_the_classes_of_a_small_list_are_far_apart():
    colours = class_colours(12).astype(int)
    apart = [np.abs(one - other).sum() for one, other in itertools.combinations(colours, 2)]
    assert min(apart) > 60


def test_a_class_keeps_its_colour_however_many_there_are():
    assert (class_colours(150)[:11] == class_colours(11)).all()


def test_a_map_is_painted_class_by_class_and_in_the_grey_of_no_class_where_none_is_known():
    numbers = np.array([[0, 2], [-1, 1]], dtype=np.int16)
    painted = coloured(numbers, 3)
    assert painted.shape == (2, 2, 3)
    palette = class_colours(3)
    assert (painted[0, 0] == palette[0]).all()
    assert (painted[0, 1] == palette[2]).all()
    assert (painted[1, 1] == palette[1]).all()
    assert (painted[1, 0] == UNKNOWN).all()
