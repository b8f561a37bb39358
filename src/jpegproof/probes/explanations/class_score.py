"""Of a classifier: the logit of the class that it takes the original for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jpegproof.exceptions import UnknownNameError
from jpegproof.models.model import Model
from jpegproof.probes.explanations.layer import Parts
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.classification import Classification


@dataclass(frozen=True, slots=True)
class ClassScore:
    """A class's logit. See `Subject`."""

    number: int
    label: str
    classes: int
    box: None = None
    region: None = None

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """See `Subject.score`."""
        return Classification().observe(network, batch)[0, self.number]

    def parts(self, network: nn.Module, batch: Batch) -> Parts:
        """See `Subject.parts`: a classifier's answer has no places."""
        return [self.score(network, batch)]


def class_of_picture(model: Model, batch: Batch, wanted: int | None, names: Mapping[int, str]) -> ClassScore:
    """The class with the greatest logit on the original, or the wanted one.

    Raises:
        UnknownNameError: the model does not know the wanted class.
    """
    with torch.no_grad():
        logits = model.task.observe(model.network, batch)[0]
    number = int(logits.argmax()) if wanted is None else wanted
    refuse_unknown_class(number, len(logits))
    return ClassScore(number, names.get(number, f"class {number}"), len(logits))


def refuse_unknown_class(number: int, classes: int) -> None:
    """Raises UnknownNameError where a model has no class of a number."""
    if number >= classes:
        raise UnknownNameError(f"class {number} is not known to the model, which has {classes}: 0 to {classes - 1}")
