"""On LIVE1 and Classic5 the metrics give the values that hold for Pillow's JPEG, and those of published tables."""

from __future__ import annotations

from functools import cache

import pytest
from real_photographs import real_folder

import jpegproof
from jpegproof.correctors.identity import Identity
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.restoration.planes import PLANES
from jpegproof.restoration.published import published_for
from jpegproof.restoration.rows import Number
from jpegproof.restoration.score_pictures import score_pictures
from jpegproof.restoration.summary import numbers_of
from jpegproof.silence import Silence

#: Means over the pictures at quality 10, 20, 30 and 40, computed independently of this package.
EXPECTED = {
    ("live1", "colour_psnr"): (25.69, 28.06, 29.37, 30.28),
    ("live1", "colour_psnr_b"): (24.21, 26.50, 27.85, 28.84),
    ("live1", "colour_ssim_gaussian"): (0.743, 0.826, 0.862, 0.882),
    ("live1", "colour_ssim_box"): (0.759, 0.841, 0.875, 0.894),
    ("live1", "luma_psnr"): (27.77, 30.07, 31.41, 32.35),
    ("classic5", "luma_psnr"): (27.82, 30.12, 31.48, 32.43),
    ("classic5", "luma_psnr_b"): (25.21, 27.50, 28.94, 29.92),
}


@cache
def numbers(dataset: str) -> list[Number]:
    """Those of the JPEG itself."""
    pictures = UnlabelledFolder(real_folder() / dataset)
    places, qualities = range(len(pictures)), (10, 20, 30, 40)
    found = score_pictures(dataset, pictures, places, {"identity": Identity()}, qualities, "4:2:0", PLANES, Silence())
    assert not found.skips
    return numbers_of(found.scores, 0, 0)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(("dataset", "metric"), EXPECTED)
def test_the_definitions_give_the_values_that_hold(dataset, metric):
    found = [number.value for number in numbers(dataset) if number.metric == metric]
    # Half a step of the last digit, and a little for rounding twice.
    step = 0.0006 if "ssim" in metric else 0.006
    assert found == pytest.approx(EXPECTED[dataset, metric], abs=step)


@pytest.mark.slow
@pytest.mark.real
def test_published_numbers_of_the_jpeg_itself_are_those_measured_here():
    published = [row for row in published_for("live1", 29) if row.method == "JPEG"]
    measured = {(number.quality, number.metric): number.value for number in numbers("live1")}
    assert len(published) == 4
    for row in published:
        assert measured[row.quality, f"{row.plane}_{row.metric}"] == pytest.approx(row.value, abs=0.01)


@pytest.mark.slow
@pytest.mark.real
def test_the_real_dncnn_gives_its_published_row(tmp_path):
    real = real_folder()
    weights = real / "weights" / "dncnn3.safetensors"
    done = jpegproof.benchmark(
        "restoration", real / "classic5", correctors=[f"spandrel:{weights}"], qualities=10, out=tmp_path
    )
    measured = {number.metric: number for number in done.numbers if number.corrector == "dncnn3"}
    assert measured["luma_psnr"].value == pytest.approx(29.41, abs=0.01)
    published = [row for row in published_for("classic5", 5) if (row.method, row.quality) == ("DnCNN-3", 10)]
    assert len(published) == 3
    for row in published:
        assert measured[f"luma_{row.metric}"].value == pytest.approx(
            row.value, abs=0.01 if "psnr" in row.metric else 2e-4
        )
