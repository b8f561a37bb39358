"""Chroma at twice its size, in coefficients: the way of the published networks, and one that is an upsampling."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from jpegproof.correctors.qgac.full_precision import full_precision
from jpegproof.correctors.qgac.normalisation import denormalise, normalise
from jpegproof.jpeg.dct import to_coefficients, to_samples

#: (N, 2, H, W) normalised Cb and Cr, or (N, 1, H, W) of one of them and its name, to (N, ., 2 H, 2 W).
Doubling = Callable[[Tensor, tuple[str, ...]], Tensor]


def doubled_as_published(chroma: Tensor, planes: tuple[str, ...]) -> Tensor:
    """Nearest-neighbour doubling of what the NORMALISED coefficients would be as samples.

    Each frequency has been shifted and scaled on its own, so this is not an upsampling of the picture: where a network
    adds no correction, the colours of its answer are wrong, by some 13 dB in PSNR. Published weights have learnt to
    live with it and need it.

    Args:
        chroma: (N, C, H, W) normalised coefficients in place.
        planes: their names; of no use here.

    Returns:
        (N, C, 2 H, 2 W).
    """
    with full_precision(chroma.device):
        return to_coefficients(F.interpolate(to_samples(chroma.float()), scale_factor=2, mode="nearest"))


def doubled_in_pixels(chroma: Tensor, planes: tuple[str, ...]) -> Tensor:
    """The repair: denormalised, doubled as a decoder doubles chroma, and normalised again; see `doubled_as_published`.

    Bilinear interpolation between the centres of samples is libjpeg's fancy upsampling without its rounding, so a
    network that adds no correction gives the decoded picture.
    """
    with full_precision(chroma.device):
        samples = to_samples(denormalise(chroma.float(), planes))
        return normalise(to_coefficients(F.interpolate(samples, scale_factor=2, mode="bilinear")), planes)
