"""A file without its end marker is the whole picture or none: never a part of one filled up with grey."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_files import file_bytes, noise_picture
from jpeg_fixtures import END, fixtures, plain, sampled
from PIL import Image, ImageFile

from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.endings import has_every_scan, without_empty_tail
from jpegproof.jpeg.intake import UnusablePictureError, open_picture
from jpegproof.jpeg.segments import read_structure

FLAT = Image.new("RGB", (40, 40), (9, 99, 200))
FILES = {
    "sequential": plain(),
    "optimised": plain(optimize=True),
    "progressive": plain(progressive=True),
    "one scan per component": sampled((2, 2), (1, 1), (1, 1)),
    "restart markers": fixtures()["restart markers"],
    "noise": file_bytes(noise_picture(24, 24)),
    "one colour": file_bytes(FLAT, optimize=True),
    "one colour, progressive": file_bytes(FLAT, progressive=True),
    "lossless": fixtures()["lossless"],
    "ycck": fixtures()["ycck"],
}


def opened_or_hazard(data: bytes) -> tuple[Pixels | None, str]:
    try:
        return open_picture(data), ""
    except UnusablePictureError as error:
        return None, error.hazard


@pytest.mark.parametrize("tail", [b"", b"\0" * 30, b"\xff"], ids=["nothing", "zeros", "a lone 0xFF"])
@pytest.mark.parametrize("name", FILES)
def test_what_is_cut_anywhere_is_whole_or_refused(name: str, tail: bytes):
    data = FILES[name]
    whole = open_picture(data)
    places = [*range(len(data) - 24, len(data)), *range(len(data) // 3, len(data) - 24, 29)]
    for place in places:
        opened, hazard = opened_or_hazard(data[:place] + tail)
        if opened is not None:
            assert np.array_equal(opened, whole), f"cut at {place}"
        else:
            # Where the cut is in a table between two scans, zeros make a broken table of it.
            assert hazard == "cut off" or (tail and hazard == "damaged"), place
            assert place < len(data) - 2, "only the end marker is missing"


def test_a_cut_between_two_scans_is_seen():
    data = plain(progressive=True)
    places = [place for place in range(len(data)) if data.startswith(b"\xff\xda", place)]
    for place in places[1:]:
        structure = read_structure(data[:place])
        assert not has_every_scan(structure)
        with pytest.raises(UnusablePictureError, match="truncated"):
            open_picture(data[:place])
    assert has_every_scan(read_structure(data))


def test_a_run_of_zeros_at_the_end_is_taken_off_but_not_one_by_chance():
    assert without_empty_tail(b"data" + b"\0" * 9) == b"data"
    assert without_empty_tail(b"data\xff" + b"\0" * 9) == b"data\xff\0"
    assert without_empty_tail(b"data" + b"\0" * 8) == b"data" + b"\0" * 8
    assert without_empty_tail(b"data\xff") == b"data"
    assert without_empty_tail(b"data") == b"data"


def test_a_whole_picture_whose_data_ends_in_a_zero_byte_needs_no_end_marker():
    data = file_bytes(Image.new("RGB", (1, 1), "white"), subsampling="4:4:4")
    assert data.endswith(b"\0" + END)
    assert np.array_equal(open_picture(data[:-2]), open_picture(data))


def test_a_setting_of_pillows_that_fills_up_broken_files_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(UnusablePictureError, match="truncated"):
        open_picture(plain()[:-100])
    assert np.array_equal(open_picture(plain()[:-2]), open_picture(plain()))


def test_a_file_that_was_cut_and_ended_opens_as_libjpeg_opens_it():
    broken = plain()[:800] + END
    opened = open_picture(broken)
    assert opened.shape == (45, 70, 3)
    assert np.array_equal(opened[:8, :8], open_picture(plain())[:8, :8])
