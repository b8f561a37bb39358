"""How a source picture became a model's input."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a source picture became a model input; maps predictions back.

    Attributes:
        source: (H, W) of the source, pixels.
        scale: input pixels per source pixel, vertical and horizontal.
        offset: (y, x) of the source's top-left corner in input coordinates; negative where it was cropped away.
    """

    source: tuple[int, int]
    scale: tuple[float, float]
    offset: tuple[float, float]

    @property
    def downscale(self) -> float:
        """How many source pixels make one of the input's along a side, the mean of both; 1 where it was enlarged."""
        return max(math.sqrt(1 / (self.scale[0] * self.scale[1])), 1.0)

    def to_source(self, boxes: torch.Tensor) -> torch.Tensor:
        """Maps (N, 4) xyxy boxes in input pixels to source pixels."""
        shift = boxes.new_tensor([self.offset[1], self.offset[0]] * 2)
        scale = boxes.new_tensor([self.scale[1], self.scale[0]] * 2)
        return (boxes - shift) / scale

    def to_input(self, boxes: torch.Tensor) -> torch.Tensor:
        """Maps (N, 4) xyxy boxes in source pixels to input pixels."""
        shift = boxes.new_tensor([self.offset[1], self.offset[0]] * 2)
        scale = boxes.new_tensor([self.scale[1], self.scale[0]] * 2)
        return boxes * scale + shift
