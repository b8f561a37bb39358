"""Pairs of a picture and its reconstruction: of the world, and of any folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from forensic_folders import drawn, save
from PIL import Image

from jpegproof.data.equalised import Equalised
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.data.reconstructed_pairs import NOTE, ReconstructedPairs, world_pairs
from jpegproof.data.reconstruction import Reconstruction
from jpegproof.data.scenes import scene_identity, scene_name, together
from jpegproof.data.world import World
from jpegproof.data.world_objects import WorldObjects
from jpegproof.exceptions import DataError


def test_real_and_fake_of_the_world_alternate():
    pairs, objects = world_pairs("test", 8), WorldObjects("test", 4)
    assert len(pairs) == 8
    assert [pairs.target(index) for index in range(4)] == [0, 1, 0, 1]
    assert [pairs.name(index) for index in range(4)] == [
        "test/000000-real",
        "test/000000-fake",
        "test/000001-real",
        "test/000001-fake",
    ]
    assert np.array_equal(pairs.pixels(6), objects.pixels(3))
    assert np.array_equal(pairs.pixels(7), Reconstruction()(objects.pixels(3)))


def test_a_real_picture_keeps_its_identity_and_a_fake_names_what_made_it():
    pairs, objects = world_pairs("test", 8), WorldObjects("test", 4)
    assert pairs.identity(6) == objects.identity(3)
    assert Reconstruction().digest in pairs.identity(7)
    assert scene_identity(pairs, 7) == scene_identity(pairs, 6) == objects.identity(3)
    assert scene_name(pairs, 7) == "test/000003-real"
    assert together(pairs) == 2
    assert together(objects) == 1
    assert scene_name(objects, 3) == objects.name(3)


def test_a_pair_is_drawn_once(monkeypatch: pytest.MonkeyPatch):
    pairs = world_pairs("test", 4)
    real = pairs.pixels(2)
    monkeypatch.setattr(World, "scene", lambda *_: pytest.fail("was drawn"))
    assert not np.array_equal(pairs.pixels(3), real)


def test_an_odd_size_is_no_set_of_pairs():
    with pytest.raises(DataError, match="even number"):
        world_pairs("test", 5)


def test_the_world_has_no_files_that_could_tell():
    assert any(NOTE in note for note in world_pairs("test", 4).notes)
    assert not any("files" in note for note in world_pairs("test", 4).notes)


def test_pairs_of_a_folder(tmp_path: Path):
    save(tmp_path / "a" / "one.png", 0)
    save(tmp_path / "two.png", 1)
    pairs = ReconstructedPairs(UnlabelledFolder(tmp_path))
    assert [pairs.name(index) for index in range(3)] == ["a/one.png-real", "a/one.png-fake", "two.png-real"]
    assert np.array_equal(pairs.pixels(2), drawn(1))
    assert np.array_equal(pairs.pixels(3), Reconstruction()(drawn(1)))
    assert pairs.identity(2) == UnlabelledFolder(tmp_path).identity(1)


def folder(root: Path, ending: str) -> ReconstructedPairs:
    for index in range(20):
        save(root / f"{index:03d}.{ending}", index)
    return ReconstructedPairs(UnlabelledFolder(root))


def test_lossless_pictures_and_their_reconstructions_are_equal_already(tmp_path: Path):
    assert folder(tmp_path, "png").notes == (NOTE,)


def test_jpegs_and_their_reconstructions_are_not_until_they_are_equalised(tmp_path: Path):
    pairs = folder(tmp_path, "jpg")
    assert "format: 100 %" in pairs.notes[-1]
    equal = Equalised(pairs)
    assert not any("tell" in note for note in equal.notes)
    assert equal.notes[0] == NOTE
    assert together(equal) == 2
    assert scene_name(equal, 5) == "002.jpg-real"
    assert scene_identity(equal, 5) == pairs.identity(4)
    assert equal.terms.quality == 75


def test_grey_pictures_betray_themselves(tmp_path: Path):
    for index in range(20):
        Image.fromarray(drawn(index)).convert("L").save(tmp_path / f"{index}.png")
    assert "colours: 100 %" in ReconstructedPairs(UnlabelledFolder(tmp_path)).notes[-1]
