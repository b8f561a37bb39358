"""Batch-norm re-estimation: no weight changes, only what the normalising layers take for usual."""

from __future__ import annotations

import torch

from jpegproof.exceptions import ModelError
from jpegproof.models.model import Model
from jpegproof.training.examples import Examples
from jpegproof.training.path_of_use import Stage, inputs_of_jpegs
from jpegproof.training.recipe import Recipe
from jpegproof.training.record import Training, Watcher


def reestimate_statistics(
    model: Model, examples: Examples, recipe: Recipe, stage: Stage = "source", watcher: Watcher | None = None
) -> Training:
    """Replaces every batch-norm layer's mean and variance by those over JPEGs, in place.

    The statistics are plain averages over `recipe.steps` batches. It takes minutes at most and always begins anew.

    Raises:
        ModelError: the network has no batch-norm layers that keep statistics.

    Source: the idea of adapting batch norm alone, S. Schneider et al., Improving robustness against common corruptions
    by covariate shift adaptation, NeurIPS 2020.
    """
    layers = [
        layer
        for layer in model.network.modules()
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm) and layer.running_mean is not None
    ]
    if not layers:
        raise ModelError(
            f"{type(model.network).__name__} has no batch-norm statistics, so there are none to re-estimate; leave the "
            "row statistics out, or use self_distilled"
        )
    momenta = [layer.momentum for layer in layers]
    done = Training()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain average over all batches
        layer.train()
    with torch.no_grad():
        for step in range(recipe.steps):
            batch = inputs_of_jpegs(model, examples.batch(step), None, stage)
            try:
                model.task.observe(model.network, batch)
            except (RuntimeError, ValueError, TypeError) as error:
                reason = (str(error).splitlines() or [""])[0]
                raise ModelError(f"training failed at step {step + 1}: {type(error).__name__}: {reason}") from error
            if watcher is not None:
                watcher.step(step + 1, recipe.steps, 0.0)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
    return done
