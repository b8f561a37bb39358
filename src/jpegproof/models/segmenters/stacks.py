"""Pictures of different sizes as the stacks of one size that a network takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


def stacks(images: Sequence[Tensor]) -> Iterator[tuple[list[int], Tensor]]:
    """Images of one size together, so that none is padded and no answer depends on what else is in a batch.

    Args:
        images: (3, H, W) each.

    Yields:
        Places in `images`, and (N, 3, H, W) of these, by the first place of each size.
    """
    places: dict[torch.Size, list[int]] = {}
    for place, image in enumerate(images):
        places.setdefault(image.shape, []).append(place)
    for together in places.values():
        yield together, torch.stack([images[place] for place in together])
