"""Small DnCNNs of random weights, in the key layout in which spandrel recognises them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import save_file


def dncnn_state(channels: int = 1, width: int = 6, outputs: int | None = None) -> dict[str, torch.Tensor]:
    """The weights of eight layers that change a picture visibly but not wildly."""
    generator = torch.Generator().manual_seed(0)
    sizes = [channels, *[width] * 7, channels if outputs is None else outputs]
    state = {}
    for layer, (inputs, answers) in enumerate(pairwise(sizes)):
        deviation = (2 / (9 * inputs)) ** 0.5 * (0.1 if layer == 7 else 1)
        state[f"model.{2 * layer}.weight"] = torch.randn(answers, inputs, 3, 3, generator=generator) * deviation
        state[f"model.{2 * layer}.bias"] = torch.randn(answers, generator=generator) * 0.01
    return state


def dncnn_file(folder: Path, channels: int = 1, outputs: int | None = None) -> Path:
    """A file of such weights."""
    path = folder / f"dncnn_{channels}_{outputs}.safetensors"
    save_file(dncnn_state(channels, outputs=outputs), path)
    return path
