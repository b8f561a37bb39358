"""Objective: pixels as they were before compression. What an off-the-shelf corrector is trained for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from jpegproof.training.examples import Example
from jpegproof.training.objective import TrainableCorrector


class RestorePixels:
    """Mean absolute difference between the corrected picture and the original, in [0, 1].

    Args:
        corrector: learns.
    """

    def __init__(self, corrector: TrainableCorrector) -> None:
        self._corrector = corrector

    @property
    def learner(self) -> torch.nn.Module:
        """See `Objective`."""
        return self._corrector.network

    def train(self) -> None:
        """See `Objective`."""
        self.learner.requires_grad_(True).train()

    def loss(self, examples: Sequence[Example]) -> Tensor:
        """See `Objective`; each picture counts alike, whatever its size."""
        restored = self._corrector.restore([example.jpeg for example in examples])
        losses = []
        for picture, example in zip(restored, examples, strict=True):
            original = torch.from_numpy(example.original).to(picture.device).permute(2, 0, 1).float().div(255)
            losses.append((picture - original).abs().mean())
        return torch.stack(losses).mean()

    def describe(self) -> Mapping[str, Any]:
        """See `Objective`."""
        return {"objective": "restore_pixels"}
