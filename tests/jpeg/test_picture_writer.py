"""Corrected pictures in every format, with the metadata of the file that they came from."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from jpeg_files import file_bytes, noise_picture, segments, smooth_picture
from PIL import Image, ImageCms

from jpegproof.exceptions import UnknownNameError
from jpegproof.jpeg.metadata import Metadata, metadata_of
from jpegproof.jpeg.picture_writer import FORMATS, picture_format

PIXELS = smooth_picture(30, 40)
XMP = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'/><?xpacket end='w'?>"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY_PROFILE = SRGB[:16] + b"GRAY" + SRGB[20:]
ORIENTATION, MAKER, EXIF_FOLDER, EXPOSED, GPS_FOLDER = 0x0112, 0x010F, 0x8769, 0x9003, 0x8825


def exif_bytes(**more: object) -> bytes:
    """An EXIF block as cameras write it: turned to the left, with directories of its own and a maker's note."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Maker"
    exif.get_ifd(EXIF_FOLDER).update({EXPOSED: "2020:02:03 04:05:06", 0x927C: b"a maker's note"})
    exif.get_ifd(GPS_FOLDER)[1] = "N"
    for tag, value in more.items():
        exif[int(tag.removeprefix("tag"))] = value
    return exif.tobytes()


FULL = Metadata(exif_bytes(), SRGB, XMP, b"taken by somebody", (300.0, 300.0))


def saved(name: str, metadata: Metadata = FULL, pixels: np.ndarray = PIXELS, **options: int) -> tuple[bytes, list[str]]:
    file = BytesIO()
    left_out = picture_format(name).save(pixels, file, metadata, **options)
    return file.getvalue(), left_out


def test_metadata_are_read_byte_for_byte():
    data = file_bytes(PIXELS, exif=FULL.exif, icc_profile=SRGB, xmp=XMP, comment=FULL.comment, dpi=(300, 300))
    with Image.open(BytesIO(data)) as image:
        assert metadata_of(image) == FULL


def test_a_bare_file_has_no_metadata():
    with Image.open(BytesIO(file_bytes(PIXELS))) as image:
        assert metadata_of(image) == Metadata()


def test_a_resolution_that_pillow_made_up_is_none():
    data = file_bytes(PIXELS, exif=b"Exif\0\0not at all")
    with Image.open(BytesIO(data)) as image:
        assert metadata_of(image) == Metadata(exif=b"Exif\0\0not at all")


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_what_its_name_says(name: str):
    data, _ = saved(name)
    with Image.open(BytesIO(data)) as image:
        assert image.format == name.upper()
        assert image.mode == "RGB"
    assert picture_format(name).suffix in Image.registered_extensions()


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.lossless])
@pytest.mark.parametrize("grey", [False, True])
def test_lossless_formats_keep_every_pixel_where_it_was(name: str, grey: bool):
    pixels = noise_picture(30, 40)[..., 0] if grey else noise_picture(30, 40)
    data, _ = saved(name, Metadata(), pixels)
    with Image.open(BytesIO(data)) as image:
        # WebP has no grey; its three channels are equal.
        found = np.asarray(image.convert("L") if grey else image)
        assert image.mode == ("L" if grey and name != "webp" else "RGB")
    assert (found == pixels).all()


@pytest.mark.parametrize("name", FORMATS)
def test_exif_profile_and_xmp_come_through(name: str):
    data, _ = saved(name)
    with Image.open(BytesIO(data)) as image:
        assert image.info["icc_profile"] == SRGB
        assert image.info["xmp"] == XMP
        exif = image.getexif()
        assert exif[ORIENTATION] == 6
        assert exif[MAKER] == "Maker"
        assert exif.get_ifd(EXIF_FOLDER)[EXPOSED] == "2020:02:03 04:05:06"
        assert exif.get_ifd(EXIF_FOLDER)[0x927C] == b"a maker's note"
        assert exif.get_ifd(GPS_FOLDER)[1] == "N"
        if name != "tiff":  # which has to take it apart; WebP has no prefix
            assert image.info["exif"].removeprefix(b"Exif\0\0") == FULL.exif.removeprefix(b"Exif\0\0")


def test_pixels_stay_in_stored_orientation_even_in_tiff_whose_readers_turn_them():
    data, _ = saved("tiff")
    with Image.open(BytesIO(data)) as image:
        assert np.asarray(image).shape == (40, 30, 3)
        assert (np.asarray(image) == np.rot90(PIXELS, -1)).all()


