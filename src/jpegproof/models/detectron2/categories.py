"""Which category each of a network's classes is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from jpegproof.exceptions import ModelError

#: COCO's 80 categories of things: 1 to 90 with gaps, in the order of the networks' classes.
COCO_CATEGORIES: tuple[int, ...] = tuple(
    category for category in range(1, 91) if category not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
)


class Categories:
    """The category ids of classes 0, 1, ...

    Args:
        ids: in the order of the classes; each once.

    Raises:
        ModelError: there are none, one comes twice, or one is no whole number.
    """

    def __init__(self, ids: Sequence[int] = COCO_CATEGORIES) -> None:
        self.ids = tuple(ids)
        whole = all(isinstance(category, int) for category in self.ids)
        if not self.ids or not whole or len(set(self.ids)) != len(self.ids):
            raise ModelError(f"categories {list(self.ids)}: give one or more whole numbers, each of them once")

    def __len__(self) -> int:
        return len(self.ids)

    def labels(self, classes: Tensor) -> Tensor:
        """(N,) category ids of (N,) classes."""
        return torch.tensor(self.ids, device=classes.device)[classes]

    def classes(self, labels: Tensor) -> Tensor:
        """(N,) int64 classes of (N,) category ids.

        Raises:
            ModelError: a label is of no class of the network.
        """
        places = {category: place for place, category in enumerate(self.ids)}
        unknown = sorted({int(label) for label in labels} - places.keys())
        if unknown:
            raise ModelError(
                f"targets have category ids that the network has no class for: {', '.join(map(str, unknown[:8]))}; "
                "build it with the data set's categories=[...]"
            )
        return torch.tensor([places[int(label)] for label in labels], dtype=torch.int64, device=labels.device)
