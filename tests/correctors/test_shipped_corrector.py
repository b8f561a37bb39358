"""The weights that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from real_photographs import real_folder

from jpegproof.correctors.default import default_corrector
from jpegproof.correctors.protocol import to_pixels
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression


def test_all_shipped_weights_together_stay_small_and_each_has_a_card():
    package = Path(str(files("jpegproof")))
    shipped = list(package.rglob("shipped/*.safetensors"))
    assert {path.stem for path in shipped} >= {"block-restorer", "world-classifier"}
    assert sum(path.stat().st_size for path in shipped) < 25_000_000
    for path in shipped:
        text = path.with_suffix(".md").read_text()
        for heading in ("terms", "Recipe", "Measured", "Limits"):
            assert heading in text, path


@pytest.mark.slow
@pytest.mark.parametrize(("quality", "plain", "corrected"), [(10, 25.69, 26.86), (90, 36.86, 37.25)])
def test_live1_is_as_on_the_card(quality, plain, corrected):
    """Colour PSNR over red, green and blue together, mean over the 29 pictures, in decibels."""
    corrector = default_corrector()
    before, after = [], []
    for path in sorted((real_folder() / "live1").glob("*.png")):
        original = np.asarray(Image.open(path).convert("RGB"))
        image = decode(encode(original, Compression("jpeg", quality)))
        for found, pixels in ((before, image.pixels), (after, to_pixels(corrector([image])[0]))):
            error = np.square(pixels.astype(float) - original).mean()
            found.append(10 * np.log10(255**2 / error))
    assert np.mean(before) == pytest.approx(plain, abs=0.006)
    assert np.mean(after) == pytest.approx(corrected, abs=0.011)
