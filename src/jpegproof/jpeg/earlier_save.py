"""The save before the last: a fine JPEG, or a PNG, may hide that the picture once was a coarse one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F

from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.dct import BLOCK, basis_rows, to_blocks
from jpegproof.jpeg.tables import Table, luma_table
from jpegproof.jpeg.ycbcr import rgb_to_ycbcr

#: Below this a find is chance; see `earlier_save`.
EVIDENCE = 12.0

#: The finest quality that is looked for: steps of finer ones drown in the rounding to 8-bit RGB.
FINEST = 90

#: Sides in pixels of the regions from the middle of the picture that are looked at: for the grid, then for the table.
_GRID_SIDE, _TABLE_SIDE = 192, 448

#: The frequencies (vertical, horizontal) whose steps tell the table: low enough to be seldom nothing.
_FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0), (2, 2), (1, 3), (3, 1))

#: An earlier save matters where its steps are this much coarser than the last one's.
_COARSER = 1.25

#: Finer steps divide the coarser ones and fit as well: of all that fit nearly as well as the best, the coarsest.
_NEARLY = 0.8

#: Rounding to 8-bit RGB adds about this much noise to a coefficient (standard deviation).
_ROUNDING = 0.4

#: Drawings of few different blocks lie on multiples by themselves: their coefficients have fewer different sizes than
#: this (measured: at most 45 for stripes, boards and enlarged noise in black and white; at least 81 for photographs of
#: 240 x 160 at quality 10).
_FEWEST_SIZES = 60

_FEWEST = 50
_NEIGHBOURS = 3
_GRIDS_TRIED = 2
_UNTOUCHED = np.ones((BLOCK, BLOCK), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class EarlierSave:
    """A coarser JPEG that a picture once was.

    Attributes:
        quality: libjpeg's, of the luma table that fits.
        offset: (down, across) pixels from the picture's corner to the corner of its first whole block then, 0..7.
        evidence: how many standard deviations its coefficients gather nearer to that table's multiples than chance.
    """

    quality: int
    offset: tuple[int, int]
    evidence: float


def earlier_save(pixels: Pixels, last: Table | None = None, below: float = FINEST + 1) -> EarlierSave | None:
    """Looks for a save coarser than the last one, on any 8x8 grid, with libjpeg's standard luma tables.

    A coefficient that was quantised with a step stays near the multiples of that step. The mean cosine of a whole turn
    per step is 1 where all lie on multiples and 0 where they lie anywhere; what the last save does to it is known by
    doing the same to the picture's blocks moved by half a block, where an earlier grid is not felt.

    Args:
        pixels: (H, W, 3) uint8 RGB, as decoded.
        last: (8, 8) luma steps of the last save; None where it was lossless.
        below: finds of this quality or a finer one are None as well; the lower, the less there is to compute.

    Returns:
        The find, or None: never coarser than `last`, too small a picture, resized since, or of other tables.

    Source: comb-like histograms after double quantisation as in A. C. Popescu, H. Farid, Statistical tools for digital
    forensics, IH 2004; shifted blocks as a reference as in J. Fridrich, M. Goljan, D. Hogea, Steganalysis of JPEG
    images: breaking the F5 algorithm, IH 2002. The test is ours.
    """
    last = _UNTOUCHED if last is None else last
    top, left = _corner(pixels)
    region = torch.from_numpy(pixels[top : top + _TABLE_SIDE + BLOCK, left : left + _TABLE_SIDE + BLOCK].copy())
    luma = rgb_to_ycbcr(region.permute(2, 0, 1).float())[0] - 128
    if min(luma.shape) < 6 * BLOCK:
        return None
    steps = torch.tensor([last[frequency] for frequency in _FREQUENCIES], dtype=torch.float32)
    tables = _standard_steps()
    # Coarse ones come first, so these are the qualities from 1 upwards.
    tables = tables[(tables / steps).log().mean(dim=1) > np.log(_COARSER)]
    best: EarlierSave | None = None
    grids = [_Grid(luma, grid, steps) for grid in _likely_grids(luma)] if len(tables) else []
    # What is not nearly a find among the coarse tables alone does not become one beside the others.
    if not any((grid.evidence(tables[: max(math.ceil(below) - 1, 0)]) >= _NEARLY * EVIDENCE).any() for grid in grids):
        return None
    for grid in grids:
        if grid.different_sizes(tables[-1]) < _FEWEST_SIZES:
            continue
        evidence = grid.evidence(tables)
        most = float(evidence.max())
        if most >= EVIDENCE and (best is None or most > best.evidence):
            # A table's neighbours fit a little less well than it does itself, so only peaks count.
            around = F.max_pool1d(evidence[None], 2 * _NEIGHBOURS + 1, stride=1, padding=_NEIGHBOURS)[0]
            quality = int(((evidence >= _NEARLY * most) & (evidence == around)).nonzero()[0]) + 1
            best = EarlierSave(quality, ((top + grid.down) % BLOCK, (left + grid.across) % BLOCK), most)
    return best if best is not None and best.quality < below else None


def _corner(pixels: Pixels) -> tuple[int, int]:
    """Top and left of the region that is looked at, on the picture's own grid."""
    height, width = (max(length - _TABLE_SIDE - BLOCK, 0) // 2 // BLOCK * BLOCK for length in pixels.shape[:2])
    return height, width


def _likely_grids(luma: torch.Tensor) -> list[tuple[int, int]]:
    """The picture's own grid, and the others on which most high frequencies are nothing, as coarse saves leave them."""
    region = luma[: _GRID_SIDE + BLOCK, : _GRID_SIDE + BLOCK]
    height, width = (length // BLOCK * BLOCK - BLOCK for length in region.shape)
    high = basis_rows()[2:].float()
    # One coefficient of the blocks that begin at every pixel at once, down and then across.
    down = torch.einsum("uy,hwy->uhw", high, region.unfold(0, BLOCK, 1)[:height])
    both = torch.einsum("vx,uhwx->uvhw", high, down.unfold(2, BLOCK, 1)[:, :, :width])
    nothing = to_blocks((both.abs() < 1).float().mean(dim=(0, 1))).mean(dim=(0, 1))
    order = [divmod(place, BLOCK) for place in nothing.flatten().argsort(descending=True).tolist()]
    return [(0, 0), *[shift for shift in order if shift != (0, 0)][:_GRIDS_TRIED]]


class _Grid:
    """The coefficients of one grid, and of the same blocks moved by half a block, where that grid is not felt.

    Args:
        luma: (H, W), level shifted.
        grid: (down, across) to the corner of the first block.
        steps: (12,) of the last save.
    """

    def __init__(self, luma: torch.Tensor, grid: tuple[int, int], steps: torch.Tensor) -> None:
        self.down, self.across = grid
        self._here = _sampled(luma[self.down :, self.across :])
        moved = _sampled(luma[(self.down + 4) % BLOCK :, (self.across + 4) % BLOCK :])
        if grid == (0, 0):
            noise = torch.randn(moved.shape, generator=torch.Generator().manual_seed(0))
            moved = (moved / steps[:, None]).round() * steps[:, None] + _ROUNDING * noise
        self._moved = moved

    def evidence(self, tables: torch.Tensor) -> torch.Tensor:
        """(tables,): how far the coefficients' fit to each table is above chance, in standard deviations."""
        fits, counts = _fit(self._here, tables)
        chance, others = _fit(self._moved, tables)
        spread = (0.5 / counts.clamp(min=1) + 0.5 / others.clamp(min=1)).sqrt()
        return torch.where((counts >= _FEWEST) & (others >= _FEWEST), (fits - chance) / spread, 0.0)

    def different_sizes(self, finest: torch.Tensor) -> int:
        """How many different sizes, in whole numbers, the coefficients past half a step of a table have."""
        sizes = zip(self._here.abs(), finest.tolist(), strict=True)
        return sum(len(size[size > step / 2].round().unique()) for size, step in sizes)


def _sampled(luma: torch.Tensor) -> torch.Tensor:
    """(12, blocks): the coefficients of the frequencies that are looked at."""
    height, width = (length // BLOCK * BLOCK for length in luma.shape)
    rows = basis_rows().float()
    waves = torch.stack([torch.outer(rows[down], rows[across]).flatten() for down, across in _FREQUENCIES])
    return waves @ to_blocks(luma[:height, :width]).flatten(2).flatten(0, 1).T


def _fit(coefficients: torch.Tensor, tables: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Per table the mean cosine, and of how many: only of coefficients past half a step, since 0 fits every step."""
    total = torch.zeros(len(tables))
    counts = torch.zeros(len(tables), dtype=torch.int64)
    if not len(tables):
        return total, counts
    for sizes, steps in zip(coefficients.abs(), tables.T, strict=True):
        turns = sizes[sizes > steps.min() / 2] / steps[:, None]
        counted = turns > 0.5
        total += torch.where(counted, torch.cos(2 * torch.pi * turns), 0.0).sum(dim=1)
        counts += counted.sum(dim=1)
    return total / counts.clamp(min=1), counts


@cache
def _standard_steps() -> torch.Tensor:
    """(90, 12): the steps of the frequencies at qualities 1 to `FINEST`."""
    steps = [[int(luma_table(quality)[place]) for place in _FREQUENCIES] for quality in range(1, FINEST + 1)]
    with torch.inference_mode(False):
        return torch.tensor(steps, dtype=torch.float32)
