"""The protocol of a semantic segmenter: what the task asks of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch

#: What a map of classes says of a pixel that no class is known of: it counts for nothing.
VOID = -1


class Segmenter(Protocol):
    """A network that tells the class of every pixel. Each picture may have its own size."""

    def class_maps(self, images: Sequence[torch.Tensor], sizes: Sequence[tuple[int, int]]) -> list[torch.Tensor]:
        """The classes in use: per picture a (H, W) int64 map of the size asked for, that of the stored picture.

        Args:
            images: (3, H, W) float32 each, as the model's preparation made them.
            sizes: (H, W) of the stored pictures.
        """
        ...

    def logits(self, images: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Per picture the (K, h, w) class scores before softmax at the network's own resolution, differentiable."""
        ...

    def losses(self, images: Sequence[torch.Tensor], targets: Sequence[torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """The network's own training losses by name: scalars that add up, means over the labelled pixels.

        Args:
            images: as above.
            targets: (H, W) int64 classes of the stored pictures, `VOID` where none is known.
        """
        ...
