"""Anchors: the boxes that offsets are relative to."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

#: Height over width.
RATIOS = (0.5, 1.0, 2.0)


def cell_anchors(sizes: Sequence[float]) -> Tensor:
    """The anchors around (0, 0): (sizes x 3, 4) float32 xyxy, all ratios of a size together; nothing is rounded.

    Args:
        sizes: square roots of the anchors' areas, pixels.
    """
    boxes = []
    for size in sizes:
        for ratio in RATIOS:
            width = math.sqrt(size * size / ratio)
            height = ratio * width
            boxes.append((-width / 2, -height / 2, width / 2, height / 2))
    return torch.tensor(boxes, dtype=torch.float32)


def level_anchors(cells: Tensor, stride: int, size: tuple[int, int]) -> Tensor:
    """A level's anchors, in input pixels.

    Args:
        cells: (A, 4) as `cell_anchors` makes them.
        stride: input pixels per place of the map.
        size: (H, W) of the map.

    Returns:
        (H x W x A, 4) float32: row by row, at each place all cells around (stride x column, stride x row).
    """
    rows, columns = (torch.arange(count, device=cells.device, dtype=torch.float32) * stride for count in size)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    places = torch.stack([x, y, x, y], dim=-1).reshape(-1, 1, 4)
    return (places + cells).reshape(-1, 4)


def by_anchor(answer: Tensor, values: int) -> Tensor:
    """A level's (N, A x values, H, W) map as (N, H x W x A, values), in the order of `level_anchors`."""
    count, channels, height, width = answer.shape
    split = answer.reshape(count, channels // values, values, height, width)
    return split.permute(0, 3, 4, 1, 2).reshape(count, -1, values)
