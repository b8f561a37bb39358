"""The embedded world's detectors of fakes: right on what was never compressed, lost on JPEGs, as their cards say."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import torch

from jpegproof.data.reconstructed_pairs import world_pairs
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.models.world_fake_detectors import PatchFakeDetector, world_fake_detector
from jpegproof.tasks.batch import Batch

FOLDER = files("jpegproof.models") / "shipped"
PICTURES = 24


@pytest.fixture(params=["world-fake-detector", "world-patch-fake-detector"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def scores(name: str, quality: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The scores of the first pictures of `val`, and which of them are fake."""
    model, pictures = find_model(f"jpegproof:{name}"), world_pairs("val", PICTURES)
    found = []
    for index in range(PICTURES):
        pixels = pictures.pixels(index)
        if quality is not None:
            pixels = decode(encode(pixels, Compression(quality=quality))).pixels
        with torch.inference_mode():
            (logits,) = model.task.answer(model.network, Batch.of([model.preparation.normalise(pixels)]))
        found.append(float(logits.sigmoid().mean()))
    return np.array(found), np.array([pictures.target(index) for index in range(PICTURES)])


def test_pictures_that_were_never_compressed_are_told_apart_and_jpegs_are_not(name: str):
    clean, fake = scores(name, None)
    assert ((clean > 0.5) == fake).mean() > 0.95
    coarse, _ = scores(name, 10)
    assert ((coarse > 0.5) == fake).mean() < 0.65


def test_a_network_is_small(name: str):
    assert len((FOLDER / f"{name}.safetensors").read_bytes()) < 500_000


def test_every_network_has_a_card_with_its_figures_and_terms(name: str):
    card = (FOLDER / f"{name}.md").read_text()
    for heading in ("## Data and its terms", "## Recipe", "## Measured", "## Limits"):
        assert heading in card


def test_the_whole_picture_has_one_logit_and_patches_have_one_each():
    picture = torch.zeros(2, 3, 128, 160)
    with torch.inference_mode():
        assert world_fake_detector().eval()(picture).shape == (2, 1)
        assert PatchFakeDetector().eval()(picture).shape == (2, 1, 32, 40)


def test_a_patch_sees_nine_by_nine_pixels_and_no_more():
    network = PatchFakeDetector().eval()
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before = network(picture)[0, 0, 8, 8]
        for distance, changes in ((4, True), (5, False)):
            moved = picture.clone()
            moved[..., 32 + distance, 32] += 1.0
            moved[..., 32 - distance, 32] += 1.0
            assert bool((network(moved)[0, 0, 8, 8] - before).abs() > 1e-6) == changes
