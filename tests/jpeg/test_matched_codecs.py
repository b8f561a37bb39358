"""WebP and AVIF at the bytes of a JPEG."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, features

from jpegproof.exceptions import JpegproofError
from jpegproof.jpeg.codec import encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.matched_codecs import decode_matched, encode_matched, require_codec

CODECS = [
    pytest.param(codec, marks=pytest.mark.skipif(not features.check(codec), reason=f"this Pillow has no {codec}"))
    for codec in ("webp", "avif")
]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (8, 10, 3), dtype=np.uint8)).resize((120, 90))
    noise = random.integers(-12, 13, (90, 120, 3))
    return np.clip(np.asarray(coarse).astype(int) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("quality", [20, 60])
def test_no_other_quality_of_the_codec_comes_nearer_to_the_jpegs_bytes(codec, quality, pixels):
    wanted = len(encode(pixels, Compression(quality=quality)))
    data = encode_matched(pixels, Compression(codec, quality))
    more = {"webp": {"method": 4}, "avif": {"speed": 6, "subsampling": "4:2:0", "max_threads": 1}}[codec]
    sizes = []
    for other in range(0, 101, 1 if codec == "webp" else 4):
        out = BytesIO()
        Image.fromarray(pixels).save(out, format=codec.upper(), quality=other, **more)
        sizes.append(abs(len(out.getvalue()) - wanted))
    assert abs(len(data) - wanted) <= min(sizes) + 0.01 * wanted  # sizes need not rise with each step of quality
    assert abs(len(data) / wanted - 1) < 0.1
    with Image.open(BytesIO(data)) as image:
        assert image.format == codec.upper()


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_decoded_is_near_the_picture(codec, pixels):
    decoded = decode_matched(encode_matched(pixels, Compression(codec, 90)))
    assert decoded.shape == pixels.shape
    assert np.abs(decoded.astype(int) - pixels).mean() < 12


def test_a_picture_smaller_than_the_codec_can_make_takes_the_smallest_file():
    flat = np.zeros((8, 8, 3), dtype=np.uint8)
    assert len(encode_matched(flat, Compression("webp", 10))) > 0


def test_a_pillow_without_the_codec_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(features, "check", lambda codec: codec != "avif")
    require_codec("webp")
    with pytest.raises(JpegproofError, match="codec avif: this Pillow was built without it"):
        require_codec("avif")


def test_what_another_codec_is_described_by_leaves_jpeg_as_it_was():
    assert Compression(quality=10).describe() == {
        "codec": "jpeg",
        "quality": 10,
        "subsampling": "4:2:0",
        "progressive": False,
        "tables": None,
    }
    described = [Compression(codec, 10).describe() for codec in ("jpeg", "webp", "avif")]
    assert len({str(sorted(facts.items())) for facts in described}) == 3
    assert Compression("webp", 10).label == "webp at the bytes of quality 10"


@pytest.mark.parametrize("wrong", [{"codec": "gif", "quality": 3}, {"codec": "webp", "tables": ((1,) * 64,)}])
def test_codecs_that_cannot_be_matched_are_refused(wrong):
    with pytest.raises(ValueError, match=r"is not known; use one of jpeg, webp, avif|goes with the quality"):
        Compression(**wrong)
