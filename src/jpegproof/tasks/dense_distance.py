"""How far a detector's answers on two versions of a picture lie apart, before any box is chosen. No label is read."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.tasks.detector import Dense

#: ``even``: the mean absolute difference of each tensor. ``spread``: in units of the tensor's standard deviation on the
#: original. ``belief``: the same, each place counting by how much the original believes in an object there.
Weighting = Literal["even", "spread", "belief"]

#: What a place counts for in which the original believes in no object at all; where it is certain counts this and one.
#: Not nothing, since what JPEG makes appear out of nothing is an error too.
FLOOR = 0.01


def dense_distance(answer: Dense, original: Dense, weighting: Weighting = "belief", floor: float = FLOOR) -> Tensor:
    """The label-free distance of a detector's answer to its answer on the original.

    It is the mean over the tensors of a weighted mean absolute difference, so that a tensor with many elements (class
    logits) does not drown one with few (masks).

    Args:
        answer: on the corrected JPEG, made with the original's proposals where the detector has proposals.
        original: on the original; not differentiated.
        weighting: what the elements count for; why the default is what it is: docs/detection.md.
        floor: see `FLOOR`.

    Returns:
        () float32, from 0, differentiable in `answer`.

    Raises:
        ModelError: the two do not hold the same tensors.

    Source: the mean absolute difference is the paper's loss of task targeting; units and weights are ours.
    """
    _check(answer, original)
    distances = []
    for name, wanted in original.tensors.items():
        if not wanted.numel():  # such as masks where nothing was detected
            continue
        wanted = wanted.detach()
        difference = (answer.tensors[name] - wanted).abs()
        if weighting == "belief" and name in original.belief:
            weights = (floor + original.belief[name].detach()).expand_as(difference)
            distance = (difference * weights).sum() / weights.sum()
        else:
            distance = difference.mean()
        distances.append(distance if weighting == "even" else distance / _spread(wanted))
    if not distances:
        return torch.zeros(())
    return torch.stack(distances).mean()


def _spread(tensor: Tensor) -> Tensor:
    """Its standard deviation; 1 for a tensor of one value, which has no unit of its own."""
    spread = tensor.std(correction=0)
    return torch.where(spread > 0, spread, torch.ones_like(spread))


def _check(answer: Dense, original: Dense) -> None:
    shapes = [{name: tuple(tensor.shape) for name, tensor in dense.tensors.items()} for dense in (answer, original)]
    if shapes[0] != shapes[1]:
        differing = [
            f"{name} is {shapes[0].get(name, 'absent')} on the one and {shapes[1].get(name, 'absent')} on the other"
            for name in shapes[0].keys() | shapes[1].keys()
            if shapes[0].get(name) != shapes[1].get(name)
        ]
        raise ModelError(
            "the detector's dense answers on two versions of a picture cannot be compared: "
            f"{'; '.join(sorted(differing))}. They must not depend on which boxes it has chosen"
        )
