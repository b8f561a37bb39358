"""Equalising: what every picture goes through, what that removes, and what it says of itself."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from forensic_folders import biased, drawn, save
from PIL import Image

from jpegproof.data.equalised import Equalised, Terms
from jpegproof.data.real_fake_folder import RealFakeFolder
from jpegproof.exceptions import DataError
from jpegproof.jpeg.intake import UnusablePictureError


def equalised(root: Path, size: tuple[int, int] | None = None, quality: int | None = None) -> Equalised:
    return Equalised(RealFakeFolder(root), size, quality)


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def test_a_biased_set_is_caught_before_and_not_after(tmp_path: Path):
    before = RealFakeFolder(biased(tmp_path))
    assert any("Use equalise" in note for note in before.notes)
    after = Equalised(before)
    done, traces = after.notes
    assert done == (
        "Equalised: every picture is cut to 96x96, saved as JPEG of quality 80 (4:2:0) before anything is measured."
    )
    assert "of the real pictures 20 (JPEG, quality 80 to 80), of the fake ones none" in traces


def test_every_picture_goes_through_the_same(tmp_path: Path):
    pictures = equalised(biased(tmp_path, each=2))
    for index in range(2):
        real, fake = pictures.pixels(index), pictures.pixels(2 + index)
        assert np.array_equal(real, as_jpeg(as_jpeg(drawn(index), 80), 80))
        assert np.array_equal(fake, as_jpeg(drawn(index), 80))
        # What was saved so already hardly changes, and so the two halves are about alike.
        assert np.abs(real.astype(int) - as_jpeg(drawn(index), 80)).mean() < 1


def test_names_targets_and_order_stay(tmp_path: Path):
    pictures = equalised(biased(tmp_path, each=2))
    assert [pictures.name(index) for index in range(4)] == [
        "0_real/000.jpg",
        "0_real/001.jpg",
        "1_fake/000.png",
        "1_fake/001.png",
    ]
    assert [pictures.target(index) for index in range(len(pictures))] == [0, 0, 1, 1]
    assert pictures.class_names == ("real", "fake")


def test_identities_change_with_what_is_done(tmp_path: Path):
    root = biased(tmp_path, each=2)
    every = [
        RealFakeFolder(root).identity(0),
        *(equalised(root, *terms).identity(0) for terms in [(None, None), ((64, 64), None), (None, 60)]),
    ]
    assert len(set(every)) == 4
    assert equalised(root, (96, 96), 80).identity(0) == equalised(root).identity(0)
    assert equalised(root).scene_identity(0) == RealFakeFolder(root).identity(0)


def test_the_size_is_the_least_height_and_the_least_width(tmp_path: Path):
    save(tmp_path / "real" / "a.png", 0, size=(70, 120))
    save(tmp_path / "fake" / "a.png", 1, size=(110, 90))
    pictures = equalised(tmp_path)
    assert pictures.terms == Terms((70, 90), None)
    assert {pictures.pixels(index).shape for index in range(2)} == {(70, 90, 3)}


def test_lossless_pictures_are_cut_and_not_compressed(tmp_path: Path):
    save(tmp_path / "real" / "a.png", 0)
    save(tmp_path / "fake" / "a.bmp", 1, size=(130, 128))
    pictures = equalised(tmp_path)
    assert np.array_equal(pictures.pixels(1), drawn(0))
    whole = np.asarray(Image.open(tmp_path / "fake" / "a.bmp"))
    assert np.array_equal(pictures.pixels(0), whole[16:112, 16:112])
    assert "JPEG" not in " ".join(pictures.notes)


@pytest.mark.parametrize("height", [96, 97, 103, 104, 111, 112, 119, 128, 150])
def test_the_cut_begins_on_the_grid_near_the_centre(tmp_path: Path, height: int):
    save(tmp_path / "real" / "a.png", 0)
    save(tmp_path / "fake" / "a.png", 1, size=(height, 96))
    whole = np.asarray(Image.open(tmp_path / "fake" / "a.png"))
    cut = equalised(tmp_path).pixels(0)
    beginnings = [top for top in range(0, height - 95, 16) if np.array_equal(whole[top : top + 96], cut)]
    assert len(beginnings) == 1
    assert abs(beginnings[0] - (height - 96) / 2) <= 16


@pytest.mark.parametrize(("qualities", "expected"), [((70, 90), 70), ((99, 98), 95)])
def test_the_quality_is_the_lowest_but_not_above_95(tmp_path: Path, qualities: tuple[int, int], expected: int):
    save(tmp_path / "real" / "a.jpg", 0, quality=qualities[0])
    save(tmp_path / "fake" / "a.jpg", 1, quality=qualities[1])
    assert equalised(tmp_path).terms.quality == expected


def test_lossy_files_of_another_kind_are_compressed_too(tmp_path: Path):
    save(tmp_path / "real" / "a.webp", 0)
    save(tmp_path / "fake" / "a.png", 1)
    pictures = equalised(tmp_path)
    assert pictures.terms.quality == 95
    assert "of the real pictures 1, of the fake ones none" in pictures.notes[-1]


def test_a_size_that_some_pictures_lack_is_refused(tmp_path: Path):
    root = biased(tmp_path, each=2)
    with pytest.raises(DataError, match="4 of 4 pictures are smaller than 96x100, such as one of 96x96"):
        equalised(root, (100, 96)).pixels(0)


def test_a_tiny_picture_is_not_what_all_are_cut_to(tmp_path: Path):
    root = biased(tmp_path, each=2)
    save(root / "1_fake" / "tiny.png", 0, size=(20, 96))
    with pytest.raises(DataError, match="would be cut to 96x20"):
        equalised(root).pixels(0)


def test_what_is_no_picture_is_skipped_as_ever(tmp_path: Path):
    root = biased(tmp_path, each=2)
    (root / "0_real" / "000.jpg").write_bytes(b"broken")
    pictures = equalised(root)
    with pytest.raises(UnusablePictureError):
        pictures.pixels(0)
    assert pictures.facts(0) is None
    assert pictures.terms == Terms((96, 96), 80)


def test_nothing_readable_at_all_is_an_error(tmp_path: Path):
    for folder in ("real", "fake"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(b"broken")
    with pytest.raises(DataError, match="nothing can be made equal"):
        _ = equalised(tmp_path).notes


def test_grey_pictures_of_one_kind_are_still_told_of(tmp_path: Path):
    for index in range(20):
        save(tmp_path / "fake" / f"{index}.png", index)
        (tmp_path / "real").mkdir(exist_ok=True)
        Image.fromarray(drawn(index)).convert("L").save(tmp_path / "real" / f"{index}.png")
    assert "colours: 100 %" in equalised(tmp_path).notes[-1]
