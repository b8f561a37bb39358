"""Each odd file is told by its hazards, and what a study does with it is what the intake does."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from jpeg_files import file_bytes, smooth_picture
from jpeg_fixtures import PICTURE, fixtures, plain, with_scans
from PIL import Image

from jpegproof.jpeg import intake
from jpegproof.jpeg.examine import PictureFacts, examine
from jpegproof.jpeg.hazards import HAZARDS, Treatment
from jpegproof.jpeg.intake import UnusablePictureError, open_picture

# Beside "partial blocks", which nearly all of them have.
EXPECTED = {
    "plain": [],
    "progressive": [],
    "whole blocks": [],
    "cut off": ["cut off"],
    "cut off in the header": ["cut off"],
    "progressive cut off": ["cut off"],
    "no end marker": ["no end marker"],
    "progressive without end marker": ["no end marker"],
    "ends early": ["ends early"],
    "junk before": ["junk before"],
    "junk after": ["junk after"],
    "another format": ["misnamed"],
    "text": ["no picture"],
    "empty": ["empty"],
    "rotated": ["rotated"],
    "unreadable exif": ["EXIF unreadable"],
    "adobe cmyk": ["CMYK"],
    "unmarked cmyk": ["CMYK"],
    "ycck": ["own tables", "YCCK"],
    "grey": ["grey"],
    "stored as rgb": ["stored as RGB"],
    "4:4:4": [],
    "4:2:2": [],
    "4:4:0": ["unusual sampling", "own tables"],
    "4:1:1": ["unusual sampling", "own tables"],
    "4:1:0": ["unusual sampling", "own tables"],
    "chroma finer than luma": ["unusual sampling", "own tables"],
    "fractional sampling": ["unusual sampling", "fractional sampling"],
    "too many blocks at once": ["unusual sampling", "impossible sampling"],
    "never sampled": ["unusual sampling", "impossible sampling"],
    "hundreds of scans": ["many scans"],
    "claims the machine's memory": ["too large"],
    "claims more than its bytes hold": ["impossible size"],
    "height after the scan": ["late height"],
    "arithmetic coding": ["arithmetic", "own tables", "grey"],
    "lossless": ["lossless", "grey"],
    "12 bits": ["deep"],
    "hierarchical": ["unsupported coding"],
    "two components": ["unusual components"],
    "several pictures": ["several pictures"],
    "icc profile": ["colour profile"],
    "own tables": ["own tables"],
    "wide tables": [],
    "missing table": ["missing table"],
    "no huffman tables": ["no Huffman tables"],
    "compressed twice": [],
    "restart markers": ["restart markers"],
    "restart markers out of order": ["restart markers", "restart disorder"],
    "two frames": ["damaged"],
    "thousands of segments": ["segment bomb"],
}
WITHOUT_PARTIAL_BLOCKS = {"whole blocks", "arithmetic coding", "lossless"}
#: Tested below one by one.
OTHERS = {
    "compressed twice",
    "partial blocks",
    "unreadable",
    "too many bytes",
    "name not UTF-8",
    "scan bomb",
    "unscaled numbers",
}


def examined(data: bytes, folder: Path, name: str = "picture.jpg") -> PictureFacts:
    path = folder / name
    path.write_bytes(data)
    return examine(path)


@pytest.mark.parametrize("name", fixtures())
def test_every_odd_file_is_told_by_its_hazards(name: str, tmp_path: Path):
    facts = examined(fixtures()[name], tmp_path)
    assert [hazard for hazard in facts.hazards if hazard != "partial blocks"] == EXPECTED[name]
    if facts.width and facts.format == "JPEG":
        assert ("partial blocks" in facts.hazards) != (name in WITHOUT_PARTIAL_BLOCKS)


@pytest.mark.parametrize("name", fixtures())
def test_what_a_study_does_is_what_the_intake_does(name: str, tmp_path: Path):
    facts = examined(fixtures()[name], tmp_path)
    try:
        size, reason = open_picture(fixtures()[name]).shape[:2], ""
    except UnusablePictureError as error:
        size, reason = None, str(error)
    assert facts.reason == reason
    assert (facts.treatment is Treatment.SKIP) == (size is None)
    if size is not None:
        assert (facts.height, facts.width) == size


def test_every_hazard_has_a_file():
    assert set().union(*EXPECTED.values(), OTHERS) == set(HAZARDS)


def test_an_ordinary_file_is_told_in_full(tmp_path: Path):
    facts = examined(plain(quality=83, subsampling="4:2:2", progressive=True), tmp_path)
    assert (facts.format, facts.size_in_bytes) == ("JPEG", (tmp_path / "picture.jpg").stat().st_size)
    assert (facts.width, facts.height, facts.colours, facts.subsampling) == (70, 45, "RGB", "4:2:2")
    assert (facts.progressive, facts.scans, facts.quality, facts.fit_error) == (True, 10, 83, 0)


@pytest.mark.parametrize("name", ["adobe cmyk", "stored as rgb", "grey", "wide tables"])
def test_libjpegs_own_tables_are_known_wherever_they_are_used(name: str, tmp_path: Path):
    facts = examined(fixtures()[name], tmp_path)
    assert (facts.quality, facts.fit_error) == (75, 0)


def test_a_picture_that_is_no_jpeg_has_its_format_and_size(tmp_path: Path):
    facts = examined(file_bytes(PICTURE, "PNG"), tmp_path, "picture.png")
    assert (facts.format, facts.width, facts.height, facts.hazards) == ("PNG", 70, 45, ())
    assert (facts.quality, facts.progressive, facts.scans) == (None, None, None)
    broken = examined(file_bytes(PICTURE, "PNG")[:300], tmp_path, "picture.png")
    assert (broken.format, broken.width, broken.hazards) == ("PNG", 70, ("cut off",))


def test_a_jpeg_named_otherwise_is_misnamed_too(tmp_path: Path):
    assert "misnamed" in examined(plain(), tmp_path, "picture.PNG").hazards
    assert "misnamed" not in examined(plain(), tmp_path, "picture.JFIF").hazards


def test_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    gone = examine(tmp_path / "gone.jpg")
    assert (gone.hazards, gone.treatment, gone.size_in_bytes) == (("unreadable",), Treatment.SKIP, None)
    assert gone.reason == "cannot be read: No such file or directory"
    monkeypatch.setattr(intake, "MAX_BYTES", 10)
    assert examined(plain(), tmp_path).hazards == ("too many bytes",)


def test_a_picture_that_was_saved_before_is_told(tmp_path: Path):
    detailed = np.asarray(Image.fromarray(smooth_picture(60, 80)).resize((320, 240), Image.Resampling.LANCZOS))
    once = file_bytes(detailed, quality=30)
    twice = examined(file_bytes(Image.open(BytesIO(once)), quality=95), tmp_path)
    assert "compressed twice" in twice.hazards
    assert (twice.quality, twice.earlier_quality, twice.treatment) == (95, 30, Treatment.USE)
    single = examined(file_bytes(detailed, quality=95), tmp_path)
    assert ("compressed twice" in single.hazards, single.earlier_quality) == (False, None)


def test_a_name_that_is_not_utf_8_is_told(tmp_path: Path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    path.write_bytes(fixtures()["whole blocks"])
    assert examine(path).hazards == ("name not UTF-8",)


def test_numbers_without_a_scale_are_told(tmp_path: Path):
    picture = file_bytes(Image.fromarray(np.full((4, 4), 0.5, np.float32)), "TIFF")
    assert examined(picture, tmp_path, "picture.tiff").hazards == ("unscaled numbers",)


def test_a_bomb_of_scans_is_told(tmp_path: Path):
    facts = examined(with_scans(300, Image.new("RGB", (4000, 4000))), tmp_path)
    assert (facts.hazards, facts.scans) == (("many scans", "scan bomb"), 310)


@pytest.mark.parametrize(("height", "width"), [(33, 48), (48, 33), (16, 16), (17, 17), (1, 1)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": "4:4:4"}, {"restart_marker_rows": 1}])
def test_an_honest_file_never_ends_early(height: int, width: int, options: dict, tmp_path: Path):
    for picture in (smooth_picture(height, width), np.full((height, width, 3), 255, np.uint8)):
        assert "ends early" not in examined(file_bytes(picture, **options), tmp_path).hazards
    grey = file_bytes(Image.new("L", (width, height)), optimize=True)  # all of its bits are zeros
    assert "ends early" not in examined(grey, tmp_path).hazards
