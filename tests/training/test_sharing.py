"""How a batch is shared out: every picture once, whoever computes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_training import RECIPE, examples, thin_corrector
from together import launched_as

from jpegproof.exceptions import JpegproofError
from jpegproof.training.loop import train
from jpegproof.training.ranks import ALONE, Ranks, launched_ranks
from jpegproof.training.restore_pixels import RestorePixels
from jpegproof.training.sharing import Sharing


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 12))
def test_parts_hold_every_picture_of_a_batch_once_and_in_order(batch, count, accumulate):
    places = []
    for rank in range(count):
        sharing = Sharing(Ranks(rank, count), accumulate)
        parts = sharing.own_parts(batch, accumulate)
        mine = [place for first, last in parts for place in range(first, last)]
        # However finely its share is cut, it is the same share: what is read ahead of it stays right.
        assert mine == list(range(*sharing.own(batch)))
        places += mine
    assert places == list(range(batch))


@given(st.integers(1, 40), st.integers(1, 9))
def test_cut_as_finely_as_can_be_each_part_is_one_picture(batch, count):
    for rank in range(count):
        sharing = Sharing(Ranks(rank, count))
        parts = sharing.own_parts(batch, sharing.most_parts(batch))
        assert all(last - first == 1 for first, last in parts)


@pytest.mark.parametrize("accumulate", [0, -1, 3])
def test_more_parts_than_pictures_are_refused(accumulate):
    with pytest.raises(JpegproofError, match="1 to 2 parts"):
        train(RestorePixels(thin_corrector()), examples(), RECIPE, sharing=Sharing(accumulate=accumulate))


def test_a_batch_too_small_for_its_processes_is_refused():
    with pytest.raises(JpegproofError, match="start 2 at most"):
        train(RestorePixels(thin_corrector()), examples(), RECIPE, sharing=Sharing(Ranks(0, 3)))


def test_without_a_launcher_a_process_is_alone():
    assert launched_ranks({}) == ALONE
    assert launched_ranks({"WORLD_SIZE": "1", "RANK": "0"}) == ALONE
    assert launched_ranks(launched_as(3, 4, 29500)) == Ranks(3, 4, 3, 4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"RANK": ""}, "RANK is not set"),
        ({"RANK": "9"}, "numbered from 0 to 3"),
        ({"RANK": "first"}, "whole numbers"),
        ({"MASTER_ADDR": ""}, "MASTER_ADDR is not set"),
    ],
)
def test_half_a_launcher_is_answered_in_words(change, words):
    with pytest.raises(JpegproofError, match=words):
        launched_ranks({**launched_as(0, 4, 29500), **change})
