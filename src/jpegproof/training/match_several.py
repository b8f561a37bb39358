"""Objective: the answers of several frozen models on the originals, by one corrector. No label is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.models.model import Model
from jpegproof.training.examples import Example
from jpegproof.training.match_model import distance_to_originals
from jpegproof.training.objective import TrainableCorrector
from jpegproof.training.path_of_use import Stage, inputs_of_corrected


class TargetSeveral:
    """Multihead task-targeted artifact correction: one corrector learns to keep the answers of several frozen models.

    The loss is the mean over the models of scale times the task's distance. Every picture serves every model, whatever
    data set it comes from, since no label is read.

    Args:
        corrector: learns.
        models: do not; gradients pass through them.
        scales: one per model, above 0; see `loss_scales`.
        stage: where pictures are compressed; ``input`` only where all models take pictures alike.

    Raises:
        ModelError: the stage is ``input`` and the models do not take pictures alike.

    Source: Ehrlich et al. 2021, section on multihead correction; the paper does not say how it scales the losses.
    """

    def __init__(
        self,
        corrector: TrainableCorrector,
        models: Sequence[Model],
        scales: Sequence[float],
        stage: Stage = "source",
    ) -> None:
        preparations = [dict(model.preparation.describe()) for model in models]
        if stage == "input" and any(other != preparations[0] for other in preparations):
            raise ModelError(
                "the models of this training resize or crop differently, so that no JPEG could be made at the input of "
                "all of them; use stage: source"
            )
        self._corrector = corrector
        self._models = list(models)
        self._scales = list(scales)
        self._stage: Stage = stage

    @property
    def learner(self) -> torch.nn.Module:
        """See `Objective`."""
        return self._corrector.network

    def train(self) -> None:
        """See `Objective`; the models stay as they are in use."""
        for model in self._models:
            model.network.requires_grad_(False).eval()
        self.learner.requires_grad_(True).train()

    def loss(self, examples: Sequence[Example]) -> Tensor:
        """See `Objective`."""
        batches = inputs_of_corrected(self._models, examples, self._corrector, self._stage)
        device = next(self.learner.parameters()).device
        losses = [
            scale * distance_to_originals(model, examples, batch, self._stage).to(device)
            for model, batch, scale in zip(self._models, batches, self._scales, strict=True)
        ]
        return torch.stack(losses).mean()

    def describe(self) -> Mapping[str, Any]:
        """See `Objective`."""
        preparations = [dict(model.preparation.describe()) for model in self._models]
        return {"objective": "target_several", "preparations": preparations, "scales": self._scales}
