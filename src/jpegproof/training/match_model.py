"""Objective: a frozen model's answers on the originals. No label is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from jpegproof.models.model import Model
from jpegproof.tasks.batch import Batch
from jpegproof.training.examples import Example
from jpegproof.training.objective import TrainableCorrector
from jpegproof.training.path_of_use import Stage, inputs_of_jpegs, inputs_of_originals


def distance_to_originals(model: Model, examples: Sequence[Example], batch: Batch, stage: Stage) -> Tensor:
    """The mean distance of a frozen model's answers on a batch from its answers on the originals: ().

    Args:
        model: its task says what the distance is.
        examples: their originals are asked of.
        batch: the model's inputs from the same pictures' JPEGs; gradients go through to them.
        stage: where the pictures were compressed.
    """
    with torch.no_grad():
        wanted = model.task.observe(model.network, inputs_of_originals(model, examples, stage))
    return model.task.distance(model.task.observe(model.network, batch, wanted), wanted).mean()


class TargetCorrector:
    """Task-targeted artifact correction: a corrector learns to keep a frozen model's answers.

    The loss is the task's distance (for classifiers the mean absolute difference of the logits) between the model's
    answer on the corrected JPEG and its answer on the original.

    Args:
        corrector: learns.
        model: does not; gradients pass through it.
        stage: where pictures are compressed.

    Source: Ehrlich et al. 2021, section on task-targeted artifact correction.
    """

    def __init__(self, corrector: TrainableCorrector, model: Model, stage: Stage = "source") -> None:
        self._corrector = corrector
        self._model = model
        self._stage: Stage = stage

    @property
    def learner(self) -> torch.nn.Module:
        """See `Objective`."""
        return self._corrector.network

    def train(self) -> None:
        """See `Objective`; the model stays as it is in use."""
        self._model.network.requires_grad_(False).eval()
        self.learner.requires_grad_(True).train()

    def loss(self, examples: Sequence[Example]) -> Tensor:
        """See `Objective`."""
        batch = inputs_of_jpegs(self._model, examples, self._corrector, self._stage)
        return distance_to_originals(self._model, examples, batch, self._stage)

    def describe(self) -> Mapping[str, Any]:
        """See `Objective`."""
        return {"objective": "target_corrector", "preparation": dict(self._model.preparation.describe())}


class DistilModel:
    """Self-distillation: the model itself learns to answer on JPEGs as it did, frozen, on the originals.

    Args:
        student: learns; a copy of the teacher at the start.
        teacher: the frozen model.
        corrector: stands before the student, frozen; None for none.
        stage: where pictures are compressed.
    """

    def __init__(
        self, student: Model, teacher: Model, corrector: TrainableCorrector | None = None, stage: Stage = "source"
    ) -> None:
        self._student = student
        self._teacher = teacher
        self._corrector = corrector
        self._stage: Stage = stage

    @property
    def learner(self) -> torch.nn.Module:
        """See `Objective`."""
        return self._student.network

    def train(self) -> None:
        """See `Objective`; dropout stays off, since it would add noise that the teacher does not have."""
        self._teacher.network.requires_grad_(False).eval()
        if self._corrector is not None:
            self._corrector.network.requires_grad_(False).eval()
        self.learner.requires_grad_(True)
        self._teacher.task.learning(self.learner)
        for layer in self.learner.modules():
            if isinstance(layer, torch.nn.modules.dropout._DropoutNd):
                layer.eval()

    def loss(self, examples: Sequence[Example]) -> Tensor:
        """See `Objective`."""
        task = self._teacher.task
        with torch.no_grad():
            wanted = task.observe(self._teacher.network, inputs_of_originals(self._teacher, examples, self._stage))
            batch = inputs_of_jpegs(self._student, examples, self._corrector, self._stage)
        return task.distance(task.observe(self.learner, batch, wanted), wanted).mean()

    def describe(self) -> Mapping[str, Any]:
        """See `Objective`."""
        return {"objective": "distil_model", "preparation": dict(self._student.preparation.describe())}
