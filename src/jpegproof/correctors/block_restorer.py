"""The network of the default corrector: small, fast on a processor, told by the file how coarsely it was quantised."""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from jpegproof.jpeg.dct import BLOCK, basis_rows
from jpegproof.jpeg.ycbcr import TO_YCBCR

CONDITIONS = 132
"""Length of a condition: 64 steps of the luma table, 64 of the chroma tables, and four numbers about sampling."""

#: A condition holds (log step - OFFSET) / SPREAD: small numbers at every quality.
OFFSET, SPREAD = 3.0, 1.5

_FREQUENCIES = BLOCK * BLOCK
_LEAK = 0.1
_PLANES = 3

#: A coefficient further than this from 0, in steps, is known not to have been lost; how far does not matter then.
_FAR = 2.5

#: Steps of more than this, on a scale where white is 1, say no more than that all is lost.
_COARSEST = 0.6


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
        # Leaky: of plain rectifiers nine in ten had died by the end of a training, and took most of the gain with them.
        hidden = F.leaky_relu(torch.addcmul(offset, self.first(x), gain), _LEAK)
        return x + self.second(hidden)


class BlockRestorer(nn.Module):
    """Restores a decoded JPEG on the grid of its blocks, in the domain where it was damaged.

    Each plane (luma, two of chroma) is cut into 8x8 blocks and each block into its DCT coefficients, so that one
    position of the grid is one block with 192 numbers. The network sees each coefficient twice: against what is usual
    of its frequency, and in steps of the file's table. Residual blocks of 3x3 convolutions run on the grid and see the
    neighbours; a linear layer answers how far each coefficient lies from the truth, again in steps, so that one answer
    fits all qualities: an error of quantisation is at most half a step, whatever the step.

    Args:
        width: channels on the grid.
        depth: residual blocks.

    Sources: coefficients and tables as input after M. Ehrlich et al., Quantization guided JPEG artifact correction,
    ECCV 2020; one gain and offset per channel from side information as in E. Perez et al., FiLM, AAAI 2018. The layout
    is ours.
    """

    _basis: Tensor
    _to_ycc: Tensor
    _to_rgb: Tensor
    _usual: Tensor

    def __init__(self, width: int = 112, depth: int = 9) -> None:
        super().__init__()
        self.width = width
        self.depth = depth
        self.head = nn.Conv2d(2 * _PLANES * _FREQUENCIES + 2, width, 1)
        self.tables = nn.Sequential(
            OrderedDict(
                hidden=nn.Linear(CONDITIONS, width),
                act=nn.LeakyReLU(_LEAK, inplace=True),
                modulation=nn.Linear(width, 2 * width * depth),
            )
        )
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.tail = nn.Conv2d(width, _PLANES * _FREQUENCIES, 1)
        for layer in (self.tables.modulation, self.tail):
            assert isinstance(layer, nn.Linear | nn.Conv2d)
            nn.init.zeros_(layer.weight)  # an untrained network gives the picture back as it is
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
        to_ycc = torch.tensor(TO_YCBCR)
        for name, constant in (
            ("_basis", _block_basis()),
            ("_to_ycc", to_ycc),
            ("_to_rgb", torch.linalg.inv(to_ycc)),
            ("_usual", _usual_sizes()),
        ):
            self.register_buffer(name, constant, persistent=False)

    @property
    def multiply_adds_per_pixel(self) -> int:
        """What one pixel costs, rounded up; the tables' part, once for a picture, is not counted."""
        layers = [self.head, self.tail, *(layer for block in self.blocks for layer in block.children())]
        on_grid = sum(layer.weight.numel() for layer in layers if isinstance(layer, nn.Conv2d))
        transforms = 2 * (_PLANES * _FREQUENCIES**2 + _PLANES**2 * _FREQUENCIES)
        return -(-(on_grid + transforms) // _FREQUENCIES)

    def forward(self, pictures: Tensor, conditions: Tensor) -> Tensor:
        """Restored pictures, not clamped.

        Args:
            pictures: (N, 3, H, W) float RGB in [0, 1], H and W multiples of 8, the grid at the top left corner.
            conditions: (N, 132), from `jpegproof.correctors.grid_corrector.condition`.

        Returns:
            (N, 3, H, W) float32.
        """
        with torch.autocast(pictures.device.type, enabled=False):
            pictures, conditions = pictures.float(), conditions.float()
            steps = _steps(conditions)
            coefficients = self._coefficients(pictures)
            # What a grey file has in its chroma planes is the rounding of the colour transform alone.
            coefficients = coefficients * _planes_there_are(conditions)
            usual = coefficients / self._usual
            counted = (coefficients / steps).clamp(-_FAR, _FAR)
            grid = torch.cat([usual.flatten(1, 2), counted.flatten(1, 2), _parity(coefficients, conditions)], dim=1)
            # In channels_last order a convolution on the processor takes less than half the time.
            grid = grid.contiguous(memory_format=torch.channels_last)
        grid = self.head(grid)
        modulation = self.tables(conditions)[:, :, None, None].chunk(2 * self.depth, dim=1)
        for block, gain, offset in zip(self.blocks, modulation[0::2], modulation[1::2], strict=True):
            grid = block(grid, 1 + gain, offset)
        moved = self.tail(grid)
        with torch.autocast(pictures.device.type, enabled=False):
            moved = moved.float().unflatten(1, (_PLANES, _FREQUENCIES)) * _planes_there_are(conditions)
            return pictures + self._change(moved * steps)

    def _coefficients(self, pictures: Tensor) -> Tensor:
        """(N, 3, 64, h, w) orthonormal DCT coefficients of luma and chroma, white being 1."""
        planes = torch.einsum("kc,nchw->nkhw", self._to_ycc, pictures - 0.5)
        values = F.pixel_unshuffle(planes, BLOCK).unflatten(1, (_PLANES, _FREQUENCIES))
        return torch.einsum("fp,ncphw->ncfhw", self._basis, values)

    def _change(self, coefficients: Tensor) -> Tensor:
        """(N, 3, H, W) RGB of (N, 3, 64, h, w) coefficients."""
        values = torch.einsum("fp,ncfhw->ncphw", self._basis, coefficients)
        return torch.einsum("ck,nkhw->nchw", self._to_rgb, F.pixel_shuffle(values.flatten(1, 2), BLOCK))


def _block_basis() -> Tensor:
    """(64, 64) orthonormal DCT of a block: frequency, pixel; both row by row."""
    return torch.kron(basis_rows(), basis_rows()).float()


def _usual_sizes() -> Tensor:
    """(3, 64, 1, 1): how large coefficients of photographs usually are, white being 1.

    Falls with the frequency as spectra of photographs do; exact only as far as a network likes its inputs near 1.
    """
    order = (torch.arange(BLOCK)[:, None] + torch.arange(BLOCK)).float().flatten()
    luma = 1.2 / (1 + order) ** 1.2
    luma[0] = 2.0
    return (torch.tensor([1.0, 0.35, 0.35])[:, None] * luma)[..., None, None]


def _steps(conditions: Tensor) -> Tensor:
    """(N, 3, 64, 1, 1): the quantisation step at each frequency of a block of full size, white being 1.

    Where chroma is halved, a block of the picture is half a block of chroma: its frequency k is the file's 2k, the
    energy of an error gathers in half as many frequencies, and above the file's last one there is nothing to know.
    """
    table = torch.exp(conditions[:, : 2 * _FREQUENCIES] * SPREAD + OFFSET) / 255
    luma, chroma = (half.unflatten(1, (BLOCK, BLOCK)) for half in table.chunk(2, dim=1))
    doubled = torch.arange(0, 2 * BLOCK, 2, device=conditions.device).clamp(max=BLOCK - 1)
    down, across = conditions[:, -4, None, None], conditions[:, -3, None, None]
    chroma = torch.lerp(chroma, math.sqrt(2) * chroma[:, doubled], down)
    chroma = torch.lerp(chroma, math.sqrt(2) * chroma[:, :, doubled], across)
    return torch.stack([luma, chroma, chroma], dim=1).flatten(2)[..., None, None].clamp(max=_COARSEST)


def _planes_there_are(conditions: Tensor) -> Tensor:
    """(N, 3, 1, 1, 1): 1 for each plane that the file has, 0 for the chroma of a grey one."""
    chroma = conditions[:, -2]
    return torch.stack([torch.ones_like(chroma), chroma, chroma], dim=1)[:, :, None, None, None]


def _parity(grid: Tensor, conditions: Tensor) -> Tensor:
    """Two planes that tell where in a subsampled chroma block a luma block lies: (N, 2, h, w), -1 or 1, else 0."""
    height, width = grid.shape[-2:]
    rows = torch.arange(height, device=grid.device, dtype=grid.dtype) % 2 * 2 - 1
    columns = torch.arange(width, device=grid.device, dtype=grid.dtype) % 2 * 2 - 1
    halved = conditions[:, -4:-2].to(grid.dtype)[:, :, None, None]
    vertical = halved[:, 0:1] * rows[None, None, :, None].expand(-1, -1, -1, width)
    horizontal = halved[:, 1:2] * columns[None, None, None, :].expand(-1, -1, height, -1)
    return torch.cat([vertical, horizontal], dim=1)
