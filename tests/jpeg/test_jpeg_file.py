"""JPEG files with pixels, header and metadata; everything else with the reason why not."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from jpeg_files import file_bytes, smooth_picture
from PIL import Image
from rare_coding import lossless_grey

from jpegproof.jpeg.intake import UnusablePictureError, open_picture
from jpegproof.jpeg.jpeg_file import NothingToCorrectError, open_jpeg_file

PICTURE = Image.fromarray(smooth_picture(33, 50))


def written(folder: Path, data: bytes, name: str = "picture.jpg") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_pixels_are_the_intakes_and_the_header_is_the_files(mode: str, tmp_path: Path):
    data = file_bytes(PICTURE.convert(mode), quality=35, comment=b"mine")
    opened = open_jpeg_file(written(tmp_path, data, "of-any-name"))
    assert (opened.image.pixels == open_picture(data)).all()
    assert opened.image.header.mode == mode
    assert opened.image.header.quality.quality == 35
    assert opened.image.data == data
    assert opened.metadata.comment == b"mine"
    assert opened.pictures == 1


def test_of_several_pictures_the_first_is_taken_and_all_are_counted(tmp_path: Path):
    others = [Image.new("RGB", (50, 33), colour) for colour in ("blue", "lime")]
    data = file_bytes(Image.new("RGB", (50, 33), "red"), "MPO", save_all=True, append_images=others)
    opened = open_jpeg_file(written(tmp_path, data))
    assert opened.pictures == 3
    assert np.abs(opened.image.pixels.astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_another_format_is_told_by_its_content(kind: str, tmp_path: Path):
    with pytest.raises(NothingToCorrectError, match=f"not a JPEG but {kind}"):
        open_jpeg_file(written(tmp_path, file_bytes(PICTURE, kind)))


def test_a_lossless_jpeg_has_lost_nothing(tmp_path: Path):
    with pytest.raises(NothingToCorrectError, match="a lossless JPEG"):
        open_jpeg_file(written(tmp_path, lossless_grey(np.asarray(PICTURE.convert("L")))))


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", file_bytes(PICTURE)[:400], b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xe0\0\x04ab"]
)
def test_what_the_intake_refuses_is_refused_with_its_reason(data: bytes, tmp_path: Path):
    path = written(tmp_path, data)
    with pytest.raises(UnusablePictureError) as ours:
        open_jpeg_file(path)
    with pytest.raises(UnusablePictureError) as intakes:
        open_picture(data)
    assert str(ours.value) == str(intakes.value)
    assert not isinstance(ours.value, NothingToCorrectError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(UnusablePictureError, match="pipe"):
        open_jpeg_file(tmp_path / "pipe.jpg")


def test_a_link_to_itself_is_a_reason(tmp_path: Path):
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    with pytest.raises(UnusablePictureError, match="cannot be read: Too many levels"):
        open_jpeg_file(tmp_path / "loop.jpg")


def test_a_header_that_makes_no_sense_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def stumbles(image: Image.Image) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("jpegproof.jpeg.jpeg_file.header_of", stumbles)
    with pytest.raises(UnusablePictureError, match="has a header that cannot be read: by zero"):
        open_jpeg_file(written(tmp_path, file_bytes(PICTURE)))


def test_what_is_copied_is_what_pillow_reads(tmp_path: Path):
    data = file_bytes(PICTURE, dpi=(96, 96))
    opened = open_jpeg_file(written(tmp_path, data))
    with Image.open(BytesIO(data)) as image:
        assert opened.metadata.dpi == image.info["dpi"]
