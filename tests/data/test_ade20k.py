"""ADE20K: the challenge's folders, the official lists, and its 150 classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from label_folders import VALUES, ade20k, pair, save_picture

from jpegproof.data.ade20k import ade20k_classes, ade20k_pictures
from jpegproof.data.find import open_pictures
from jpegproof.data.odgt import read_odgt
from jpegproof.exceptions import DataError

PICTURE = "ADEChallengeData2016/images/validation/ADE_val_0000000{}.jpg"
LABEL = "ADEChallengeData2016/annotations/validation/ADE_val_0000000{}.png"


def line(number: int, **changes: Any) -> str:
    item = {"fpath_img": PICTURE.format(number), "fpath_segm": LABEL.format(number), "width": 6, "height": 4}
    return json.dumps({key: value for key, value in {**item, **changes}.items() if value is not None})


def test_0_is_unlabelled_and_classes_are_one_lower(tmp_path: Path):
    pictures = ade20k_pictures(ade20k(tmp_path, values=VALUES * 75))
    assert pictures.target(0).read().tolist() == (VALUES.astype(int) * 75 - 1).tolist()
    assert pictures.pixels(0).shape == (4, 6, 3)
    assert pictures.class_names is not None
    assert (pictures.class_names[0], pictures.class_names[149]) == ("wall", "flag")


def test_a_value_above_150_is_a_reason_not_to_use_the_picture(tmp_path: Path):
    pictures = ade20k_pictures(ade20k(tmp_path, values=VALUES + 149))
    with pytest.raises(Exception, match="holds value 151"):
        pictures.pixels(0)


def test_the_classes_are_150_of_one_name_each():
    names = ade20k_classes()
    assert len(set(names)) == len(names) == 150
    assert [names[number] for number in (0, 12, 20, 76, 149)] == ["wall", "person", "car", "boat", "flag"]


@pytest.mark.parametrize("place", ["", "images/validation"])
def test_one_split_is_found_from_the_whole_or_from_its_pictures(tmp_path: Path, place: str):
    root = ade20k(tmp_path)
    for pictures in (ade20k_pictures(root / place), open_pictures(root / place)):
        assert [pictures.name(index) for index in range(2)] == ["ADE_val_00000001.jpg", "ADE_val_00000002.jpg"]
        assert pictures.task == "semantic_segmentation"


def test_of_several_splits_one_must_be_named(tmp_path: Path):
    root = ade20k(tmp_path, ("training", "validation"))
    with pytest.raises(
        DataError, match=r"several splits \(training, validation\); name one of them, such as .*validation"
    ):
        ade20k_pictures(root)
    assert ade20k_pictures(root / "images" / "training").name(0) == "ADE_tra_00000001.jpg"


def test_another_layout_is_refused_and_not_told_for_ade20k(tmp_path: Path):
    pictures, _, _ = pair(tmp_path)
    with pytest.raises(DataError, match="holds no pictures in ADE20K's layout"):
        ade20k_pictures(pictures)
    # Folders of the same names, but not ADE20K's files: its classes would be the wrong ones.
    save_picture(tmp_path / "own" / "images" / "all" / "one.jpg")
    save_picture(tmp_path / "own" / "annotations" / "all" / "one.png")
    assert open_pictures(tmp_path / "own" / "images" / "all").task == ""


def test_own_classes_and_voids_in_that_layout(tmp_path: Path):
    pictures = ade20k_pictures(ade20k(tmp_path), classes=("sky", "road"), void=["sky"])
    assert pictures.class_names == ("road",)
    assert pictures.target(0).read()[0].tolist() == [-1, -1, -1, -1, 0, 0]


@pytest.mark.parametrize("place", ["", "ADEChallengeData2016"])
def test_an_official_list_gives_pictures_and_order(tmp_path: Path, place: str):
    ade20k(tmp_path)
    (tmp_path / "validation.odgt").write_text(f"{line(2)}\n\n{line(1, width=None)}\n")
    pictures = ade20k_pictures(tmp_path / place, tmp_path / "validation.odgt")
    assert [pictures.name(index) for index in range(2)] == [PICTURE.format(2), PICTURE.format(1)]
    assert pictures.target(0).read()[0].tolist() == [-1, -1, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lists no pictures"),
        ("not json\n", "line 1: is no JSON object"),
        ("[1, 2]\n", "line 1: is no JSON object"),
        (line(1, fpath_segm=None), "line 1: has no fpath_segm"),
        (line(1, fpath_img=3), "line 1: has no fpath_img"),
        (line(1, fpath_img="../secret.jpg"), r"fpath_img '\.\./secret\.jpg' is no path below"),
        (line(1, fpath_segm="/etc/passwd"), "fpath_segm '/etc/passwd' is no path below"),
        (line(1, fpath_segm="a\\..\\b.png"), "write it with /"),
        (f"{line(1)}\n{line(2)}\n{line(1)}", "line 3: .* stands on line 1 too"),
        ("\n".join(["x"] * 7), "7 mistakes(.|\n)*and 2 more"),
    ],
)
def test_mistakes_in_a_list_are_named_with_their_lines(tmp_path: Path, text: str, message: str):
    (tmp_path / "list.odgt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_odgt(tmp_path / "list.odgt")


def test_a_list_that_is_no_text_or_not_there_is_refused(tmp_path: Path):
    (tmp_path / "list.odgt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="UTF-8"):
        read_odgt(tmp_path / "list.odgt")
    with pytest.raises(DataError, match="cannot be read"):
        read_odgt(tmp_path / "nowhere.odgt")


def test_a_list_of_pictures_that_are_elsewhere_is_refused(tmp_path: Path):
    (tmp_path / "list.odgt").write_text(line(1))
    with pytest.raises(DataError, match="none of its 1 pictures is there, such as ADEChallengeData2016"):
        ade20k_pictures(tmp_path, tmp_path / "list.odgt")
