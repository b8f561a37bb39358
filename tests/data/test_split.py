"""What is held back: by content alone, the same every time, and never a copy of what is learned from."""

from __future__ import annotations

import pytest

from jpegproof.data.split import LEAST_JUDGING, LEAST_STOPPING, MOST_JUDGING, MOST_STOPPING, can_be_split, split
from jpegproof.exceptions import DataError


class Named:
    """A data set of nothing but identities."""

    task = ""
    notes = ()
    class_names = None

    def __init__(self, identities):
        self._identities = list(identities)

    def __len__(self):
        return len(self._identities)

    def name(self, index):
        return f"{index}.png"

    def identity(self, index):
        return self._identities[index]

    def target(self, index):
        return None

    def size_in_bytes(self, index):
        return 1

    def pixels(self, index):
        raise AssertionError("nothing has to be decoded")


def contents(pictures, numbers):
    return {pictures.identity(number) for number in numbers}


def test_the_parts_hold_every_picture_once():
    pictures = Named(f"p{number}" for number in range(200))
    parts = split(pictures, range(200), 0.3, 0)
    assert sorted([*parts.learning, *parts.stopping, *parts.judging]) == list(range(200))
    assert (len(parts.stopping), len(parts.judging)) == (20, 40)


def test_order_and_names_decide_nothing_and_the_seed_does():
    names = [f"p{number}" for number in range(100)]
    one, other = Named(names), Named(reversed(names))
    first, second = (split(pictures, range(100), 0.3, 0) for pictures in (one, other))
    for part in ("learning", "stopping", "judging"):
        assert contents(one, getattr(first, part)) == contents(other, getattr(second, part))
    assert split(one, range(100), 0.3, 1).judging != first.judging


def test_most_pictures_stay_where_they_are_when_others_come():
    few, more = Named(f"p{number}" for number in range(100)), Named(f"p{number}" for number in range(110))
    before, after = split(few, range(100), 0.3, 0), split(more, range(110), 0.3, 0)
    assert len(set(before.judging) & set(after.judging)) >= 16


def test_copies_stay_together():
    pictures = Named(f"p{number % 50}" for number in range(150))
    parts = split(pictures, range(150), 0.3, 0)
    found = [contents(pictures, part) for part in (parts.learning, parts.stopping, parts.judging)]
    assert not found[0] & found[1]
    assert not found[0] & found[2]
    assert not found[1] & found[2]


def test_pictures_that_follow_each_other_stay_together():
    pictures = Named(f"frame{number}" for number in range(120))
    parts = split(pictures, range(120), 0.3, 0, block=10)
    for part in (parts.learning, parts.stopping, parts.judging):
        assert {number // 10 for number in part} == {number // 10 for number in part if number % 10 == 0}
        assert len(part) % 10 == 0


def test_of_many_pictures_no_more_than_some_hundreds_are_held_back():
    parts = split(Named(map(str, range(5000))), range(5000), 0.3, 0)
    assert (len(parts.stopping), len(parts.judging)) == (MOST_STOPPING, MOST_JUDGING)


def test_too_few_pictures_are_refused():
    assert not can_be_split(48, 0.3)
    assert can_be_split(50, 0.3)
    parts = split(Named(map(str, range(50))), range(50), 0.3, 0)
    assert (len(parts.stopping), len(parts.judging)) == (LEAST_STOPPING, LEAST_JUDGING)
    with pytest.raises(DataError, match="too few to hold"):
        split(Named(map(str, range(40))), range(40), 0.3, 0)
    with pytest.raises(DataError, match="only 1 differ"):
        split(Named(["same"] * 60), range(60), 0.3, 0)
