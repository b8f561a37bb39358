"""How the losses of several models are made to count alike: logits and box offsets share no unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from jpegproof.models.model import Model
from jpegproof.training.examples import Examples
from jpegproof.training.match_model import TargetCorrector, distance_to_originals
from jpegproof.training.objective import TrainableCorrector
from jpegproof.training.path_of_use import Stage, inputs_of_jpegs
from jpegproof.training.recipe import Balance

#: Batches that the scales are measured on: the first ones of the training.
MEASURED_BATCHES = 16


def loss_scales(
    balance: Balance,
    models: Sequence[Model],
    corrector: TrainableCorrector,
    examples: Examples,
    stage: Stage,
    batches: int = MEASURED_BATCHES,
) -> list[float]:
    """What each model's loss is multiplied by; the same whenever it is asked, so that a training can be gone on with.

    Args:
        balance: see `Balance`; why ``gradient`` is the usual one: docs/correctors.md.
        models: the frozen models.
        corrector: as it begins.
        examples: what is learned from.
        stage: where pictures are compressed.
        batches: how many batches are looked at.

    Returns:
        One number above 0 per model; 1 for a model that the JPEGs do nothing to.
    """
    if balance == "none":
        return [1.0] * len(models)
    scales = []
    for model in models:
        size = (
            _damage(model, examples, stage, batches)
            if balance == "damage"
            else _gradient(model, corrector, examples, stage, batches)
        )
        scales.append(1 / size if math.isfinite(size) and size > 0 else 1.0)
    return scales


def _damage(model: Model, examples: Examples, stage: Stage, batches: int) -> float:
    total = 0.0
    model.network.eval()
    with torch.no_grad():
        for step in range(batches):
            batch = examples.batch(step)
            total += float(distance_to_originals(model, batch, inputs_of_jpegs(model, batch, None, stage), stage))
    return total / batches


def _gradient(model: Model, corrector: TrainableCorrector, examples: Examples, stage: Stage, batches: int) -> float:
    objective = TargetCorrector(corrector, model, stage)
    objective.train()
    parameters = list(objective.learner.parameters())
    total = 0.0
    for step in range(batches):
        gradients = torch.autograd.grad(objective.loss(examples.batch(step)), parameters, allow_unused=True)
        total += math.hypot(*(float(gradient.norm()) for gradient in gradients if gradient is not None))
    return total / batches
