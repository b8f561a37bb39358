"""Folders of real and fake pictures: the authors' layouts, declared names, and what is not in any layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from forensic_folders import drawn, save

from jpegproof.data.find import open_pictures
from jpegproof.data.image_folder import ImageFolder
from jpegproof.data.real_fake_folder import RealFakeFolder
from jpegproof.exceptions import DataError


def filled(root: Path, *places: str) -> Path:
    for index, place in enumerate(places):
        save(root / place, index)
    return root


def told(pictures: RealFakeFolder) -> dict[str, int]:
    return {pictures.name(index): pictures.target(index) for index in range(len(pictures))}


def opened(root: Path) -> RealFakeFolder:
    pictures = open_pictures(root)
    assert isinstance(pictures, RealFakeFolder)
    return pictures


def test_wangs_folders_beside_each_other(tmp_path: Path):
    pictures = opened(filled(tmp_path, "1_fake/a.png", "0_real/a.png", "0_real/b.png"))
    assert told(pictures) == {"0_real/a.png": 0, "0_real/b.png": 0, "1_fake/a.png": 1}
    assert pictures.class_names == ("real", "fake")
    assert pictures.task == "forensics"
    assert pictures.notes == ()
    assert np.array_equal(pictures.pixels(1), drawn(2))


def test_wangs_folders_below_classes_at_any_depth(tmp_path: Path):
    pictures = opened(
        filled(tmp_path, "progan/car/0_real/a.png", "progan/car/1_fake/a.png", "cat/0_real/x/a.png", "cat/1_fake/a.png")
    )
    names = ["cat/0_real/x/a.png", "cat/1_fake/a.png", "progan/car/0_real/a.png", "progan/car/1_fake/a.png"]
    assert list(told(pictures).items()) == list(zip(names, [0, 1, 0, 1], strict=True))


def test_chais_folders(tmp_path: Path):
    assert told(opened(filled(tmp_path, "Real/a.png", "fake/a.png"))) == {"Real/a.png": 0, "fake/a.png": 1}


def test_a_declared_folder_may_be_named_with_those_above_it(tmp_path: Path):
    filled(tmp_path, "photos/train/a.png", "photos/test/a.png", "PGAN/train/a.png", "PGAN/test/x/a.png", "test/a.png")
    pictures = RealFakeFolder(tmp_path, real=["photos/test"], fake=["pgan/test"])
    assert told(pictures) == {"photos/test/a.png": 0, "PGAN/test/x/a.png": 1}
    with pytest.raises(DataError, match=r"no folder 'photos/tst' .* Did you mean 'photos/test'\?"):
        RealFakeFolder(tmp_path, real=["photos/tst"], fake=["PGAN"])


def test_several_folders_can_be_declared(tmp_path: Path):
    filled(tmp_path, "celeba/a.png", "stylegan/a.png", "pggan/a.png", "glow/a.png")
    pictures = RealFakeFolder(tmp_path, real=["celeba"], fake=["stylegan", "PGGAN"])
    assert told(pictures) == {"celeba/a.png": 0, "pggan/a.png": 1, "stylegan/a.png": 1}
    (note,) = pictures.notes
    assert note.startswith("1 pictures lie below no folder")


def test_declared_names_take_the_usual_ones_place(tmp_path: Path):
    filled(tmp_path, "real/a.png", "photos/a.png", "fake/a.png")
    assert told(RealFakeFolder(tmp_path, real=["photos"])) == {"photos/a.png": 0, "fake/a.png": 1}


@pytest.mark.parametrize(("there", "missing"), [("0_real", "fake"), ("1_fake", "real")])
def test_a_missing_half_is_named_with_the_folders_that_are_there(tmp_path: Path, there: str, missing: str):
    filled(tmp_path, f"car/{there}/a.png")
    with pytest.raises(DataError, match=rf"holds no {missing} pictures.*\(folders with pictures here: {there}, car\)"):
        open_pictures(tmp_path)


def test_one_class_called_real_is_a_class_like_any_other(tmp_path: Path):
    assert isinstance(open_pictures(filled(tmp_path, "real/a.png", "paintings/a.png")), ImageFolder)


def test_a_picture_below_both_is_refused(tmp_path: Path):
    filled(tmp_path, "real/a.png", "fake/real/a.png")
    with pytest.raises(DataError, match=r"fake/real/a.png: lies below a folder of real pictures and one of fake"):
        open_pictures(tmp_path)


def test_a_declared_name_that_is_no_folders_is_answered_with_the_nearest(tmp_path: Path):
    filled(tmp_path, "photos/a.png", "fake/a.png")
    with pytest.raises(DataError, match=r"holds no folder 'photo' with pictures\. Did you mean 'photos'"):
        RealFakeFolder(tmp_path, real=["photo"])


def test_one_name_cannot_be_both(tmp_path: Path):
    filled(tmp_path, "real/a.png", "fake/a.png")
    with pytest.raises(DataError, match="'fake' cannot name"):
        RealFakeFolder(tmp_path, real=["Fake"])


def test_no_picture_at_all_is_told(tmp_path: Path):
    (tmp_path / "0_real").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        open_pictures(tmp_path, "real_fake")
