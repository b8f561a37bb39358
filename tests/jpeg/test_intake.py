"""Whatever people call a picture: 8-bit RGB, or a reason why not. Never anything else."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jpeg_files import file_bytes, png_of_size, smooth_picture, with_size
from PIL import Image, PngImagePlugin

from jpegproof.jpeg.intake import UnusablePictureError, open_picture

PIXELS = smooth_picture(21, 34)
PICTURE = Image.fromarray(PIXELS)
SMALL = Image.fromarray(smooth_picture(9, 11))
KINDS: dict[str, dict[str, Any]] = {
    "JPEG": {},
    "PNG": {},
    "WEBP": {"lossless": True},
    "BMP": {},
    "PPM": {},
    "TIFF": {},
    "GIF": {},
    "MPO": {"save_all": True, "append_images": [PICTURE.rotate(180)]},
}


def why_not(source: Path | bytes) -> str:
    with pytest.raises(UnusablePictureError) as caught:
        open_picture(source)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "PPM", "TIFF"])
def test_lossless_formats_keep_every_pixel(kind: str, tmp_path: Path):
    path = tmp_path / "picture"
    path.write_bytes(file_bytes(PICTURE, kind, **KINDS[kind]))
    opened = open_picture(path)
    assert opened.dtype == np.uint8
    assert (opened == PIXELS).all()


def test_a_jpeg_is_decoded_as_pillow_does():
    data = file_bytes(PICTURE, quality=40)
    assert (open_picture(data) == np.asarray(Image.open(BytesIO(data)))).all()


def test_a_pictures_name_does_not_matter(tmp_path: Path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(file_bytes(PICTURE, "PNG"))
    assert (open_picture(path) == PIXELS).all()


def test_grey_becomes_three_equal_channels():
    grey = PICTURE.convert("L")
    opened = open_picture(file_bytes(grey, "PNG"))
    assert (opened == np.asarray(grey)[..., None]).all()
    assert opened.shape == PIXELS.shape


@pytest.mark.parametrize("marked", [True, False])
def test_cmyk_is_seen_in_its_own_colours_whether_or_not_adobe_marked_it(marked: bool):
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    data = file_bytes(red, quality=100)
    # Pillow writes Adobe's segment and inverted ink, as Photoshop does, and reads ink as inverted in any case.
    place = data.index(b"\xff\xee")
    assert data[place + 4 : place + 9] == b"Adobe"
    opened = open_picture(data if marked else data[:place] + data[place + 16 :])
    assert np.abs(opened.astype(int) - (255, 0, 0)).max() <= 2


def test_a_palette_is_looked_up_and_transparency_dropped():
    palette = Image.new("P", (4, 2))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([0, 1, 0, 1, 1, 1, 0, 0])
    opened = open_picture(file_bytes(palette, "PNG", transparency=b"\x00\xff"))
    assert opened[0].tolist() == [[10, 20, 30], [200, 100, 50], [10, 20, 30], [200, 100, 50]]


def test_an_alpha_channel_is_dropped():
    transparent = PICTURE.copy()
    transparent.putalpha(Image.fromarray(np.arange(21 * 34, dtype=np.uint8).reshape(21, 34)))
    assert (open_picture(file_bytes(transparent, "PNG")) == PIXELS).all()
    grey = Image.merge("LA", (PICTURE.convert("L"), PICTURE.getchannel(0)))
    assert (open_picture(file_bytes(grey, "PNG"))[..., 0] == np.asarray(PICTURE.convert("L"))).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bit_grey_is_scaled_and_not_cut(kind: str):
    wide = np.linspace(0, 65_535, 12 * 20).astype(np.uint16).reshape(12, 20)
    opened = open_picture(file_bytes(Image.fromarray(wide), kind))
    assert (opened[..., 0] == wide >> 8).all()
    assert (opened == opened[..., :1]).all()


def test_black_and_white_is_zero_and_255():
    bits = PICTURE.convert("1")
    opened = open_picture(file_bytes(bits, "PNG"))
    assert (opened[..., 0] == np.asarray(bits) * 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_that_a_camera_noted_is_ignored(orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert (open_picture(file_bytes(PICTURE, exif=exif)) == open_picture(file_bytes(PICTURE))).all()


@pytest.mark.parametrize("kind", ["MPO", "GIF", "WEBP", "PNG"])
def test_of_several_pictures_the_first_is_taken(kind: str):
    flat = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    opened = open_picture(file_bytes(flat[0], kind, save_all=True, append_images=flat[1:]))
    assert np.abs(opened.astype(int) - (255, 0, 0)).max() <= 2


def test_floats_and_32_bit_numbers_are_refused_rather_than_taken_for_black_or_white():
    assert "floating-point" in why_not(file_bytes(Image.fromarray(np.full((4, 4), 0.5, np.float32)), "TIFF"))
    assert "32-bit" in why_not(file_bytes(Image.fromarray(np.full((4, 4), 2**30, np.int32)), "TIFF"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_that_is_cut_off_is_refused(kind: str):
    data = file_bytes(smooth_picture(120, 90), kind)
    assert "truncated" in why_not(data[: len(data) * 2 // 3])


def test_what_is_no_picture_is_refused_with_its_reason(tmp_path: Path):
    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    assert "not a picture of a known format" in why_not(text)
    assert why_not(tmp_path / "gone.jpg") == "cannot be read: No such file or directory"
    assert why_not(tmp_path) == "cannot be read: Is a directory"
    assert why_not(b"") == "the file is empty"


@pytest.mark.parametrize(
    "program", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", b"%PDF-1.4\n"]
)
def test_formats_that_pillow_hands_to_other_programs_stay_shut(program: bytes):
    assert "not a picture of a known format" in why_not(program)


@pytest.mark.parametrize(
    "bomb",
    [png_of_size(60_000, 60_000), with_size(file_bytes(PICTURE), 65_535, 65_535), png_of_size(13_400, 13_400)],
    ids=["png", "jpeg", "just above the bound"],
)
def test_a_tiny_file_cannot_claim_the_machines_memory(bomb: bytes):
    assert any(word in why_not(bomb) for word in ("exceeds limit", "more than 178,956,970"))


def test_the_bound_holds_where_pillows_own_is_lifted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert why_not(png_of_size(60_000, 60_000)) == "claims 60000x60000 pixels, more than 178,956,970"


def test_a_picture_without_pixels_is_refused():
    assert why_not(png_of_size(0, 0))
    assert why_not(with_size(file_bytes(PICTURE), 21, 0))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_ends_in_pixels_or_a_reason(kind: str):
    data = file_bytes(SMALL, kind, **KINDS[kind])
    opened = sum(ends_in_pixels(data[:length]) for length in range(len(data)))
    assert opened < len(data)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_every_damage_ends_in_pixels_or_a_reason(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("jpegproof.jpeg.intake.MAX_PIXELS", 100_000)  # honest sizes would take seconds to fill
    dice = random.Random(f"damage to {kind}")
    data = file_bytes(SMALL, kind, **KINDS[kind])
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(min(len(data), dice.choice([60, 700])))] = dice.randrange(256)
        ends_in_pixels(bytes(damaged))


def ends_in_pixels(data: bytes) -> bool:
    """Whether the file opens; anything but pixels or a reason fails the test by itself."""
    try:
        pixels = open_picture(data)
    except UnusablePictureError:
        return False
    assert (pixels.dtype, pixels.shape[2:]) == (np.uint8, (3,))
    assert pixels.size > 0
    return True


def test_a_decoder_that_fails_in_an_unheard_of_way_is_a_reason_too(monkeypatch: pytest.MonkeyPatch):
    def load(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    assert why_not(file_bytes(PICTURE, "PNG")) == "cannot be decoded: ZeroDivisionError"


def test_lack_of_memory_is_a_reason_too(monkeypatch: pytest.MonkeyPatch):
    def load(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    assert why_not(file_bytes(PICTURE, "PNG")) == "does not fit into memory"
