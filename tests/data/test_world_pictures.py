"""The embedded world as data sets: what stored predictions know their pictures by."""

from __future__ import annotations

from jpegproof.data.world_pictures import WorldPictures


def test_portraits_keep_the_identity_that_stored_predictions_know_them_by():
    """Were it to change with what else can be set of the world, finished studies would be done again."""
    assert WorldPictures("test", 5).identity(3) == "world 1 test WorldSettings(height=96, width=96) 3"
