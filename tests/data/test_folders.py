"""Folders of pictures in every layout: what is found, how it is numbered, and what is refused."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jpeg_files import file_bytes, smooth_picture
from timm.data.imagenet_info import ImageNetInfo

from jpegproof.data import files
from jpegproof.data.files import PictureFiles
from jpegproof.data.find import LAYOUTS, open_pictures
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.data.image_folder import ImageFolder, imagenet_folder, imagenet_wnids
from jpegproof.exceptions import DataError, UnknownNameError
from jpegproof.jpeg.intake import UnusablePictureError

TENCH, OWL, PITCHER, TOILET_PAPER = "n01440764", "n01622779", "n03950228", "n15075141"


def picture_at(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_bytes(smooth_picture(8, 9, seed), "PNG"))
    return path


def class_folder(root: Path, *names: str, count: int = 1) -> Path:
    for seed, name in enumerate(names):
        for number in range(count):
            picture_at(root / name / f"{number}.png", seed * 100 + number)
    return root


def opened(root: Path, layout: str = "auto") -> PictureFiles:
    pictures = open_pictures(root, layout)
    assert isinstance(pictures, PictureFiles)
    return pictures


def names(pictures: PictureFiles) -> list[str]:
    return [pictures.name(index) for index in range(len(pictures))]


# Numbering


def test_wnids_are_numbered_as_the_published_models_are():
    info: Any = ImageNetInfo("imagenet-1k")
    assert list(imagenet_wnids()) == info.label_names()


def test_a_few_wnids_keep_their_true_numbers(tmp_path: Path):
    pictures = imagenet_folder(class_folder(tmp_path, TOILET_PAPER, PITCHER, TENCH, OWL))
    labels = {pictures.name(index): pictures.target(index) for index in range(len(pictures))}
    # torchvision's published order: 0 tench, 24 great grey owl, 725 pitcher, 999 toilet paper.
    assert labels == {f"{TENCH}/0.png": 0, f"{OWL}/0.png": 24, f"{PITCHER}/0.png": 725, f"{TOILET_PAPER}/0.png": 999}
    assert pictures.class_names is not None
    assert len(pictures.class_names) == 1000


def test_class_folders_are_numbered_in_sorted_order(tmp_path: Path):
    pictures = ImageFolder(class_folder(tmp_path, "zebra", "ant", "Bee", count=2))
    assert pictures.class_names == ("Bee", "ant", "zebra")
    assert [pictures.target(index) for index in range(6)] == [0, 0, 1, 1, 2, 2]
    assert names(pictures) == ["Bee/0.png", "Bee/1.png", "ant/0.png", "ant/1.png", "zebra/0.png", "zebra/1.png"]


def test_a_given_list_of_classes_numbers_also_the_absent_ones(tmp_path: Path):
    pictures = ImageFolder(class_folder(tmp_path, "bee", "yak"), classes=("yak", "ant", "bee"))
    assert [pictures.target(index) for index in range(2)] == [2, 0]
    assert pictures.class_names == ("yak", "ant", "bee")


def test_pictures_deep_inside_a_class_folder_belong_to_the_class(tmp_path: Path):
    picture_at(class_folder(tmp_path, "ant", "bee") / "ant" / "winter" / "x.png")
    pictures = ImageFolder(tmp_path)
    assert {names(pictures)[index]: pictures.target(index) for index in range(3)} == {
        "ant/0.png": 0,
        "ant/winter/x.png": 0,
        "bee/0.png": 1,
    }


# Which layout


@pytest.mark.parametrize(
    ("folders", "layout"),
    [([TENCH, OWL], "imagenet"), (["ant", "bee"], "image_folder"), (["ant", TENCH], "image_folder"), ([], "folder")],
)
def test_the_layout_is_told_from_the_folders(folders: list[str], layout: str, tmp_path: Path):
    class_folder(tmp_path, *folders)
    if not folders:
        picture_at(tmp_path / "a.png")
    found, named = opened(tmp_path), opened(tmp_path, layout)
    assert type(found) is type(named)
    assert found.paths == named.paths
    assert [found.target(index) for index in range(len(found))] == [named.target(index) for index in range(len(named))]  # pyright: ignore[reportAttributeAccessIssue]


def test_pictures_beside_folders_are_not_class_folders(tmp_path: Path):
    picture_at(class_folder(tmp_path, "holidays", "old") / "loose.png")
    pictures = open_pictures(tmp_path)
    assert isinstance(pictures, UnlabelledFolder)
    assert len(pictures) == 3


def test_folders_without_pictures_do_not_make_a_layout(tmp_path: Path):
    (tmp_path / "notes").mkdir()
    picture_at(tmp_path / "a.png")
    assert isinstance(open_pictures(tmp_path), UnlabelledFolder)


def test_a_mistyped_layout_is_answered_with_the_nearest_name(tmp_path: Path):
    with pytest.raises(UnknownNameError, match=r"'imagnet' is not known. Did you mean 'imagenet'"):
        open_pictures(tmp_path, "imagnet")


# What is refused


def test_one_foreign_class_among_wnids_is_named_with_the_nearest(tmp_path: Path):
    class_folder(tmp_path, TENCH, OWL, "n01440765")
    with pytest.raises(DataError, match=r"'n01440765' is not among ImageNet-1k's 1000 wnids. Did you mean 'n0144") as e:
        open_pictures(tmp_path)
    assert "--layout image_folder" in str(e.value)


def test_many_unknown_classes_are_counted_and_not_all_listed(tmp_path: Path):
    class_folder(tmp_path, *(f"class{number}" for number in range(9)))
    with pytest.raises(DataError, match="'class4' and 4 more is not among the 2 classes"):
        ImageFolder(tmp_path, classes=("ant", "bee"))


@pytest.mark.parametrize("layout", ["auto", *LAYOUTS])
def test_a_missing_folder_is_named(layout: str, tmp_path: Path):
    with pytest.raises(DataError, match=r"gone: there is no such folder"):
        open_pictures(tmp_path / "gone", layout)


@pytest.mark.parametrize("layout", ["auto", *LAYOUTS])
def test_a_file_is_no_folder(layout: str, tmp_path: Path):
    with pytest.raises(DataError, match=r"a\.png: is a file, but a data set is a folder"):
        open_pictures(picture_at(tmp_path / "a.png"), layout)


@pytest.mark.parametrize("layout", ["auto", *LAYOUTS])
def test_an_empty_folder_is_refused(layout: str, tmp_path: Path):
    with pytest.raises(DataError, match=r"holds no (pictures|class folders|tar files)"):
        open_pictures(tmp_path, layout)


@pytest.mark.parametrize(
    "layout", ["auto", *(layout for layout in LAYOUTS if layout not in ("coco", "ade20k", "webdataset"))]
)
def test_a_folder_without_pictures_is_refused_with_the_endings_that_count(layout: str, tmp_path: Path):
    (tmp_path / TENCH).mkdir()
    (tmp_path / TENCH / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match=r"holds no pictures; files ending in .*\.jpg, .* count"):
        open_pictures(tmp_path, layout)


def test_a_folder_that_may_not_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class_folder(tmp_path, "ant", "closed")
    real = os.scandir

    def scandir(path: Any) -> Any:
        if os.fspath(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match="closed: cannot be read: Permission denied"):
        open_pictures(tmp_path, "folder")


# What is found


def test_every_picture_below_is_found_in_order_and_hidden_ones_are_not(tmp_path: Path):
    for name in ("b/c/deep.png", "a.JPG", "b/x.jpeg", ".hidden.png", ".git/z.png", "b/._mac.png", "z.webp"):
        picture_at(tmp_path / name)
    (tmp_path / "b" / "notes.txt").write_text("no picture")
    pictures = UnlabelledFolder(tmp_path)
    assert names(pictures) == ["a.JPG", "b/c/deep.png", "b/x.jpeg", "z.webp"]
    assert [pictures.target(index) for index in range(4)] == [None] * 4
    assert (pictures.task, pictures.class_names) == ("", None)


def test_our_own_results_are_no_data(tmp_path: Path):
    picture_at(tmp_path / "a.png")
    picture_at(tmp_path / "out" / "figures" / "plot.png")
    (tmp_path / "out" / "predictions").mkdir()
    (tmp_path / "out" / "plan.json").write_text("{}")
    assert names(UnlabelledFolder(tmp_path)) == ["a.png"]


def test_a_name_that_is_not_utf_8_is_shown_and_read(tmp_path: Path):
    picture_at(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")))
    pictures = UnlabelledFolder(tmp_path)
    assert names(pictures) == ["caf\\xe9.png"]
    names(pictures)[0].encode("utf-8")
    assert pictures.pixels(0).shape == (8, 9, 3)
    assert len(pictures.identity(0)) == 32


@pytest.mark.parametrize("target", [".", "near"])
def test_a_loop_of_links_ends(target: str, tmp_path: Path):
    root = class_folder(tmp_path, "near")
    (root / "near" / "loop").symlink_to(root / target, target_is_directory=True)
    assert names(UnlabelledFolder(root)) == ["near/0.png"]


def test_a_linked_folder_is_followed_once_and_goes_by_its_first_name(tmp_path: Path):
    elsewhere = class_folder(tmp_path / "elsewhere", "far")
    root = class_folder(tmp_path / "root", "near")
    for link in "dacbfe":
        (root / link).symlink_to(elsewhere, target_is_directory=True)
    assert names(UnlabelledFolder(root)) == ["a/far/0.png", "near/0.png"]


def test_a_linked_class_folder_is_a_class(tmp_path: Path):
    elsewhere = class_folder(tmp_path / "elsewhere", "x")
    root = class_folder(tmp_path / "root", "ant")
    (root / "bee").symlink_to(elsewhere / "x", target_is_directory=True)
    assert names(opened(root)) == ["ant/0.png", "bee/0.png"]


def test_a_broken_link_is_a_picture_that_cannot_be_read(tmp_path: Path):
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    pictures = UnlabelledFolder(tmp_path)
    with pytest.raises(UnusablePictureError, match="cannot be read: No such file"):
        pictures.pixels(0)
    assert pictures.size_in_bytes(0) == 0
    assert pictures.identity(0) == "unreadable: No such file or directory"


def test_a_picture_is_as_on_disk(tmp_path: Path):
    path = picture_at(tmp_path / "a.png", seed=3)
    pictures = UnlabelledFolder(tmp_path)
    assert (pictures.pixels(0) == smooth_picture(8, 9, 3)).all()
    assert pictures.size_in_bytes(0) == path.stat().st_size


def test_a_folder_may_be_given_as_text_and_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    class_folder(tmp_path / "photos", "ant")
    assert len(open_pictures(Path("~/photos"))) == 1
    assert len(UnlabelledFolder("~/photos")) == 1


# Identity


def test_an_identity_changes_with_the_content_alone(tmp_path: Path):
    first, other = tmp_path / "first", tmp_path / "other"
    path = picture_at(first / "ant" / "a.png", seed=1)
    before = opened(first).identity(0)
    os.utime(path, (1, 1))
    assert opened(first).identity(0) == before
    shutil.copytree(first / "ant", other / "bee" / "deep")
    assert opened(other).identity(0) == before
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert opened(first).identity(0) != before


def test_two_pictures_of_equal_size_have_their_own_identities(tmp_path: Path):
    for number in range(2):
        picture = np.full((4, 4, 3), number, dtype=np.uint8)
        (tmp_path / f"{number}.bmp").write_bytes(file_bytes(picture, "BMP"))
    pictures = UnlabelledFolder(tmp_path)
    assert pictures.size_in_bytes(0) == pictures.size_in_bytes(1)
    assert pictures.identity(0) != pictures.identity(1)


def test_every_ending_that_counts_is_of_a_format_that_is_read(tmp_path: Path):
    for number, suffix in enumerate(sorted(files.PICTURE_SUFFIXES)):
        picture_at(tmp_path / f"{number}{suffix.upper()}", number)
    pictures = UnlabelledFolder(tmp_path)
    assert len(pictures) == len(files.PICTURE_SUFFIXES)
    assert {pictures.pixels(index).shape for index in range(len(pictures))} == {(8, 9, 3)}
