"""Coefficients as the networks see them: each frequency of each plane with mean 0 and variance 1 over photographs."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import torch
from torch import Tensor

from jpegproof.jpeg.dct import from_blocks, to_blocks

#: The planes in the order in which the networks take and give them.
PLANES = ("y", "cb", "cr")


def normalise(coefficients: Tensor, planes: tuple[str, ...]) -> Tensor:
    """(value - mean) / standard deviation, frequency by frequency.

    Args:
        coefficients: (N, C, H, W), dequantised, in place (see `jpegproof.jpeg.dct`).
        planes: what each of the C planes is, of `PLANES`.

    Returns:
        (N, C, H, W).
    """
    means, deviations = _statistics(planes, coefficients)
    return from_blocks((to_blocks(coefficients) - means) / deviations)


def denormalise(coefficients: Tensor, planes: tuple[str, ...]) -> Tensor:
    """The inverse of `normalise`."""
    means, deviations = _statistics(planes, coefficients)
    return from_blocks(to_blocks(coefficients) * deviations + means)


def _statistics(planes: tuple[str, ...], like: Tensor) -> tuple[Tensor, Tensor]:
    """Means and standard deviations, (C, 1, 1, 8, 8) each."""
    statistics = _published()
    means, variances = (
        torch.stack([statistics[plane, name] for plane in planes])[:, None, None].to(like.device, like.dtype)
        for name in ("mean", "variance")
    )
    return means, variances.sqrt()


@cache
def _published() -> dict[tuple[str, str], Tensor]:
    """The statistics for colour pictures that come with torchjpeg, (8, 8) float32 each, row = vertical frequency."""
    read = json.loads(
        files("jpegproof.correctors.qgac").joinpath("coefficient_statistics.json").read_text(encoding="utf-8")
    )
    # Made outside of inference mode, or what is learnt later could not use them.
    with torch.inference_mode(False):
        return {
            (plane, name): torch.tensor(read[plane][name], device="cpu")
            for plane in PLANES
            for name in ("mean", "variance")
        }