@pytest.mark.parametrize("name", ["png", "tiff", "jpeg"])
def test_the_resolution_comes_through(name: str):
    data, _ = saved(name, Metadata(dpi=(300.0, 200.0)))
    with Image.open(BytesIO(data)) as image:
        assert [round(value) for value in image.info["dpi"]] == [300, 200]


def test_the_comment_comes_through_or_is_named():
    with Image.open(BytesIO(saved("jpeg")[0])) as image:
        assert image.info["comment"] == FULL.comment
    with Image.open(BytesIO(saved("png")[0])) as image:
        assert image.info["Comment"] == "taken by somebody"
    for name in ("tiff", "webp"):
        assert any("comment is left out" in text for text in saved(name)[1])
    assert saved("png")[1] == saved("jpeg")[1] == []


@pytest.mark.parametrize("comment", [b"\xff\xfe odd", "größer".encode(), b"new\nline \0 nothing"])
def test_any_comment_ends_in_a_readable_file(comment: bytes):
    for name in FORMATS:
        data, _ = saved(name, Metadata(comment=comment))
        with Image.open(BytesIO(data)) as image:
            image.load()


@pytest.mark.parametrize("name", FORMATS)
def test_without_metadata_none_are_made_up(name: str):
    data, left_out = saved(name, Metadata())
    with Image.open(BytesIO(data)) as image:
        kept = {"exif", "icc_profile", "xmp", "comment", "Comment"} & set(image.info)
        assert not kept
    assert left_out == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_profile_of_another_colour_space_is_left_out_and_named(name: str):
    for profile, pixels in ((GREY_PROFILE, PIXELS), (SRGB, PIXELS[..., 0]), (SRGB[:16] + b"CMYK" + SRGB[20:], PIXELS)):
        data, left_out = saved(name, Metadata(icc_profile=profile), pixels)
        with Image.open(BytesIO(data)) as image:
            assert "icc_profile" not in image.info
        assert any("ICC profile is left out" in text for text in left_out)


@pytest.mark.parametrize("name", ["png", "tiff", "jpeg"])
def test_a_grey_profile_stays_with_a_grey_picture(name: str):
    data, left_out = saved(name, Metadata(icc_profile=GREY_PROFILE), PIXELS[..., 0])
    with Image.open(BytesIO(data)) as image:
        assert image.info["icc_profile"] == GREY_PROFILE
    assert left_out == []


def test_exif_that_says_how_other_pixels_are_stored_does_not_hurt_a_tiff():
    odd = exif_bytes(tag256=9999, tag257=1, tag258=1, tag259=7, tag262=0, tag273=5, tag277=1, tag278=3, tag279=4)
    data, _ = saved("tiff", Metadata(exif=odd))
    with Image.open(BytesIO(data)) as image:
        assert (np.asarray(image) == np.rot90(PIXELS, -1)).all()


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x99", b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(40)]
)
@pytest.mark.parametrize("name", FORMATS)
def test_exif_that_cannot_be_parsed_ends_in_a_readable_file(exif: bytes, name: str):
    data, _ = saved(name, Metadata(exif=exif))
    with Image.open(BytesIO(data)) as image:
        assert (np.abs(np.asarray(image).astype(int) - PIXELS) < 60).all()


def test_exif_too_long_for_a_jpeg_segment_is_left_out_and_named():
    long = replace(FULL, exif=FULL.exif + bytes(70_000))
    data, left_out = saved("jpeg", long)
    assert any("EXIF block is left out" in text for text in left_out)
    with Image.open(BytesIO(data)) as image:
        assert "exif" not in image.info
        assert image.info["xmp"] == XMP
    assert saved("png", long)[1] == []


def test_a_jpeg_keeps_chroma_at_full_size_at_the_quality_asked_for():
    good, poor = saved("jpeg", quality=98)[0], saved("jpeg", quality=50)[0]
    assert len(good) > len(poor)
    (frame,) = [payload for marker, _, payload in segments(good) if marker == 0xC0]
    assert [frame[place] for place in (7, 10, 13)] == [0x11, 0x11, 0x11]


def test_a_mistyped_format_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'jpg' is not known\. Did you mean 'jpeg'\? Known: png"):
        picture_format("jpg")
