"""Class scores at a network's resolution become classes of stored pixels, in bands."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from jpegproof.models.segmenters.score_maps import class_map, score_bands


def some_scores(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def whole(scores: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(scores[None], size, mode="bilinear", align_corners=False)[0]


@pytest.mark.parametrize("size", [(61, 89), (8, 12), (5, 7), (1, 1), (200, 3)])
@pytest.mark.parametrize("band_bytes", [1, 4 * 6 * 89 * 4, 2**20])
def test_bands_put_together_are_the_scores_resized_at_once(size: tuple[int, int], band_bytes: int):
    scores = some_scores(6, 8, 12)
    bands = list(score_bands([scores], size, band_bytes))
    assert torch.allclose(torch.cat(bands, dim=1), whole(scores, size), atol=1e-5)
    assert all(band.shape[1] == 1 or band.numel() * 4 <= band_bytes for band in bands)
    assert torch.equal(class_map([scores], size, band_bytes), torch.cat(bands, dim=1).argmax(dim=0))


def test_of_several_scales_the_probabilities_are_averaged():
    scales, size = [some_scores(5, 4, 6), 3 * some_scores(5, 9, 7, seed=1), some_scores(5, 30, 40, seed=2)], (21, 33)
    wanted = torch.stack([whole(scores, size).softmax(dim=0) for scores in scales]).mean(dim=0)
    bands = list(score_bands(scales, size, 4 * 5 * 33 * 4))
    assert len(bands) == 6
    assert torch.allclose(torch.cat(bands, dim=1), wanted, atol=1e-6)
    found = class_map(scales, size, 1)
    assert (found == wanted.argmax(dim=0)).float().mean() > 0.99
    # Averaging the scores themselves would give something else: the test can tell.
    plain = torch.stack([whole(scores, size) for scores in scales]).mean(dim=0)
    assert (found != plain.argmax(dim=0)).float().mean() > 0.05


def test_scores_of_half_precision_are_resized_in_full():
    scores = some_scores(4, 6, 6).half()
    (band,) = score_bands([scores], (20, 20))
    assert band.dtype == torch.float32
    assert torch.allclose(band, whole(scores.float(), (20, 20)), atol=1e-5)


MEASURE = """
import torch
from jpegproof.models.segmenters.score_maps import class_map
def peak():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(status["VmHWM"].split()[0])
scales = [torch.randn(150, 125 * n // 3, 166 * n // 3) for n in (2, 3, 4)]
before = peak()
map_ = class_map(scales, (1500, 2000))
print(peak() - before, tuple(map_.shape))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_three_megapixels_of_150_classes_take_half_a_gigabyte_and_not_five():
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    kilobytes, shape = done.stdout.split(" ", 1)
    assert shape.strip() == "(1500, 2000)"
    # 384 MB: six bands; how much the allocator keeps beside them differs from machine to machine.
    assert int(kilobytes) < 512 * 1024
