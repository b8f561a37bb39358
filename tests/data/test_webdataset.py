"""WebDataset tars: what is found in them, how classes are numbered, and that damage costs no more than what it hit."""

from __future__ import annotations

import gzip
import os
import tarfile
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jpeg_files import file_bytes, smooth_picture
from tar_files import labelled, make_tar, png

from jpegproof.data import tar_index as indexing
from jpegproof.data.files import file_bytes as stored_bytes
from jpegproof.data.find import open_pictures
from jpegproof.data.image_folder import ImageFolder
from jpegproof.data.picture_set import PictureSet
from jpegproof.data.tar_members import tar_members
from jpegproof.data.webdataset import WebDatasetPictures
from jpegproof.exceptions import DataError
from jpegproof.jpeg.intake import UnusablePictureError


def names(pictures: PictureSet) -> list[str]:
    return [pictures.name(number) for number in range(len(pictures))]


def targets(pictures: PictureSet) -> list[int | None]:
    return [pictures.target(number) for number in range(len(pictures))]


def reasons(pictures: PictureSet) -> dict[str, str]:
    """Why each picture that cannot be used cannot be."""
    found = {}
    for number in range(len(pictures)):
        try:
            pictures.pixels(number)
        except UnusablePictureError as error:
            found[pictures.name(number)] = str(error)
    return found


# What is found


def test_tars_are_told_from_the_folder_and_read_in_the_order_of_their_names(tmp_path):
    make_tar(tmp_path / "b-000001.tar", labelled(2, begin=2))
    make_tar(tmp_path / "b-000000.tar", labelled(2))
    pictures = open_pictures(tmp_path)
    assert isinstance(pictures, WebDatasetPictures)
    assert names(pictures) == [f"b-00000{tar}.tar/000{2 * tar + n}.png" for tar in (0, 1) for n in (0, 1)]
    assert (pictures.task, targets(pictures), pictures.class_names) == ("classification", [0, 1, 2, 0], None)
    for number in range(4):
        assert (pictures.pixels(number) == smooth_picture(8, 9, number)).all()
        assert stored_bytes(pictures, number) == len(png(number))


def test_a_picture_is_the_same_in_a_tar_and_in_a_folder(tmp_path):
    make_tar(tmp_path / "tars" / "a.tar", labelled(1))
    (tmp_path / "folder" / "0").mkdir(parents=True)
    (tmp_path / "folder" / "0" / "0.png").write_bytes(png())
    in_tar, in_folder = WebDatasetPictures(tmp_path / "tars"), ImageFolder(tmp_path / "folder")
    assert in_tar.identity(0) == in_folder.identity(0)
    assert in_tar.facts(0) == in_folder.facts(0)


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "ppm", "webp", "JPG"])
def test_every_usual_ending_is_a_picture(tmp_path, suffix):
    content = file_bytes(smooth_picture(8, 9, 0), suffix.upper().replace("JPG", "JPEG"))
    make_tar(tmp_path / "a.tar", {f"deep/er/a.{suffix}": content, "deep/er/a.json": b'{"label": 4}'})
    pictures = WebDatasetPictures(tmp_path)
    assert names(pictures) == [f"a.tar/deep/er/a.{suffix}"]
    assert pictures.target(0) == 4
    assert pictures.pixels(0).shape == (8, 9, 3)


