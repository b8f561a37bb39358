"""What files say of themselves, as their writers wrote it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jpegproof.jpeg.file_facts import FileFacts, file_facts

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))


def saved(path: Path, picture: Image.Image = PICTURE, **options: Any) -> FileFacts:
    picture.save(path, **options)
    facts = file_facts(path)
    assert facts is not None
    return facts


def test_a_jpeg_says_how_it_was_saved(tmp_path: Path):
    facts = saved(tmp_path / "a.jpg", quality=83, subsampling="4:2:2", progressive=True)
    assert (facts.format, facts.width, facts.height, facts.colours) == ("JPEG", 40, 30, "colour")
    assert (facts.quality, facts.subsampling, facts.progressive, facts.lossless) == (83, "4:2:2", True, False)
    assert not facts.exif
    again, other = saved(tmp_path / "b.jpg", quality=83), saved(tmp_path / "c.jpg", quality=84)
    assert again.tables == facts.tables != other.tables
    assert again.progressive is False


def test_a_grey_jpeg_is_grey(tmp_path: Path):
    facts = saved(tmp_path / "a.jpg", PICTURE.convert("L"), quality=50)
    assert (facts.colours, facts.subsampling, facts.quality) == ("grey", "4:0:0", 50)


@pytest.mark.parametrize(
    ("name", "options", "lossless"),
    [
        ("a.png", {}, True),
        ("a.bmp", {}, True),
        ("a.ppm", {}, True),
        ("a.webp", {}, False),
        ("a.tif", {}, True),
        ("a.tif", {"compression": "tiff_lzw"}, True),
        ("a.tif", {"compression": "jpeg"}, False),
    ],
)
def test_only_a_format_that_gives_back_what_was_put_in_is_lossless(
    tmp_path: Path, name: str, options: dict[str, Any], lossless: bool
):
    facts = saved(tmp_path / name, **options)
    assert facts.lossless is lossless
    assert (facts.quality, facts.tables, facts.subsampling, facts.progressive) == (None, "", "", None)


def test_palettes_and_four_inks_are_told(tmp_path: Path):
    assert saved(tmp_path / "a.png", PICTURE.convert("P")).colours == "palette"
    assert saved(tmp_path / "a.jpg", PICTURE.convert("CMYK")).colours == "four inks"


def test_exif_is_told(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert saved(tmp_path / "a.jpg", exif=exif).exif


def test_a_name_says_nothing(tmp_path: Path):
    PICTURE.save(tmp_path / "a.jpg", format="PNG")
    facts = file_facts(tmp_path / "a.jpg")
    assert facts is not None
    assert facts.format == "PNG"


def test_no_more_than_the_headers_is_needed(tmp_path: Path):
    PICTURE.save(tmp_path / "a.jpg")
    whole = file_facts(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: data.index(b"\xff\xda") + 20])
    assert file_facts(tmp_path / "a.jpg") == whole


def test_what_is_no_picture_has_no_facts(tmp_path: Path):
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    names = ("text.jpg", "empty.png", "pipe.jpg", "missing.jpg", ".")
    assert [file_facts(tmp_path / name) for name in names] == [None] * 5
