"""The protocol of a detector: what the detection tasks ask of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

#: torchvision's form of an answer or a target, for one picture: ``boxes`` (N, 4) float xyxy in pixels of the given
#: image, ``labels`` (N,) int64 category ids, in answers ``scores`` (N,) float; with masks also ``masks``: in targets
#: (N, H, W) uint8, in answers (N, 1, H, W) probabilities or (N, H, W) bool, of the given image's size.
Boxes = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """What a detector computes for one picture before any box is chosen: differentiable, and comparable place by place.

    Attributes:
        tensors: float32, by name (``objectness``, ``class_logits``, ``box_offsets``, ``mask_logits``, ...); two of one
            picture can be compared element by element where they were made with the same proposals.
        proposals: (P, 4) xyxy in pixels of the given image, float32: what the later tensors are about; None for a
            detector that has no proposals.
        belief: by a tensor's name, how much the detector believes in an object at each of its places, 0..1: of a shape
            that broadcasts to the tensor's. A tensor without an entry counts the same everywhere.
    """

    tensors: Mapping[str, torch.Tensor]
    proposals: torch.Tensor | None = None
    belief: Mapping[str, torch.Tensor] = field(default_factory=dict)


class Detector(Protocol):
    """A network that finds objects. Each picture may have its own size."""

    def __call__(self, images: Sequence[torch.Tensor]) -> list[Boxes]:
        """The chosen boxes of each (3, H, W) RGB image in [0, 1], best first."""
        ...

    def dense(self, images: Sequence[torch.Tensor], like: Sequence[Dense] | None = None) -> list[Dense]:
        """The dense answers of each image; with the proposals of `like` in place of its own where that is given."""
        ...

    def losses(self, images: Sequence[torch.Tensor], targets: Sequence[Boxes]) -> Mapping[str, torch.Tensor]:
        """The detector's own training losses by name: scalars, means over the pictures; in evaluation mode too."""
        ...