def test_a_sample_ends_where_the_name_before_the_first_dot_changes(tmp_path):
    other = {"x.y/0.jpg": png(1), "0.seg.png": png(2), "0.cls": b"1", "0.png": png(), "1.txt": b"no picture"}
    make_tar(tmp_path / "a.tar", {**other, "._0.jpg": b"", "__about__.png": png(), ".hidden.png": png()})
    assert names(WebDatasetPictures(tmp_path)) == ["a.tar/x.y/0.jpg", "a.tar/0.png"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_are_read_in_every_format_of_tars(tmp_path, form):
    long = "/".join(["folder" * 5] * (3 if form == tarfile.USTAR_FORMAT else 12))
    members = {f"{long}/é0.png": png(), f"{long}/é0.cls": b"2", "last.png": png(1), "last.cls": b"1"}
    make_tar(tmp_path / "a.tar", members, form)
    pictures = WebDatasetPictures(tmp_path)
    assert names(pictures) == [f"a.tar/{long}/é0.png", "a.tar/last.png"]
    assert targets(pictures) == [2, 1]
    assert reasons(pictures) == {}


def test_a_name_that_comes_twice_is_told_apart(tmp_path):
    make_tar(tmp_path / "a.tar", [("a.png", png()), ("b.png", png(1)), ("a.png", png(2))])
    pictures = WebDatasetPictures(tmp_path)
    assert len(set(names(pictures))) == 3
    assert (pictures.pixels(2) == smooth_picture(8, 9, 2)).all()


# Classes


def test_names_of_classes_are_numbered_as_class_folders_are(tmp_path):
    make_tar(tmp_path / "a.tar", labelled(4, field="cls", told="class {}"))
    pictures = WebDatasetPictures(tmp_path)
    assert pictures.class_names == ("class 0", "class 1", "class 2")
    assert targets(pictures) == [0, 1, 2, 0]


def test_a_list_of_classes_numbers_them_and_leaves_others_out(tmp_path):
    make_tar(tmp_path / "a.tar", labelled(4, field="txt", told="class {}"))
    pictures = WebDatasetPictures(tmp_path, ("class 1", "class 0", "another"))
    assert targets(pictures) == [1, 0, None, 1]
    assert reasons(pictures) == {"a.tar/0002.png": "no class of the set's is told in a .txt beside it"}


def test_wnids_have_their_numbers_among_all_of_imagenet(tmp_path):
    members = {"0.png": png(), "0.txt": b"n15075141\n", "1.png": png(1), "1.txt": b"n01440764"}
    make_tar(tmp_path / "a.tar", members)
    pictures = WebDatasetPictures(tmp_path)
    assert targets(pictures) == [999, 0]
    assert pictures.class_names is not None
    assert len(pictures.class_names) == 1000


def test_captions_are_no_classes(tmp_path):
    make_tar(tmp_path / "a.tar", labelled(3, field="txt", told="a photograph of number {}"))
    pictures = WebDatasetPictures(tmp_path)
    assert (pictures.task, targets(pictures), reasons(pictures)) == ("", [None] * 3, {})


def test_a_picture_without_a_class_among_others_that_have_one_is_skipped_with_the_reason(tmp_path):
    members = {**labelled(4), "x.png": png(7), "y.png": png(8), "y.cls": b"nine", "z.png": png(9), "z.cls": b"-1"}
    make_tar(tmp_path / "a.tar", members)
    pictures = WebDatasetPictures(tmp_path)
    reason = "no class of the set's is told in a .cls beside it"
    assert reasons(pictures) == {f"a.tar/{name}.png": reason for name in "xyz"}


@pytest.mark.parametrize("told", [b"[1]", b"true", b"{", b'{"label": 1.5}', b"[" * 100_000, b'{"other": 1}'])
def test_json_that_tells_no_class_tells_none(tmp_path, told):
    make_tar(tmp_path / "a.tar", {"a.png": png(), "a.json": told})
    assert WebDatasetPictures(tmp_path).target(0) is None


# Damage


def test_a_damaged_header_costs_its_own_picture_alone(tmp_path):
    path = make_tar(tmp_path / "a.tar", labelled(5))
    content = bytearray(path.read_bytes())
    place = content.index(b"0002.png")
    content[place : place + 300] = os.urandom(300)
    path.write_bytes(content)
    pictures = WebDatasetPictures(tmp_path)
    faulty = f"a.tar/(damaged at byte {place})"
    assert names(pictures) == ["a.tar/0000.png", "a.tar/0001.png", faulty, "a.tar/0003.png", "a.tar/0004.png"]
    assert reasons(pictures) == {faulty: f"its tar is damaged at byte {place:,}"}
    assert targets(pictures) == [0, 1, None, 0, 1]


def test_a_damaged_picture_is_skipped_and_the_others_are_not(tmp_path):
    members = labelled(3)
    members["0001.png"] = members["0001.png"][:40] + bytes(30)
    make_tar(tmp_path / "a.tar", members)
    assert list(reasons(WebDatasetPictures(tmp_path))) == ["a.tar/0001.png"]


def test_a_tar_that_is_cut_off_keeps_what_comes_before(tmp_path):
    path = make_tar(tmp_path / "a.tar", labelled(3))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"0002.png") + 512 + 20])
    pictures = WebDatasetPictures(tmp_path)
    assert reasons(pictures) == {"a.tar/0002.png": f"its tar ends {len(png(2)) - 20} bytes before it does"}


