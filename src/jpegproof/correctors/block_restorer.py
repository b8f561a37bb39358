"""The network of the default corrector: small, fast on a processor, told by the file how coarsely it was quantised."""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 8
"""Side of a DCT block, pixels."""

CONDITIONS = 132
"""Length of a condition: 64 steps of the luma table, 64 of the chroma tables, and four numbers about sampling."""


class _Block(nn.Module):
    """x + two 3x3 convolutions, between them a gain and an offset per channel that the tables decide."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)  # every block begins as the identity
        assert self.second.bias is not None
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
        hidden = F.relu(torch.addcmul(offset, self.first(x), gain))
        return x + self.second(hidden)


class BlockRestorer(nn.Module):
    """Restores a decoded JPEG on the grid of its blocks.

    The picture is unshuffled, so that one position is one 8x8 block with its 192 values; residual blocks of 3x3
    convolutions run on that grid and see the neighbours; a linear layer gives the change of each pixel. At the default
    size: 2.7 million parameters, 38 thousand multiply-adds per pixel, a receptive field of 33 x 33 blocks.

    Args:
        width: channels on the grid.
        depth: residual blocks.

    Sources: pixel unshuffling for fast restoration as in K. Zhang, W. Zuo, L. Zhang, FFDNet, IEEE TIP 2018; one gain
    and offset per channel from side information as in E. Perez et al., FiLM, AAAI 2018; conditioning on the
    quantisation tables after M. Ehrlich et al., Quantization guided JPEG artifact correction, ECCV 2020. The layout is
    ours.
    """

    def __init__(self, width: int = 128, depth: int = 8) -> None:
        super().__init__()
        self.width = width
        self.depth = depth
        self.head = nn.Conv2d(3 * BLOCK * BLOCK + 2, width, 1)
        self.tables = nn.Sequential(
            OrderedDict(
                hidden=nn.Linear(CONDITIONS, width),
                act=nn.ReLU(inplace=True),
                modulation=nn.Linear(width, 2 * width * depth),
            )
        )
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.tail = nn.Conv2d(width, 3 * BLOCK * BLOCK, 1)
        for layer in (self.tables.modulation, self.tail):
            assert isinstance(layer, nn.Linear | nn.Conv2d)
            nn.init.zeros_(layer.weight)  # an untrained network gives the picture back as it is
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, pictures: Tensor, conditions: Tensor) -> Tensor:
        """Restored pictures, not clamped.

        Args:
            pictures: (N, 3, H, W) float RGB in [0, 1], H and W multiples of 8, the grid at the top left corner.
            conditions: (N, 132), from `jpegproof.correctors.default.condition`.

        Returns:
            (N, 3, H, W).
        """
        # In channels_last order a convolution on the processor takes less than half the time.
        grid = F.pixel_unshuffle(pictures - 0.5, BLOCK).contiguous(memory_format=torch.channels_last)
        grid = self.head(torch.cat([grid, _parity(grid, conditions)], dim=1))
        modulation = self.tables(conditions)[:, :, None, None].chunk(2 * self.depth, dim=1)
        for block, gain, offset in zip(self.blocks, modulation[0::2], modulation[1::2], strict=True):
            grid = block(grid, 1 + gain, offset)
        return pictures + F.pixel_shuffle(self.tail(grid).float(), BLOCK)


def _parity(grid: Tensor, conditions: Tensor) -> Tensor:
    """Two planes that tell where in a subsampled chroma block a luma block lies: (N, 2, h, w), -1 or 1, else 0."""
    rows = torch.arange(grid.shape[2], device=grid.device, dtype=grid.dtype) % 2 * 2 - 1
    columns = torch.arange(grid.shape[3], device=grid.device, dtype=grid.dtype) % 2 * 2 - 1
    halved = conditions[:, -4:-2].to(grid.dtype)[:, :, None, None]
    vertical = halved[:, 0:1] * rows[None, None, :, None].expand(-1, -1, -1, grid.shape[3])
    horizontal = halved[:, 1:2] * columns[None, None, None, :].expand(-1, -1, grid.shape[2], -1)
    return torch.cat([vertical, horizontal], dim=1)
