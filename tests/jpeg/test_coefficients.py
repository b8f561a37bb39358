"""Coefficients from files: against the decoder's pixels, against torchjpeg's, and what cannot be read."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from jpeg_files import file_bytes, smooth_picture, tables_in
from parity_fixtures import parity_fixture
from PIL import Image

from jpegproof.exceptions import MissingExtraError
from jpegproof.jpeg.codec import decode
from jpegproof.jpeg.coefficients import NotYCbCrError, read_coefficients
from jpegproof.jpeg.dct import from_blocks, to_samples

PICTURE = smooth_picture(45, 70)


def test_the_coefficients_of_a_grey_file_are_those_of_its_pixels():
    data = file_bytes(Image.fromarray(PICTURE).convert("L"), quality=60)
    read = read_coefficients(data, "4:0:0")
    assert read.chroma == ()
    dequantised = torch.from_numpy(read.luma.coefficients * read.luma.table).double()
    samples = (to_samples(from_blocks(dequantised)) + 128).clamp(0, 255)[:45, :70]
    assert (samples - torch.from_numpy(decode(data).pixels[..., 0].astype(float))).abs().max() < 1


@pytest.mark.parametrize(("subsampling", "chroma_blocks"), [("4:4:4", (6, 9)), ("4:2:2", (6, 5)), ("4:2:0", (3, 5))])
def test_planes_have_as_many_blocks_as_cover_the_picture(subsampling: str, chroma_blocks: tuple[int, int]):
    read = read_coefficients(file_bytes(PICTURE, subsampling=subsampling), subsampling)
    assert read.luma.coefficients.shape == (6, 9, 8, 8)
    assert [component.coefficients.shape[:2] for component in read.chroma] == [chroma_blocks] * 2
    assert read.covers(45, 70)
    assert read.covers(48, 72)
    assert not read.covers(49, 70)
    assert not read.covers(45, 64)


def test_each_plane_has_its_own_table():
    data = file_bytes(PICTURE, quality=35)
    read = read_coefficients(data, "4:2:0")
    tables = tables_in(data)
    assert (read.luma.table == tables[0]).all()
    assert all((component.table == tables[1]).all() for component in read.chroma)


def test_the_order_of_scans_does_not_matter():
    plain, progressive = (
        read_coefficients(file_bytes(PICTURE, quality=40, progressive=order), "4:2:0") for order in (False, True)
    )
    for first, second in zip((plain.luma, *plain.chroma), (progressive.luma, *progressive.chroma), strict=True):
        assert (first.coefficients == second.coefficients).all()


@pytest.mark.real
def test_they_are_the_ones_that_torchjpeg_reads():
    official = parity_fixture("m3l-qgac_crab")
    read = read_coefficients(official["jpeg/file"].numpy().tobytes(), "4:2:0")
    assert np.array_equal(read.luma.coefficients, official["jpeg/coef_y"].numpy()[0])
    for plane, component in enumerate(read.chroma):
        assert np.array_equal(component.coefficients, official["jpeg/coef_cbcr"].numpy()[plane])


@pytest.mark.parametrize(
    ("data", "stored"),
    [
        (file_bytes(PICTURE, keep_rgb=True), "RGB"),
        (file_bytes(Image.fromarray(PICTURE).convert("CMYK")), "CMYK"),
    ],
    ids=["RGB", "CMYK"],
)
def test_other_colours_than_luma_and_chroma_are_told(data: bytes, stored: str):
    with pytest.raises(NotYCbCrError, match=f"stores {stored}, not luma and chroma"):
        read_coefficients(data, "4:4:4")


def test_damage_is_told():
    with pytest.raises(OSError, match=r"picture\.jpg failed"):
        read_coefficients(file_bytes(PICTURE)[:100], "4:2:0")


def test_a_missing_jpeglib_is_answered_with_its_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "jpeglib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jpegproof\[jpeglib\]'"):
        read_coefficients(file_bytes(PICTURE), "4:2:0")


def test_a_decoded_picture_comes_with_the_bytes_of_its_file():
    data = file_bytes(PICTURE)
    assert decode(data).data == data
