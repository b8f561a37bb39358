"""Features of boxes, each from the pyramid's level that fits its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torchvision.ops import box_area, roi_align

_STRIDES = {2: 4, 3: 8, 4: 16, 5: 32}


def levels_of(boxes: Tensor) -> Tensor:
    """(N,) int64, 2..5: 4 for a box of 224 x 224 input pixels, one more or less with each doubling of the side.

    Source: Lin et al., "Feature Pyramid Networks for Object Detection", 2017, equation 1.
    """
    levels = torch.floor(4 + torch.log2(box_area(boxes).sqrt() / 224 + 1e-8))
    return levels.clamp(min(_STRIDES), max(_STRIDES)).to(torch.int64)


def pooled(maps: Mapping[str, Tensor], boxes: Sequence[Tensor], side: int) -> Tensor:
    """The features of boxes.

    Args:
        maps: the pyramid's levels, (N, C, H, W) each.
        boxes: per picture (P, 4) in input pixels.
        side: of the square that each box is brought to.

    Returns:
        (P1 + P2 + ..., C, side, side), differentiable in the maps: averages of bilinear samples, as many as the box
        has pixels of the level, without the half-pixel shift of the first RoIAlign.
    """
    rows = torch.cat([_numbered(box, number) for number, box in enumerate(boxes)])
    levels = levels_of(rows[:, 1:])
    output = rows.new_zeros(len(rows), maps["p2"].shape[1], side, side)
    for level, stride in _STRIDES.items():
        (chosen,) = torch.where(levels == level)
        if len(chosen):
            # In the boxes' precision, which half a precision would move by pixels.
            level_map = maps[f"p{level}"].to(rows.dtype)
            features = roi_align(level_map, rows[chosen], side, 1 / stride, sampling_ratio=-1, aligned=True)
            output = output.index_put((chosen,), features)
    return output


def _numbered(boxes: Tensor, number: int) -> Tensor:
    """Boxes with the number of their picture before them, as RoIAlign takes them."""
    return torch.cat([boxes.new_full((len(boxes), 1), number), boxes], dim=1)
