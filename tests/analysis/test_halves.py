"""Two halves of a data set."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.analysis.halves import first_half


@given(st.lists(st.text(max_size=8), max_size=40), st.integers(1, 5))
def test_the_halves_differ_by_one_block_at_most_and_no_block_is_torn(names: list[str], block: int):
    first = first_half(names, block)
    blocks = [first[begin : begin + block] for begin in range(0, len(names), block)]
    assert all(part.all() or not part.any() for part in blocks)
    assert sum(part.all() for part in blocks) - len(blocks) / 2 in (0, 0.5)


def test_a_picture_keeps_its_half_whatever_the_order_of_the_set():
    names = [f"{number:03}.jpg" for number in range(50)]
    first = dict(zip(names, first_half(names), strict=True))
    turned = dict(zip(names[::-1], first_half(names[::-1]), strict=True))
    assert first == turned


def test_what_alternates_in_the_set_is_in_both_halves():
    first = first_half([f"{number:04}.png" for number in range(400)])
    assert np.abs(first[::2].mean() - 0.5) < 0.1
    assert np.abs(first[:200].mean() - 0.5) < 0.1
