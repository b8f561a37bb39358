"""What a file says of itself."""

from __future__ import annotations

from io import BytesIO

import pytest
from jpeg_files import file_bytes, frame_header, smooth_picture, with_sampling
from PIL import Image

from jpegproof.jpeg.header import JpegHeader, header_of

PICTURE = Image.fromarray(smooth_picture(40, 56))
JPEG = file_bytes(PICTURE, quality=75, subsampling="4:2:0")


def header(data: bytes) -> JpegHeader:
    with Image.open(BytesIO(data)) as image:
        return header_of(image)


@pytest.mark.parametrize(
    ("luma", "chroma", "name"),
    [
        (0x11, 0x11, "4:4:4"),
        (0x22, 0x22, "4:4:4"),
        (0x21, 0x11, "4:2:2"),
        (0x22, 0x12, "4:2:2"),
        (0x22, 0x11, "4:2:0"),
        (0x12, 0x11, "4:4:0"),
        (0x41, 0x11, "4:1:1"),
        (0x42, 0x11, "4:1:0"),
        (0x14, 0x11, "1x4"),
        (0x31, 0x21, "3/2x1"),
        (0x11, 0x22, "1/2x1/2"),
    ],
)
def test_sampling_factors_have_their_name(luma: int, chroma: int, name: str):
    assert header(with_sampling(JPEG, luma, chroma, chroma)).subsampling == name


@pytest.mark.parametrize(("number", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_pillows_own_subsamplings_are_read_back(number: int, name: str):
    assert header(file_bytes(PICTURE, subsampling=number)).subsampling == name


def test_a_colour_file_says_its_size_tables_and_mode():
    facts = header(JPEG)
    assert (facts.size, facts.mode, facts.progressive) == ((40, 56), "RGB", False)
    assert (facts.quality.quality, facts.quality.fit_error) == (75, 0)
    assert header(file_bytes(PICTURE, progressive=True)).progressive


def test_a_grey_file_has_no_chroma():
    facts = header(file_bytes(PICTURE.convert("L"), quality=20))
    assert (facts.subsampling, facts.mode, facts.chroma) == ("4:0:0", "L", None)
    assert (facts.quality.quality, facts.quality.fit_error) == (20, 0)


def test_a_cmyk_file_is_read():
    facts = header(file_bytes(PICTURE.convert("CMYK"), quality=60))
    assert (facts.mode, facts.subsampling) == ("CMYK", "4:4:4")


def test_a_phones_picture_with_a_second_one_inside_is_read():
    both = file_bytes(PICTURE, "MPO", save_all=True, append_images=[PICTURE.rotate(90)], quality=75)
    assert header(both).quality.quality == 75


def test_a_picture_of_another_format_is_refused():
    with pytest.raises(ValueError, match="PNG picture, not a JPEG"):
        header(file_bytes(PICTURE, "PNG"))
    with pytest.raises(ValueError, match="raw picture, not a JPEG"):
        header_of(PICTURE)


def test_a_table_that_the_file_does_not_define_is_named():
    _, place, _ = frame_header(JPEG)
    changed = bytearray(JPEG)
    changed[place + 6 + 2] = 3  # the first component's table
    with pytest.raises(ValueError, match=r"tables \[3\] that it does not define"):
        header(bytes(changed))


def test_a_component_that_is_never_sampled_is_refused():
    with pytest.raises(ValueError, match="zero times"):
        header(with_sampling(JPEG, 0x11, 0x01, 0x11))
