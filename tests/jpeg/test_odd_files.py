"""Every odd kind of JPEG through the intake: the pixels that libjpeg gives, or a clear reason; never a warning."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jpeg_files import file_bytes, with_size
from jpeg_fixtures import PICTURE, PIXELS, fixtures, plain, with_scans
from PIL import Image

from jpegproof.jpeg import intake, refusals
from jpegproof.jpeg.intake import UnusablePictureError, open_picture


def why_not(source: Path | bytes) -> UnusablePictureError:
    with pytest.raises(UnusablePictureError) as caught:
        open_picture(source)
    return caught.value


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(int) - second).mean())


SAME_PIXELS = """progressive, no end marker, progressive without end marker, junk after, rotated, unreadable exif,
icc profile, several pictures, hundreds of scans, no huffman tables, restart markers, wide tables"""


@pytest.mark.parametrize("name", SAME_PIXELS.replace("\n", " ").split(", "))
def test_what_does_not_concern_the_pixels_does_not_change_them(name: str):
    assert np.array_equal(open_picture(fixtures()[name]), open_picture(plain()))


NEAR = {"adobe cmyk": 4, "unmarked cmyk": 4, "ycck": 3, "stored as rgb": 4, "own tables": 5, "4:4:4": 5}
FURTHER = {"4:4:0": 6, "4:1:1": 7, "4:1:0": 8, "chroma finer than luma": 5, "compressed twice": 7}


@pytest.mark.parametrize(("name", "most"), [*NEAR.items(), *FURTHER.items()])
def test_every_way_to_store_colours_gives_the_picture_back(name: str, most: float):
    assert distance(open_picture(fixtures()[name]), PIXELS) < most


def test_a_lossless_file_keeps_every_sample():
    grey = np.asarray(PICTURE.convert("L"))
    assert np.array_equal(open_picture(fixtures()["lossless"]), np.repeat(grey[..., None], 3, axis=2))


def test_an_arithmetic_coded_file_is_decoded():
    assert np.array_equal(open_picture(fixtures()["arithmetic coding"]), np.full((24, 40, 3), 128))


def test_restart_markers_out_of_order_cost_a_part_of_the_picture_at_most():
    opened = open_picture(fixtures()["restart markers out of order"])
    assert np.array_equal(opened[:8], open_picture(plain())[:8])


@pytest.mark.parametrize(
    ("name", "hazard", "words"),
    [
        ("cut off", "cut off", "truncated"),
        ("cut off in the header", "cut off", "truncated"),
        ("progressive cut off", "cut off", "truncated"),
        ("junk before", "junk before", "may begin at byte 6"),
        ("text", "no picture", "not a picture of a known format"),
        ("empty", "empty", "the file is empty"),
        ("fractional sampling", "fractional sampling", "factors 3x1, 2x1, 2x1"),
        ("too many blocks at once", "impossible sampling", "18 blocks in one coding unit"),
        ("never sampled", "impossible sampling", "0x1"),
        ("claims the machine's memory", "too large", "claims 65500x65500 pixels, more than 178,956,970"),
        ("claims more than its bytes hold", "impossible size", "claims 9000x9000 pixels"),
        ("height after the scan", "late height", "height only after the first scan"),
        ("12 bits", "deep", "12 bits per sample"),
        ("hierarchical", "unsupported coding", "SOF5"),
        ("two components", "unusual components", "2 components"),
        ("missing table", "missing table", r"tables [3] that it does not define"),
        ("two frames", "damaged", "2 frame headers"),
        ("thousands of segments", "segment bomb", "10,000 marker segments"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(name: str, hazard: str, words: str):
    error = why_not(fixtures()[name])
    assert words in str(error)
    assert error.hazard == hazard


def test_a_bomb_of_scans_is_refused_and_a_picture_just_within_the_bound_is_not(monkeypatch: pytest.MonkeyPatch):
    assert why_not(with_scans(300, Image.new("RGB", (4000, 4000)))).hazard == "scan bomb"
    monkeypatch.setattr(refusals, "MAX_SCAN_PIXELS", 110 * 70 * 45)
    assert np.array_equal(open_picture(with_scans(100)), open_picture(plain()))
    assert "111 scans of 70x45 pixels" in str(why_not(with_scans(101)))


def test_the_smallest_files_of_their_size_are_within_the_bound_of_pixels_per_byte():
    each: list[dict[str, Any]] = [{"optimize": True}, {"progressive": True}, {}]
    for options in each:
        data = file_bytes(Image.new("L", (2048, 2048)), **options)
        assert open_picture(data).shape == (2048, 2048, 3)


def test_a_claim_is_refused_before_memory_is_taken(monkeypatch: pytest.MonkeyPatch):
    def opened(_: bytes) -> Image.Image:
        raise AssertionError("was opened")

    monkeypatch.setattr(intake, "opened", opened)
    assert why_not(with_size(plain(), 13_000, 13_000)).hazard == "impossible size"
    assert why_not(with_size(plain(), 60_000, 60_000)[:-2]).hazard == "too large"


def test_pipes_and_devices_are_not_read(tmp_path: Path):
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    endless = tmp_path / "endless.jpg"
    endless.symlink_to("/dev/zero")
    for path in (pipe, endless):
        error = why_not(path)
        assert (str(error), error.hazard) == ("is a pipe, a socket or a device, not a file", "unreadable")


def test_a_file_of_too_many_bytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "large.jpg"
    path.write_bytes(plain())
    monkeypatch.setattr(intake, "MAX_BYTES", len(plain()))
    open_picture(path)
    monkeypatch.setattr(intake, "MAX_BYTES", len(plain()) - 1)
    assert why_not(path).hazard == "too many bytes"


def test_nothing_is_said_beside_the_result(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)  # Pillow warns above, and refuses above twice as many
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for data in fixtures().values():
            with suppress(UnusablePictureError):
                open_picture(data)
    assert [str(warning.message) for warning in warned] == []


def test_pillow_would_have_warned():
    with pytest.warns(UserWarning, match="Corrupt EXIF"), Image.open(BytesIO(fixtures()["unreadable exif"])):
        pass