def test_a_tar_that_is_cut_off_between_two_members_says_so(tmp_path):
    path = make_tar(tmp_path / "a.tar", labelled(3))
    content = path.read_bytes()
    length = content.index(b"0002.png")
    path.write_bytes(content[:length])
    pictures = WebDatasetPictures(tmp_path)
    faulty = f"a.tar/(damaged at byte {length})"
    assert names(pictures) == ["a.tar/0000.png", "a.tar/0001.png", faulty]
    assert reasons(pictures) == {
        faulty: f"its tar ends at byte {length:,} without its end mark, so more may be missing"
    }


def test_what_is_no_tar_is_one_skipped_picture(tmp_path):
    whole = make_tar(tmp_path / "a.tar", labelled(2)).read_bytes()
    (tmp_path / "b.tar").write_bytes(gzip.compress(whole))
    (tmp_path / "c.tar").write_bytes(b"no tar at all" * 100)
    (tmp_path / "d.tar").write_bytes(b"")
    found = reasons(WebDatasetPictures(tmp_path))
    assert found == {
        "b.tar/(damaged at byte 0)": "its tar is compressed; make a plain one of it",
        "c.tar/(damaged at byte 0)": "its tar is damaged at byte 0",
        "d.tar/(damaged at byte 0)": "its tar ends at byte 0 without its end mark, so more may be missing",
    }


def test_links_devices_and_sizes_that_cannot_be_are_skipped(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)):
            member = tarfile.TarInfo(f"{number}.png")
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
        member = tarfile.TarInfo("good.png")
        member.size = len(png())
        tar.addfile(member, BytesIO(png()))
        huge = tarfile.TarInfo("huge.png")
        huge.size = 1 << 60
        tar.fileobj.write(huge.tobuf(tarfile.GNU_FORMAT))
    pictures = WebDatasetPictures(tmp_path)
    found = reasons(pictures)
    assert [found.get(f"a.tar/{number}.png") for number in range(4)] == [
        "is a link in its tar, not a plain one",
        "is a link in its tar, not a plain one",
        "is a device in its tar, not a plain one",
        "is a pipe in its tar, not a plain one",
    ]
    assert "bytes before it does" in found["a.tar/huge.png"]
    assert "a.tar/good.png" not in found


def test_a_negative_size_ends_in_a_skipped_picture_rather_than_in_a_circle(tmp_path):
    path = make_tar(tmp_path / "a.tar", labelled(2))
    content = bytearray(path.read_bytes())
    place = content.index(b"0001.png")
    header = content[place : place + 512]
    header[124:136] = b"\xff" * 10 + b"\xfc\x00"  # -1024 in the base-256 notation
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    content[place : place + 512] = header
    path.write_bytes(content)
    assert "a.tar/0000.png" not in reasons(WebDatasetPictures(tmp_path))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 255)), min_size=1, max_size=8), cut=st.integers(0)
)
def test_whatever_is_damaged_reading_ends_and_answers_for_every_picture(tmp_path, places, cut):
    content = bytearray(make_tar(tmp_path / "whole.tar", labelled(6)).read_bytes())
    (tmp_path / "whole.tar").unlink()
    for place, value in places:
        content[place % len(content)] = value
    (tmp_path / "a.tar").write_bytes(content[: cut % len(content) + 1])
    make_tar(tmp_path / "b.tar", labelled(6, begin=6))
    pictures = WebDatasetPictures(tmp_path)
    found = reasons(pictures)
    assert not any(name.startswith("b.tar") for name in found)
    for number in range(len(pictures)):
        assert isinstance(pictures.identity(number), str)
        assert pictures.size_in_bytes(number) >= 0


