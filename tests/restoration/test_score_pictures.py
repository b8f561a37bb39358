"""Every picture meets every corrector, and one that fails anywhere is left out everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jpeg_files import noise_picture, smooth_picture
from small_training import PicturesInMemory

from jpegproof.correctors.identity import Identity
from jpegproof.correctors.protocol import Corrector
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.restoration.planes import PLANES, Plane
from jpegproof.restoration.score_pictures import PictureScores, score_pictures
from jpegproof.restoration.trial import Trial

GREY = np.repeat(smooth_picture(24, 20)[..., :1], 3, axis=2)


class Heard:
    """Progress that remembers."""

    def __init__(self) -> None:
        self.total, self.finished, self.shares = 0, 0, []

    def begin(self, total: int, finished: int) -> None:
        self.total = total - finished

    def working(self, name: str, share: float) -> None:
        self.shares.append((name, share))

    def advance(self) -> None:
        self.finished += 1


class FailsOnWide:
    """A corrector that gives nonsense for pictures wider than 30 pixels."""

    scale = 1

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        return [image.tensor() * (float("nan") if image.pixels.shape[1] > 30 else 1) for image in images]

    def describe(self) -> dict[str, Any]:
        return {}


def run(
    pictures: Sequence[Any], planes: Sequence[Plane] = PLANES, progress: Heard | None = None, **others: Corrector
) -> PictureScores:
    correctors = {"identity": Identity(), **others}
    places = range(len(pictures))
    heard = progress or Heard()
    return score_pictures("set", PicturesInMemory(pictures), places, correctors, [10, 50], "4:2:0", planes, heard)


def test_every_metric_of_every_plane_at_every_quality_is_there():
    done = run([smooth_picture(24, 20)])
    assert not done.skips
    assert len(done.scores) == 2 * 2 * 4
    assert {(score.quality, score.subsampling, score.metric.partition("_")[0]) for score in done.scores} == {
        (quality, subsampling, plane)
        for quality in (10, 50)
        for subsampling, plane in (("4:2:0", "colour"), ("4:0:0", "luma"))
    }
    by_name = {(score.quality, score.metric): score.value for score in done.scores}
    for metric in ("colour_psnr", "colour_ssim_box", "luma_psnr", "luma_ssim_gaussian"):
        assert by_name[50, metric] > by_name[10, metric]


def test_pictures_that_cannot_be_used_are_listed_and_do_not_end_the_run():
    small = smooth_picture(10, 40)
    done = run([None, smooth_picture(24, 20), small])
    assert {score.picture for score in done.scores} == {"picture-1"}
    assert [(skip.picture, skip.reason) for skip in done.skips] == [
        ("picture-0", "made unusable"),
        ("picture-2", "is 40x10; SSIM's window takes 11x11 pixels"),
    ]


def test_the_smallest_picture_that_ssim_can_see_is_used():
    assert not run([noise_picture(11, 11)]).skips


def test_a_picture_on_which_one_corrector_fails_counts_for_none():
    done = run([smooth_picture(24, 40), smooth_picture(24, 20)], odd=FailsOnWide())
    assert {score.picture for score in done.scores} == {"picture-1"}
    assert "not finite" in done.skips[0].reason


def test_a_grey_picture_has_luma_only():
    assert {score.metric.partition("_")[0] for score in run([GREY]).scores} == {"luma"}
    done = run([GREY], planes=["colour"])
    assert not done.scores
    assert "is grey" in done.skips[0].reason


def test_progress_hears_of_every_picture_and_of_its_parts():
    heard = Heard()
    run([smooth_picture(24, 20), None], progress=heard)
    assert (heard.total, heard.finished) == (2, 2)
    assert heard.shares == [("picture-0", 0.25), ("picture-0", 0.5), ("picture-0", 0.75), ("picture-0", 1.0)]


def test_a_picture_is_compressed_once_for_all_correctors(monkeypatch):
    made = []
    monkeypatch.setattr(
        "jpegproof.restoration.score_pictures.Trial", lambda *given: made.append(given) or Trial(*given)
    )
    run([GREY], again=Identity(), third=Identity())
    assert len(made) == 2  # two qualities
