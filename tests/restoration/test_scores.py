"""A picture scores the same however many pieces it is looked at in."""

from __future__ import annotations

import pytest
from jpeg_files import file_bytes, smooth_picture

from jpegproof.jpeg.codec import decode
from jpegproof.restoration.scores import METRICS

ORIGINAL = smooth_picture(37, 29)
PICTURE = decode(file_bytes(ORIGINAL, quality=10)).pixels


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("band", [1, 29 * 5, 29 * 8])
def test_bands_of_rows_make_no_difference(name: str, band: int, monkeypatch: pytest.MonkeyPatch):
    pairs = [(ORIGINAL, PICTURE), (ORIGINAL[..., 1], PICTURE[..., 1])]
    whole = [METRICS[name](*pair) for pair in pairs]
    monkeypatch.setattr("jpegproof.jpeg.bands.BAND", band)
    assert [METRICS[name](*pair) for pair in pairs] == pytest.approx(whole, rel=1e-12)
