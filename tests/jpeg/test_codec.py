"""Coding against Pillow itself, and what was asked for against the file's bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_files import file_bytes, frame_header, noise_picture, smooth_picture, tables_in
from PIL import Image, ImageFile

from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import ORIGINAL, Compression, Subsampling
from jpegproof.jpeg.tables import chroma_table, luma_table

PICTURE = smooth_picture(45, 70)
# Not symmetric, so that rows cannot pass for columns.
OWN = tuple(range(1, 65))
OTHER = tuple(range(255, 191, -1))


@pytest.mark.parametrize("quality", range(1, 101))
def test_a_quality_alone_gives_the_bytes_of_pillows_defaults(quality: int):
    assert encode(PICTURE, Compression(quality=quality)) == file_bytes(PICTURE, quality=quality)


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 100), st.sampled_from(get_args(Subsampling)))
@settings(max_examples=60, deadline=None)
def test_every_size_survives(height: int, width: int, quality: int, subsampling: Subsampling):
    picture = smooth_picture(height, width)
    decoded = decode(encode(picture, Compression(quality=quality, subsampling=subsampling)))
    assert decoded.pixels.shape == picture.shape
    assert decoded.pixels.dtype == np.uint8
    assert decoded.header.size == (height, width)
    assert (decoded.header.quality.quality, decoded.header.subsampling) == (quality, subsampling)


@pytest.mark.parametrize("options", [{"quality": 30}, {"quality": 90, "subsampling": 0}, {"progressive": True}])
def test_decoding_is_pillows(options: dict[str, Any]):
    data = file_bytes(PICTURE, **options)
    assert (decode(data).pixels == np.asarray(Image.open(BytesIO(data)))).all()


def test_a_grey_jpeg_decodes_to_three_equal_channels():
    decoded = decode(file_bytes(Image.fromarray(PICTURE).convert("L")))
    assert decoded.pixels.shape == (45, 70, 3)
    assert (decoded.pixels == decoded.pixels[..., :1]).all()


def test_a_fine_quality_is_near_the_picture_and_a_coarse_one_further():
    def error(quality: int) -> float:
        compression = Compression(quality=quality, subsampling="4:4:4")
        return float(np.abs(decode(encode(PICTURE, compression)).pixels.astype(int) - PICTURE).mean())

    assert error(100) < 1 < error(10)


@pytest.mark.parametrize(("tables", "chroma"), [((OWN,), OWN), ((OWN, OTHER), OTHER)])
def test_own_tables_reach_the_file_and_are_read_back(tables: Any, chroma: tuple[int, ...]):
    data = encode(PICTURE, Compression(tables=tables))
    written = tables_in(data)
    assert written[0].ravel().tolist() == list(OWN)
    assert written[max(written)].ravel().tolist() == list(chroma)
    header = decode(data).header
    assert header.chroma is not None
    assert header.luma.ravel().tolist() == list(OWN)
    assert header.chroma.ravel().tolist() == list(chroma)


def test_the_standards_tables_given_as_own_give_the_pixels_of_the_quality():
    tables: Any = [luma_table(35).ravel(), chroma_table(35).ravel()]
    own = decode(encode(PICTURE, Compression(tables=tables)))
    assert (own.pixels == decode(encode(PICTURE, Compression(quality=35))).pixels).all()


def test_progressive_changes_the_bytes_and_not_the_pixels():
    plain, progressive = (encode(PICTURE, Compression(quality=40, progressive=scan)) for scan in (False, True))
    assert (frame_header(plain)[0], frame_header(progressive)[0]) == (0xC0, 0xC2)
    assert (decode(plain).header.progressive, decode(progressive).header.progressive) == (False, True)
    assert (decode(plain).pixels == decode(progressive).pixels).all()


@pytest.mark.parametrize(
    "fields", [{"quality": 94}, {"quality": 100}, {"tables": ((1,) * 64,)}], ids=["94", "100", "tables of ones"]
)
def test_noise_can_be_progressive_at_the_finest_qualities(fields: dict[str, Any]):
    picture, usual = noise_picture(300, 300), ImageFile.MAXBLOCK
    plain, progressive = (
        encode(picture, Compression(subsampling="4:4:4", progressive=scan, **fields)) for scan in (False, True)
    )
    assert (decode(plain).pixels == decode(progressive).pixels).all()
    assert usual == ImageFile.MAXBLOCK


def test_threads_can_code_side_by_side():
    compressions = [Compression(quality=q, progressive=q % 2 == 0, subsampling="4:4:4") for q in range(80, 101)]
    picture = noise_picture(150, 150)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda compression: encode(picture, compression), compressions))
    assert together == [encode(picture, compression) for compression in compressions]


@pytest.mark.parametrize("progressive", [False, True])
def test_where_the_system_has_no_files_in_memory_the_bytes_are_the_same(
    progressive: bool, monkeypatch: pytest.MonkeyPatch
):
    compressions = [Compression(quality=quality, progressive=progressive) for quality in (10, 90, 100)]
    pictures = [noise_picture(200, 300), smooth_picture(64, 48)]
    made = [encode(picture, compression) for picture in pictures for compression in compressions]

    def refuse(_: str) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("os.memfd_create", refuse, raising=False)
    assert [encode(picture, compression) for picture in pictures for compression in compressions] == made
    monkeypatch.delattr("os.memfd_create")
    assert [encode(picture, compression) for picture in pictures for compression in compressions] == made


def test_the_original_has_no_bytes():
    with pytest.raises(ValueError, match="original is not compressed"):
        encode(PICTURE, ORIGINAL)


def test_the_longest_side_is_libjpegs():
    longest = np.zeros((1, 65_500, 3), dtype=np.uint8)
    assert decode(encode(longest, Compression(quality=50))).header.size == (1, 65_500)
    with pytest.raises(ValueError, match="65501x1 picture does not fit JPEG"):
        encode(np.zeros((1, 65_501, 3), dtype=np.uint8), Compression(quality=50))


def test_what_is_no_jpeg_is_refused():
    with pytest.raises(ValueError, match="PNG picture, not a JPEG"):
        decode(file_bytes(PICTURE, "PNG"))
    with pytest.raises(OSError, match="cannot identify"):
        decode(b"text")
    with pytest.raises(OSError, match="truncated"):
        decode(file_bytes(PICTURE)[:-200])


def test_the_tensor_is_a_copy_in_zero_to_one():
    decoded = decode(encode(PICTURE, Compression(quality=50)))
    before = decoded.pixels.copy()
    tensor = decoded.tensor()
    assert (tensor.shape, tensor.dtype) == ((3, 45, 70), torch.float32)
    assert torch.equal((tensor * 255).round().byte(), torch.from_numpy(before).permute(2, 0, 1))
    tensor.zero_()
    assert (decoded.pixels == before).all()
