"""What a file's components are is told as libjpeg takes them."""

from __future__ import annotations

from contextlib import nullcontext
from io import BytesIO

import pytest
from jpeg_files import file_bytes, frame_header, smooth_picture
from jpeg_fixtures import fixtures, segment, with_segment, without_segments
from PIL import Image

from jpegproof.jpeg.colours import colours_of
from jpegproof.jpeg.header import header_of

NUMBERED_RGB = tuple(b"RGB")


@pytest.mark.parametrize(
    ("numbers", "jfif", "transform", "colours"),
    [
        ((1,), True, None, "grey"),
        ((1, 2, 3), True, None, "YCbCr"),
        ((1, 2, 3), False, None, "YCbCr"),
        ((1, 2, 3), False, 1, "YCbCr"),
        ((1, 2, 3), False, 0, "RGB"),
        ((1, 2, 3), True, 0, "YCbCr"),
        (NUMBERED_RGB, False, None, "RGB"),
        (NUMBERED_RGB, True, None, "YCbCr"),
        (NUMBERED_RGB, False, 1, "YCbCr"),
        ((1, 2, 3, 4), False, None, "CMYK"),
        ((1, 2, 3, 4), False, 0, "CMYK"),
        ((1, 2, 3, 4), False, 2, "YCCK"),
    ],
)
def test_components_are_taken_by_segments_first_and_by_numbers_then(numbers, jfif, transform, colours):
    assert colours_of(numbers, jfif, transform) == colours


@pytest.mark.parametrize(
    ("name", "colours"),
    [
        ("plain", "YCbCr"),
        ("progressive", "YCbCr"),
        ("4:1:0", "YCbCr"),
        ("several pictures", "YCbCr"),
        ("grey", "grey"),
        ("stored as rgb", "RGB"),
        ("adobe cmyk", "CMYK"),
        ("unmarked cmyk", "CMYK"),
        ("ycck", "YCCK"),
    ],
)
def test_a_files_header_says_it(name, colours):
    with Image.open(BytesIO(fixtures()[name])) as image:
        assert header_of(image).colours == colours


def renumbered(data: bytes) -> bytes:
    """The file with its three components called 1, 2, 3."""
    changed = bytearray(data)
    _, place, _ = frame_header(data)
    scan = data.index(b"\xff\xda") + 4
    for number in range(3):
        changed[place + 6 + 3 * number] = changed[scan + 1 + 2 * number] = number + 1
    return bytes(changed)


ADOBE_RGB = b"Adobe\0\x64\0\0\0\0\0"


@pytest.mark.parametrize(
    "data",
    [
        fixtures()["plain"],
        fixtures()["stored as rgb"],
        without_segments(fixtures()["stored as rgb"], 0xEE),
        renumbered(fixtures()["stored as rgb"]),
        renumbered(without_segments(fixtures()["stored as rgb"], 0xEE)),
        with_segment(fixtures()["plain"], 0xEE, ADOBE_RGB),
        with_segment(without_segments(fixtures()["plain"], 0xE0), 0xEE, ADOBE_RGB),
    ],
    ids=[
        "plain",
        "both say RGB",
        "by numbers",
        "by Adobe's segment",
        "by nothing",
        "JFIF and Adobe's",
        "Adobe's alone",
    ],
)
def test_libjpeg_takes_the_components_for_what_was_told(data):
    with Image.open(BytesIO(data)) as image:
        told = header_of(image).colours
    with Image.open(BytesIO(data)) as image:
        image.draft("YCbCr", image.size)  # asks libjpeg for luma and chroma, which it has no way to from RGB
        with nullcontext() if told == "YCbCr" else pytest.raises(OSError, match="broken data stream"):
            image.load()


def test_segments_that_follow_each_other_are_all_heard():
    grey = file_bytes(Image.fromarray(smooth_picture(16, 16)).convert("L"))
    with Image.open(BytesIO(grey[:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + grey[2:])) as image:
        assert header_of(image).colours == "grey"
