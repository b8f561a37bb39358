"""Objective: the labels, on JPEGs (supervised fine-tuning) or on the originals (the control)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from jpegproof.models.model import Model
from jpegproof.training.examples import Example
from jpegproof.training.objective import TrainableCorrector
from jpegproof.training.path_of_use import Stage, inputs_of_jpegs, inputs_of_originals


class FineTune:
    """The task's own loss against the labels.

    Args:
        model: learns.
        on_originals: the control: the same training without any JPEG, which tells what more training alone does.
        corrector: stands before the model, frozen; None for none.
        stage: where pictures are compressed.
    """

    def __init__(
        self,
        model: Model,
        on_originals: bool = False,
        corrector: TrainableCorrector | None = None,
        stage: Stage = "source",
    ) -> None:
        self._model = model
        self._on_originals = on_originals
        self._corrector = corrector
        self._stage: Stage = stage

    @property
    def learner(self) -> torch.nn.Module:
        """See `Objective`."""
        return self._model.network

    def train(self) -> None:
        """See `Objective`."""
        if self._corrector is not None:
            self._corrector.network.requires_grad_(False).eval()
        self.learner.requires_grad_(True)
        self._model.task.learning(self.learner)

    def loss(self, examples: Sequence[Example]) -> Tensor:
        """See `Objective`."""
        model = self._model
        with torch.no_grad():
            if self._on_originals:
                batch = inputs_of_originals(model, examples, self._stage)
            else:
                batch = inputs_of_jpegs(model, examples, self._corrector, self._stage)
        return model.task.supervised_loss(model.network, batch, [example.target for example in examples])

    def describe(self) -> Mapping[str, Any]:
        """See `Objective`."""
        return {
            "objective": "control" if self._on_originals else "fine_tune",
            "preparation": dict(self._model.preparation.describe()),
        }
