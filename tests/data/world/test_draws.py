"""The stream everything is drawn from."""

from __future__ import annotations

import numpy as np

from jpegproof.data.world.draws import Draws

FIRST, SECOND = 12368030237656201616, 2047858591075935483


def test_the_stream_is_the_one_of_pcg64_for_ever():
    """Were these words ever to change, every picture would: numpy promises that they will not."""
    words = np.random.PCG64(np.random.SeedSequence((1, 2, 3))).random_raw(2)
    assert [int(word) for word in words] == [FIRST, SECOND]
    assert Draws(1, 2, 3).uniform(0.0, 1.0) == (FIRST >> 11) * 2.0**-53


def test_different_keys_give_different_streams():
    assert len({Draws(*key).uniform(0.0, 1.0) for key in ((1,), (2,), (1, 1), (1, 2), (2, 1))}) == 5


def test_bells_have_mean_0_variance_1_and_no_far_tail():
    sample = Draws(5).bells(200, 500)
    assert sample.dtype == np.float32
    assert abs(sample.mean()) < 0.01
    assert abs(sample.std() - 1.0) < 0.01
    assert np.abs(sample).max() <= 3.5


def test_integers_fill_their_range_evenly():
    counts = np.bincount(Draws(6).integers(0, 8, 8000), minlength=8)
    assert counts.shape == (8,)
    assert counts.min() > 850


def test_a_permutation_holds_every_number_once():
    assert sorted(Draws(7).permutation(50)) == list(range(50))
