"""Reconstruction: near its picture, the same whatever else is asked for, of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from jpegproof.data import reconstruction
from jpegproof.data.autoencoder import REACH, Autoencoder
from jpegproof.data.reconstruction import Reconstruction
from jpegproof.data.world import World
from jpegproof.data.world_objects import GATHERINGS
from jpegproof.exceptions import WeightsError


@pytest.fixture(scope="module")
def shipped() -> Reconstruction:
    return Reconstruction()


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_picture_of_the_world_comes_back_near_but_not_whole(shipped: Reconstruction):
    world = World("test", 6, GATHERINGS)
    for index in range(6):
        picture = world.picture(index)
        made = shipped(picture)
        assert made.shape == picture.shape
        assert made.dtype == np.uint8
        error = np.square(made.astype(float) - picture).mean()
        assert 27 < 10 * np.log10(255**2 / error) < 45


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (8, 8), (33, 40)])
def test_any_size_comes_back_in_its_size(shipped: Reconstruction, size: tuple[int, int]):
    assert shipped(noise(*size)).shape == (*size, 3)


def test_a_picture_is_mirrored_up_to_the_stride(shipped: Reconstruction):
    picture = noise(21, 30)
    mirrored = np.pad(picture, ((0, 3), (0, 2), (0, 0)), mode="symmetric")
    assert np.array_equal(shipped(picture), shipped(mirrored)[:21, :30])


def test_large_pictures_are_made_in_tiles_without_seams(shipped: Reconstruction, monkeypatch: pytest.MonkeyPatch):
    picture = noise(150, 170)
    whole = shipped(picture)
    monkeypatch.setattr(reconstruction, "_TILE", 64)
    assert np.array_equal(shipped(picture), whole)


def test_nothing_depends_on_pixels_beyond_the_reach():
    torch.manual_seed(0)
    network = Autoencoder().double()
    picture = torch.rand(1, 3, 160, 160, dtype=torch.float64, requires_grad=True)
    for place in range(80, 88):
        (gradient,) = torch.autograd.grad(network(picture)[0, :, place, place].sum(), picture)
        touched = gradient[0].abs().sum(dim=0).nonzero()
        assert (touched - place).abs().max() <= REACH


def test_threads_and_repetition_change_nothing(shipped: Reconstruction):
    picture, before = World("val", 1, GATHERINGS).picture(0), torch.get_num_threads()
    first = shipped(picture)
    try:
        torch.set_num_threads(2 if before == 1 else 1)
        assert np.array_equal(shipped(picture), first)
    finally:
        torch.set_num_threads(before)


def test_other_weights_have_another_digest_and_must_fit(tmp_path: Path, shipped: Reconstruction):
    torch.manual_seed(0)
    weights = dict(Autoencoder().state_dict())
    save_file(weights, tmp_path / "own.safetensors")
    own = Reconstruction(tmp_path / "own.safetensors")
    assert own.digest != shipped.digest
    weights.pop("narrow.bias")
    save_file(weights, tmp_path / "less.safetensors")
    with pytest.raises(WeightsError, match=r"narrow\.bias"):
        Reconstruction(tmp_path / "less.safetensors")