def test_a_folder_whose_tars_hold_no_picture_is_refused_with_what_is_wrong(tmp_path):
    make_tar(tmp_path / "a.tar", {"a.txt": b"text"})
    with pytest.raises(DataError, match="its tars hold no picture that can be read"):
        WebDatasetPictures(tmp_path)
    (tmp_path / "b.tar").write_bytes(gzip.compress(b"x" * 2000))
    with pytest.raises(DataError, match="its tar is compressed; make a plain one of it"):
        WebDatasetPictures(tmp_path)


def test_tars_of_several_splits_are_not_mixed_by_themselves(tmp_path):
    for split in ("train", "val"):
        make_tar(tmp_path / split / "0.tar", labelled(1))
    with pytest.raises(DataError, match=r"its tars lie in folders \(train, val\); name one of them, such as .*val"):
        open_pictures(tmp_path)
    assert len(open_pictures(tmp_path, "webdataset")) == 2


def test_a_tar_beside_pictures_is_no_layout(tmp_path):
    make_tar(tmp_path / "backup.tar", labelled(1))
    (tmp_path / "a.png").write_bytes(png())
    assert names(open_pictures(tmp_path)) == ["a.png"]


# The index


def test_a_tar_is_read_once_and_again_when_it_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", -1)
    read = []
    members = tar_members
    monkeypatch.setattr(indexing, "tar_members", lambda *given: (read.append(1), members(*given))[1])
    path = make_tar(tmp_path / "a.tar", labelled(2))
    first = WebDatasetPictures(tmp_path)
    assert names(WebDatasetPictures(tmp_path)) == names(first)
    assert len(read) == 1
    times = path.stat()
    make_tar(path, labelled(2, begin=5))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # of the same size, and its time set back
    assert names(WebDatasetPictures(tmp_path)) == ["a.tar/0005.png", "a.tar/0006.png"]
    assert len(read) == 2
    with pytest.raises(UnusablePictureError, match=r"a\.tar has changed since the study began"):
        first.pixels(0)


@pytest.mark.parametrize("cache", ["", "/dev/null/nowhere"])
def test_without_a_cache_the_same_is_found(tmp_path, monkeypatch, cache):
    make_tar(tmp_path / "a.tar", labelled(3))
    whole = WebDatasetPictures(tmp_path)
    monkeypatch.setenv("JPEGPROOF_CACHE", cache)
    bare = WebDatasetPictures(tmp_path)
    assert [bare.identity(n) for n in range(3)] == [whole.identity(n) for n in range(3)]
    assert (names(bare), targets(bare)) == (names(whole), targets(whole))


def test_a_file_where_the_cache_would_have_its_indexes_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("JPEGPROOF_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "webdataset").write_bytes(b"mine")
    make_tar(tmp_path / "tars" / "a.tar", labelled(3))
    assert len(WebDatasetPictures(tmp_path / "tars")) == 3
    assert (tmp_path / "cache" / "webdataset").read_bytes() == b"mine"


def test_a_damaged_index_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", -1)
    monkeypatch.setenv("JPEGPROOF_CACHE", str(tmp_path / "cache"))
    make_tar(tmp_path / "tars" / "a.tar", labelled(3))
    whole = names(WebDatasetPictures(tmp_path / "tars"))
    (index,) = (tmp_path / "cache" / "webdataset").iterdir()
    for content in (b"", b"damaged" * 100, index.read_bytes()[:-50]):
        index.write_bytes(content)
        assert names(WebDatasetPictures(tmp_path / "tars")) == whole


def test_many_samples_are_indexed_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(indexing, "_AT_ONCE", 4)
    make_tar(tmp_path / "a.tar", labelled(11))
    pictures = WebDatasetPictures(tmp_path)
    assert names(pictures) == [f"a.tar/{number:04d}.png" for number in range(11)]
    assert np.array_equal(pictures.pixels(10), smooth_picture(8, 9, 10))
