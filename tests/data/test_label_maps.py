"""Pictures with label maps: read as they are meant, and refused with how to mend them where they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from label_folders import VALUES, grey_png, pair, save_label, save_picture
from PIL import Image
from real_photographs import real_folder

from jpegproof.data.class_list import read_class_list
from jpegproof.data.label_code import LabelCode
from jpegproof.data.label_file import read_label_file
from jpegproof.data.label_maps import LabelMapPictures, label_map_folders
from jpegproof.exceptions import DataError
from jpegproof.jpeg.intake import UnusablePictureError

NAMES = ("sky", "road", "tree")


def opened(folder: Path, **code: object) -> LabelMapPictures:
    return label_map_folders(folder / "pictures", folder / "labels", LabelCode.of(NAMES, **code))  # pyright: ignore


def refusal(pictures: LabelMapPictures, index: int = 0) -> str:
    with pytest.raises(UnusablePictureError) as error:
        pictures.pixels(index)
    return str(error.value)


def test_pictures_and_label_maps_of_one_name_belong_together(tmp_path: Path):
    pair(tmp_path, ("b", "deep/a"))
    save_label(tmp_path / "labels" / "nobody.png")
    pictures = opened(tmp_path)
    assert [pictures.name(index) for index in range(2)] == ["b.jpg", "deep/a.jpg"]
    assert np.array_equal(pictures.target(1).read(), VALUES)
    assert pictures.pixels(1).shape == (4, 6, 3)
    assert pictures.class_names == NAMES
    assert pictures.task == "semantic_segmentation"


def test_label_maps_within_the_picture_folder_are_no_pictures(tmp_path: Path):
    save_picture(tmp_path / "one.png")
    save_label(tmp_path / "labels" / "one.png")
    assert len(label_map_folders(tmp_path, tmp_path / "labels", LabelCode.of(NAMES))) == 1


def test_a_fingerprint_follows_the_file_and_what_its_values_mean(tmp_path: Path):
    pair(tmp_path)
    before = opened(tmp_path).target(0).describe()
    assert opened(tmp_path).target(0).describe() == before
    assert opened(tmp_path, void=["tree"]).target(0).describe() != before
    save_label(tmp_path / "labels" / "one.png", 2 - VALUES)
    assert opened(tmp_path).target(0).describe() != before


@pytest.mark.parametrize("void", [["road"], [1], ["1"]])
def test_a_void_class_is_no_class_and_those_behind_it_move_up(void: list[str | int]):
    code = LabelCode.of(NAMES, void)
    assert code.class_names == ("sky", "tree")
    assert code.classes_of(np.array([[0, 1, 2]], np.uint8)).tolist() == [[0, -1, 1]]


def test_a_value_beyond_the_list_can_be_void():
    code = LabelCode.of(NAMES, [255])
    assert code.class_names == NAMES
    assert code.classes_of(np.array([[2, 255]], np.uint8)).tolist() == [[2, -1]]


def test_a_value_that_means_nothing_is_named(tmp_path: Path):
    pair(tmp_path, values=VALUES + 9)
    reason = refusal(opened(tmp_path))
    assert "holds value 9, which is no class of the list (24 pixels" in reason
    assert "name them as void" in reason


@pytest.mark.parametrize(
    ("void", "message"),
    [
        (["raod"], "Did you mean 'road'"),
        ([256], "0 to 255"),
        ([-1], "0 to 255"),
        (["sky", "road", "tree"], "every class is void"),
    ],
)
def test_voids_that_cannot_be_are_refused(void: list[str | int], message: str):
    with pytest.raises(DataError, match=message):
        LabelCode.of(NAMES, void)


def test_more_classes_than_values_are_refused():
    with pytest.raises(DataError, match="257 classes"):
        LabelCode.of([str(number) for number in range(257)])


def test_a_label_map_of_another_size_is_a_reason_not_to_use_the_picture(tmp_path: Path):
    pair(tmp_path)
    save_label(tmp_path / "labels" / "one.png", VALUES.T)
    assert "is 6 x 4 pixels, but its label map one.png is 4 x 6" in refusal(opened(tmp_path))


def test_a_missing_label_map_is_a_reason_not_to_use_the_picture(tmp_path: Path):
    pair(tmp_path)
    (tmp_path / "labels" / "two.png").unlink()
    pictures = opened(tmp_path)
    assert refusal(pictures, 1) == "has no label map: there is no two.png in labels"
    assert "unreadable" in pictures.target(1).describe()
    assert pictures.pixels(0).shape == (4, 6, 3)


def test_where_no_picture_has_a_label_map_the_name_is_said_that_one_should_have(tmp_path: Path):
    pair(tmp_path)
    for file in (tmp_path / "labels").iterdir():
        file.rename(file.with_name(f"{file.stem}_L.png"))
    with pytest.raises(DataError, match=r"none of its 2 pictures .* here one.png"):
        opened(tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path: Path):
    pair(tmp_path)
    save_label(tmp_path / "labels" / "one.bmp")
    with pytest.raises(DataError, match=r"one.bmp and one.png are label maps of one name"):
        opened(tmp_path)
    (tmp_path / "labels" / "one.bmp").unlink()
    save_picture(tmp_path / "pictures" / "one.png")
    with pytest.raises(DataError, match=r"one.jpg and one.png would have the same label map"):
        opened(tmp_path)


def test_empty_and_missing_folders_are_refused(tmp_path: Path):
    pair(tmp_path)
    code = LabelCode.of(NAMES)
    with pytest.raises(DataError, match="no such folder"):
        label_map_folders(tmp_path / "pictures", tmp_path / "nowhere", code)
    with pytest.raises(DataError, match="a folder of their own"):
        label_map_folders(tmp_path / "pictures", tmp_path / "pictures", code)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        label_map_folders(tmp_path / "empty", tmp_path / "labels", code)


def test_indices_of_a_palette_of_colours_are_the_values(tmp_path: Path):
    image = Image.fromarray(VALUES, "P")
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    image.save(tmp_path / "voc.png")
    assert np.array_equal(read_label_file(tmp_path / "voc.png"), VALUES)
    image.putpalette([value for value in range(256) for _ in range(3)])
    image.save(tmp_path / "greys.png")
    assert np.array_equal(read_label_file(tmp_path / "greys.png"), VALUES)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_of_few_bits_holds_the_numbers_that_stand_in_it(tmp_path: Path, bits: int):
    values = VALUES % 2**bits
    (tmp_path / "few.png").write_bytes(grey_png(values, bits))
    assert np.array_equal(read_label_file(tmp_path / "few.png"), values)


def odd_labels(folder: Path) -> dict[str, Path]:
    shuffled = Image.fromarray(VALUES, "P")
    shuffled.putpalette([2, 2, 2, 0, 0, 0, 1, 1, 1])
    images = {
        "wide.png": Image.fromarray(VALUES.astype(np.uint16)),
        "colour.png": Image.fromarray(VALUES).convert("RGB"),
        "seen.png": Image.fromarray(VALUES).convert("LA"),
        "lossy.jpg": Image.fromarray(VALUES),
        "shuffled.png": shuffled,
    }
    for name, image in images.items():
        image.save(folder / name)
    (folder / "text.png").write_text("no picture")
    (folder / "cut.png").write_bytes((folder / "colour.png").read_bytes()[:-30])
    return {name: folder / name for name in [*images, "text.png", "cut.png"]}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wide.png", "holds more than 8 bits a pixel; save label maps as 8-bit grey PNG"),
        ("colour.png", r"is in colour \(RGB\), so its values are no numbers of classes; save"),
        ("seen.png", r"is in colour \(LA\)"),
        ("lossy.jpg", "is a JPEG file, which does not keep numbers as they are; save"),
        ("shuffled.png", "has a palette of greys that are not in the order of their values; save"),
        ("text.png", "cannot be decoded"),
        ("cut.png", "is in colour"),
        ("nowhere.png", "has no label map"),
    ],
)
def test_a_file_that_holds_no_class_numbers_is_refused_with_how_to_mend_it(tmp_path: Path, name: str, message: str):
    file = odd_labels(tmp_path).get(name, tmp_path / name)
    with pytest.raises(UnusablePictureError, match=message) as error:
        read_label_file(file)
    assert name in str(error.value)


def test_a_cut_off_file_is_refused(tmp_path: Path):
    whole = save_label(tmp_path / "one.png", np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8))
    whole.write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(UnusablePictureError, match=r"label map one.png cannot be decoded"):
        read_label_file(whole)


def test_a_map_is_read_from_its_file_once(tmp_path: Path):
    pair(tmp_path)
    pictures = opened(tmp_path)
    before = pictures.target(0).read()
    (tmp_path / "labels" / "one.png").unlink()
    assert pictures.target(0).read() is before


@pytest.mark.parametrize(
    "text",
    [
        "wall\nbuilding;edifice\n\nsky\n",
        "\ufeffIdx,Ratio,Train,Val,Stuff,Name\n2,0.1,6046,612,1,building;edifice\n1,0.15,11664,1172,1,wall\n3,0,1,1,1,sky",
        "Idx\tRatio\tTrain\tVal\tName\n1\t0.15\t11664\t1172\twall\n2\t0.1\t6046\t612\tbuilding;edifice\n3\t0\t1\t1\tsky\n",
    ],
)
def test_lists_of_classes_are_lines_or_the_official_tables(tmp_path: Path, text: str):
    (tmp_path / "classes.csv").write_text(text, encoding="utf-8")
    assert read_class_list(tmp_path / "classes.csv") == ("wall", "building;edifice", "sky")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no class"),
        ("sky\nroad\nsky\n", "'sky' is there twice"),
        ("Idx,Name\n1,wall\n3,sky\n", "must be 1 to 2"),
        ("Idx,Name\n1,wall\none,sky\n", "line 3: needs a number"),
        ("Idx,Name\n1,wall\n1,sky\n", "line 3: needs a number of its own"),
        ("Idx,Name\n1\n", "line 2: needs a number of its own below Idx and a name"),
    ],
)
def test_a_list_of_classes_with_mistakes_is_refused(tmp_path: Path, text: str, message: str):
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_class_list(tmp_path / "classes.txt")


def test_camvid_is_read_as_its_readme_says():
    root = real_folder() / "camvid"
    code = LabelCode.of(read_class_list(root / "classes.txt"), ["Unlabelled"])
    pictures = label_map_folders(root / "val", root / "valannot", code)
    assert len(pictures) == 40
    assert len(pictures.class_names or ()) == 11
    maps = np.stack([pictures.target(index).read() for index in range(40)])
    assert pictures.pixels(0).shape == (360, 480, 3)
    assert maps.min() == -1
    assert maps.max() == 10
    assert np.mean(maps < 0) == pytest.approx(0.018, abs=0.0005)
