"""Each decoder against Pillow within known bounds; what is unusual about a file is told, and raises nothing."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from jpeg_files import file_bytes, smooth_picture
from PIL import Image
from real_photographs import real_folder

from jpegproof.analysis.parity.pixels import pixel_distance
from jpegproof.exceptions import MissingExtraError, UnknownNameError
from jpegproof.probes.parity.decoders import DECODERS, decoded, find_decoder, fraction_of
from jpegproof.probes.parity.nearest_chroma import decode_nearest_chroma

#: The most levels that a decoder may be away from Pillow where all chroma is stored. libjpeg's fast inverse DCT is
#: known to be some levels off; what is accurate differs by rounding alone.
BOUNDS = {name: 8 if name == "simplejpeg-fastdct" else 1 for name in DECODERS}


def installed(name: str) -> str:
    pytest.importorskip(DECODERS[name].library)
    return name


def pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def largest(name: str, data: bytes) -> int:
    pixels = decoded(find_decoder(name), data, None)
    assert not isinstance(pixels, str), pixels
    distance = pixel_distance(pixels, pillow(data))
    assert distance is not None
    return distance.largest


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("quality", [40, 95])
def test_with_all_chroma_stored_each_decoder_is_near_pillow(name: str, quality: int):
    data = file_bytes(smooth_picture(61, 78), quality=quality, subsampling="4:4:4")
    assert largest(installed(name), data) <= BOUNDS[name]


@pytest.mark.parametrize("name", ["simplejpeg-fastupsample", "nearest-chroma"])
def test_repeated_chroma_is_seen_where_chroma_is_quartered(name: str):
    data = file_bytes(smooth_picture(61, 78), quality=75)
    assert largest(installed(name), data) > 5 > largest("pillow", data)


@pytest.mark.parametrize("name", ["opencv", "torchvision", "simplejpeg"])
def test_what_interpolates_chroma_as_pillow_does_is_near_it(name: str):
    assert largest(installed(name), file_bytes(smooth_picture(61, 78), quality=75)) <= 1


@pytest.mark.parametrize("size", [(64, 80), (63, 81), (5, 7), (2, 2), (50, 61), (101, 200)])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_emulation_equals_libjpeg_without_fancy_upsampling(size: tuple[int, int], progressive: bool):
    simplejpeg = pytest.importorskip("simplejpeg")
    data = file_bytes(smooth_picture(*size), quality=60, progressive=progressive)
    np.testing.assert_array_equal(decode_nearest_chroma(data), simplejpeg.decode_jpeg(data, "RGB", fastupsample=True))


@pytest.mark.parametrize("subsampling", ["4:2:2", "4:4:4"])
def test_the_emulation_says_which_sampling_it_does_not_do(subsampling: str):
    data = file_bytes(smooth_picture(40, 40), subsampling=subsampling)
    pixels = decoded(find_decoder("nearest-chroma"), data, None)
    if subsampling == "4:4:4":  # there is nothing to repeat
        np.testing.assert_array_equal(pixels, pillow(data))
    else:
        assert isinstance(pixels, str)
        assert "4:2:2" in pixels
        assert "simplejpeg-fastupsample" in pixels


def test_opencv_turns_by_exif_and_the_others_do_not():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    data = file_bytes(smooth_picture(40, 64), exif=exif.tobytes())
    for name in DECODERS:
        pixels = decoded(find_decoder(installed(name)), data, None)
        assert not isinstance(pixels, str), pixels
        assert pixels.shape[:2] == ((64, 40) if name in ("opencv", "opencv-reduced") else (40, 64)), name


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("name", DECODERS)
def test_grey_and_four_inks_are_decoded_to_three_channels_or_told(name: str, mode: str):
    data = file_bytes(Image.fromarray(smooth_picture(40, 64)).convert(mode), quality=90)
    pixels = decoded(find_decoder(installed(name)), data, None)
    assert isinstance(pixels, str) or (pixels.shape, pixels.dtype) == ((40, 64, 3), np.uint8)
    if mode == "L":
        assert largest(name, data) <= BOUNDS[name]


@pytest.mark.parametrize("name", DECODERS)
def test_a_damaged_file_is_a_reason_or_pixels_but_no_exception(name: str):
    data = file_bytes(smooth_picture(64, 64))
    for damaged in (b"", b"not a picture", data[:40], data[: len(data) // 2], data[:20] + b"\0" * 40 + data[60:]):
        pixels = decoded(find_decoder(installed(name)), damaged, None)
        assert isinstance(pixels, np.ndarray) or pixels


@pytest.mark.parametrize("name", ["pillow-draft", "opencv-reduced"])
@pytest.mark.parametrize(("wanted", "expected"), [((30, 30), (40, 61)), ((41, 41), (79, 121)), ((9, 9), (10, 16))])
def test_what_shrinks_decodes_at_the_smallest_fraction_that_is_large_enough(name, wanted, expected):
    data = file_bytes(smooth_picture(79, 121))
    pixels = decoded(find_decoder(installed(name)), data, wanted)
    assert isinstance(pixels, np.ndarray)
    assert pixels.shape[:2] == expected


def test_a_fraction_is_never_smaller_than_what_is_wanted():
    for stored in ((100, 100), (99, 200), (800, 640)):
        for wanted in ((1, 1), (13, 12), (50, 50), (51, 51), (900, 900)):
            fraction = fraction_of(stored, wanted)
            large_enough = [f for f in (1, 2, 4, 8) if all(s // f >= w for s, w in zip(stored, wanted, strict=True))]
            assert fraction == max(large_enough, default=1)


@pytest.mark.real
def test_on_real_photographs_what_is_accurate_equals_pillow_and_the_emulation_equals_libjpeg():
    for library in ("cv2", "simplejpeg", "torchvision"):
        pytest.importorskip(library)
    files = sorted((real_folder() / "imagenet-sample" / "val").rglob("*.JPEG"))[:40]
    emulated = 0
    for file in files:
        data = file.read_bytes()
        assert [largest(name, data) for name in ("opencv-unturned", "torchvision", "simplejpeg")] == [0, 0, 0], file
        repeated = decoded(find_decoder("nearest-chroma"), data, None)
        if not isinstance(repeated, str):
            np.testing.assert_array_equal(repeated, decoded(find_decoder("simplejpeg-fastupsample"), data, None))
            emulated += not np.array_equal(repeated, pillow(data))
    assert emulated > 3


def test_an_unknown_decoder_is_answered_with_a_near_one():
    with pytest.raises(UnknownNameError, match="Did you mean 'opencv'"):
        find_decoder("opencvv")


def test_an_absent_library_names_its_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "simplejpeg", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jpegproof\[parity\]'"):
        find_decoder("simplejpeg-fastdct")
