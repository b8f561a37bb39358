"""What a file says of itself."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
from jpeg_files import file_bytes, frame_header, smooth_picture, with_sampling
from PIL import Image

from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.header import JpegHeader, after_shrinking, header_of
from jpegproof.jpeg.ycbcr import rgb_to_ycbcr

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


def test_where_no_component_is_chroma_the_quality_is_that_of_the_luma_table():
    for file in (file_bytes(PICTURE, quality=60, keep_rgb=True), file_bytes(PICTURE.convert("CMYK"), quality=60)):
        assert (header(file).quality.quality, header(file).quality.fit_error) == (60, 0)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (JPEG, True),
        (file_bytes(PICTURE.convert("L")), True),
        (file_bytes(PICTURE, keep_rgb=True), True),
        (with_sampling(file_bytes(PICTURE, keep_rgb=True), 0x22, 0x11, 0x11), False),
        (file_bytes(PICTURE.convert("CMYK")), False),
    ],
    ids=["luma and chroma", "grey", "RGB", "RGB of different sizes", "CMYK"],
)
def test_tables_tell_of_luma_and_chroma_unless_black_is_multiplied_in(data, told):
    assert header(data).planes_are_told == told


def test_steps_are_the_files_tables_where_it_stores_luma_and_chroma():
    facts = header(JPEG)
    assert facts.steps[0] is facts.luma
    assert facts.steps[1] is facts.chroma
    assert header(file_bytes(PICTURE.convert("L"))).steps[1] is None


def test_the_errors_of_a_file_that_stores_rgb_are_as_large_as_its_steps_say():
    original = np.random.default_rng(0).normal(128, 40, (512, 512, 3)).clip(0, 255).astype(np.uint8)
    pixels = decode(file_bytes(original, qtables=[[40] * 64], keep_rgb=True))
    error = torch.from_numpy(pixels.pixels.astype(float) - original).permute(2, 0, 1)
    luma, *chroma = rgb_to_ycbcr(error)
    told, told_of_chroma = pixels.header.steps
    assert told_of_chroma is not None
    assert float(luma.std()) == pytest.approx(np.sqrt(np.square(told).mean() / 12), rel=0.1)
    for plane in chroma:
        assert float(plane.std()) == pytest.approx(np.sqrt(np.square(told_of_chroma).mean() / 12), rel=0.1)


def test_a_shrunk_file_that_stored_rgb_is_one_of_luma_and_chroma():
    before = header(file_bytes(PICTURE, quality=20, keep_rgb=True))
    after = after_shrinking(before, 1.0, (40, 56))
    assert after.colours == "YCbCr"
    assert np.array_equal(after.luma, before.steps[0])
    assert np.array_equal(after.steps[0], before.steps[0])


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


def shrunk(factor, quality=20, subsampling="4:2:0"):
    file = file_bytes(PICTURE, quality=quality, subsampling=subsampling)
    return after_shrinking(header(file), factor, (10, 10))


def test_shrinking_by_one_changes_no_table_of_a_file_with_full_chroma():
    before = header(file_bytes(PICTURE, quality=20, subsampling="4:4:4"))
    after = shrunk(1.0, subsampling="4:4:4")
    assert before.chroma is not None
    assert after.chroma is not None
    assert np.array_equal(after.luma, before.luma)
    assert np.array_equal(after.chroma, before.chroma)
    assert after.size == (10, 10)


def test_after_shrinking_by_two_each_step_is_half_that_of_half_the_frequency():
    before, after = header(file_bytes(PICTURE, quality=20)), shrunk(2.0)
    assert after.shrunk == 2
    for row, column in ((0, 0), (2, 4), (6, 0)):
        assert after.luma[row, column] == pytest.approx(before.luma[row // 2, column // 2] / 2, abs=0.5)
    # Chroma was halved already: its frequencies are the picture's now, at twice the density of error and half of it.
    assert before.chroma is not None
    assert after.chroma is not None
    assert np.array_equal(after.chroma, before.chroma)


def test_the_error_of_a_shrunk_jpeg_is_as_large_as_its_tables_say():
    noise = np.random.default_rng(0).normal(128, 40, (512, 512)).clip(0, 255).astype(np.uint8)
    original = np.repeat(noise[..., None], 3, axis=2)
    table = np.full((8, 8), 40)
    image = decode(
        encode(original, Compression("jpeg", tables=(tuple(table.ravel().tolist()),) * 2, subsampling="4:4:4"))
    )
    smaller = [
        np.asarray(Image.fromarray(pixels).resize((256, 256), Image.Resampling.BOX)).astype(float)[..., 0]
        for pixels in (original, image.pixels)
    ]
    error = (smaller[0] - smaller[1]).std()
    told = after_shrinking(image.header, 2.0, (256, 256)).luma
    assert error == pytest.approx(np.sqrt(np.square(told).mean() / 12), rel=0.15)


def test_a_picture_is_shrunk_once_and_never_enlarged():
    with pytest.raises(ValueError, match=r"by 1 or more, not by 0\.5"):
        shrunk(0.5)
    with pytest.raises(ValueError, match="after 2"):
        after_shrinking(shrunk(2.0), 2.0, (5, 5))
