"""Of a semantic segmenter: the scores of one class, summed over the region that it has on the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from jpegproof.models.model import Model
from jpegproof.probes.explanations.class_score import refuse_unknown_class
from jpegproof.probes.explanations.layer import Parts
from jpegproof.probes.explanations.unexplainable import UnexplainableError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.segmentation import SemanticSegmentation

#: In a picture's answer so many places are looked at, evenly spaced.
_PLACES = 4


@dataclass(frozen=True, slots=True, eq=False)
class RegionScore:
    """A class's logits, summed over a region. See `Subject`.

    The region is brought to the logits' own resolution: each of their places counts by how much of it lies inside.

    Source: K. Vinogradova et al., Towards interpretable semantic segmentation via gradient-weighted class activation
    mapping, AAAI 2020 (student abstracts): the sum over a region.
    """

    number: int
    label: str
    region: NDArray[np.bool_]
    classes: int
    box: None = None

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """See `Subject.score`."""
        (logits,) = SemanticSegmentation().observe(network, batch)
        region = torch.from_numpy(self.region).to(logits.device, torch.float32)
        share = F.adaptive_avg_pool2d(region[None], (logits.shape[-2], logits.shape[-1]))[0]
        return (share * logits[self.number]).sum()

    def parts(self, network: nn.Module, batch: Batch) -> Parts:
        """See `Subject.parts`: places of the logits, all classes together."""
        (logits,) = SemanticSegmentation().observe(network, batch)
        places = logits.flatten(1).square().sum(dim=0)
        return [places[place] for place in np.linspace(0, len(places) - 1, _PLACES).astype(int).tolist()]


def region_of_picture(model: Model, batch: Batch, wanted: int | None, names: Mapping[int, str]) -> RegionScore:
    """The class that fills most of the answer on the original, or the wanted one, where it is.

    Raises:
        UnexplainableError: the answer has no pixel of the wanted class.
        UnknownNameError: the model does not know the wanted class.
    """
    with torch.no_grad():
        (answer,) = model.task.answer(model.network, batch)
    filled = np.bincount(answer.numbers.reshape(-1), minlength=answer.classes)
    number = int(filled.argmax()) if wanted is None else wanted
    refuse_unknown_class(number, answer.classes)
    label = names.get(number, f"class {number}")
    if not filled[number]:
        raise UnexplainableError(f"the answer on the original has no pixel of {label}")
    return RegionScore(number, label, answer.numbers == number, answer.classes)
