"""Maps brought to one size, as everywhere in these networks."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def resized(map_: Tensor, like: Tensor) -> Tensor:
    """(N, C, h, w) at the height and width of `like`: bilinear, corners not aligned."""
    if map_.shape[-2:] == like.shape[-2:]:
        return map_
    return F.interpolate(map_, like.shape[-2:], mode="bilinear", align_corners=False)
