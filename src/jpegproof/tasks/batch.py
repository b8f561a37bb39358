"""Pictures as a model is shown them, with what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch

from jpegproof.exceptions import ModelError
from jpegproof.tasks.geometry import Geometry


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What goes through a model at once.

    Attributes:
        inputs: per picture the (3, H, W) float32 tensor that the network takes; sizes may differ.
        geometries: per picture how its source became the input.
        names: per picture its name in the data set; None where the input shows it turned or mirrored, so that what
            somebody else says of the picture (proposals) is not about this input.
    """

    inputs: tuple[torch.Tensor, ...]
    geometries: tuple[Geometry, ...]
    names: tuple[str | None, ...]

    @classmethod
    def of(cls, inputs: Sequence[torch.Tensor] | torch.Tensor) -> Self:
        """A batch of nameless pictures that are their own source: from (N, 3, H, W), or N of (3, H, W)."""
        pictures = tuple(inputs)
        sizes = [(picture.shape[-2], picture.shape[-1]) for picture in pictures]
        return cls(pictures, tuple(Geometry(size, (1.0, 1.0), (0.0, 0.0)) for size in sizes), (None,) * len(pictures))

    def __len__(self) -> int:
        return len(self.inputs)

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        return type(self)(tuple(item.to(device) for item in self.inputs), self.geometries, self.names)

    def stacked(self) -> torch.Tensor:
        """(N, 3, H, W), for networks that take one tensor.

        Raises:
            ModelError: the sizes differ.
        """
        if len({tuple(item.shape) for item in self.inputs}) > 1:
            raise ModelError(
                "the model's inputs have different sizes, so they cannot go through it together; use batch 1, or give "
                "the model a preparation with a crop"
            )
        return torch.stack(self.inputs)
