"""Dead leaves: opaque patches of all sizes that lie over each other, as things do in the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.data.world.draws import Draws, Floats
from jpegproof.data.world.textures import TILE, texture_bank

_AREA = 96 * 96
_STRATA = ((22.0, 46.0, 7), (10.0, 22.0, 14), (4.5, 10.0, 26), (2.0, 4.5, 40), (1.1, 2.0, 40))
"""Radius from, radius to (pixels), leaves for each 96 x 96 pixels. Within a stratum radii fall as radius**-3; that the
counts fall more slowly than the law wants between strata leaves some ground for the objects to stand on."""


@dataclass(frozen=True, slots=True)
class Pile:
    """Leaves that have been laid down.

    Attributes:
        index: (H, W) int64, which leaf is on top at each pixel; 0 is the ground, or nothing.
        count: leaves, the ground included.
    """

    index: NDArray[np.int64]
    count: int


def radii(draws: Draws, low: float, high: float, count: int) -> Floats:
    """(count,) float32 radii between two bounds in pixels, with density proportional to radius**-3.

    Source: A. B. Lee, D. Mumford, J. Huang, Occlusion models for natural images, IJCV 2001: the cubic law is what
    makes the pile look the same at every scale.
    """
    share = draws.units(count)
    return ((low**-2 + share * (high**-2 - low**-2)) ** -0.5).astype(np.float32)


def lay_leaves(draws: Draws, index: NDArray[np.int64], first: int, low: float, high: float, count: int) -> None:
    """Lay leaves on a pile, in place, each over the ones before.

    Leaves are superellipses: from ovals to blocks with round corners, in every direction.

    Args:
        draws: where the randomness comes from.
        index: (H, W) int64, C-contiguous; receives first, first + 1, ... where a leaf lies on top.
        first: number of the first leaf.
        low, high: bounds of the radius, pixels.
        count: leaves.
    """
    if count == 0:
        return
    height, width = index.shape
    radius = radii(draws, low, high, count)
    stretch = draws.uniforms(0.25, 1.0, count)
    turn = draws.uniforms(0.0, 2 * np.pi, count)
    square = draws.chance(0.5)
    x = draws.uniforms(-0.3 * low, width + 0.3 * low, count)
    y = draws.uniforms(-0.3 * low, height + 0.3 * low, count)

    reach = min(int(np.ceil(high)), max(height, width))
    left = np.round(x).astype(np.int64) - reach
    top = np.round(y).astype(np.int64) - reach
    span = np.arange(2 * reach + 1)
    columns = left[:, None] + span
    rows = top[:, None] + span
    dx = (columns - x[:, None]).astype(np.float32)
    dy = (rows - y[:, None]).astype(np.float32)
    cosine, sine = np.cos(turn) / radius, np.sin(turn) / radius
    u = (dx * cosine[:, None])[:, None, :] + (dy * sine[:, None])[:, :, None]
    v = (dy * (cosine / stretch)[:, None])[:, :, None] - (dx * (sine / stretch)[:, None])[:, None, :]
    np.square(u, out=u)
    np.square(v, out=v)
    if square:
        np.square(u, out=u)
        np.square(v, out=v)
    inside = (u + v) < 1.0
    inside &= ((columns >= 0) & (columns < width))[:, None, :]
    inside &= ((rows >= 0) & (rows < height))[:, :, None]
    place = rows[:, :, None] * width + columns[:, None, :]
    number = np.broadcast_to(np.arange(first, first + count)[:, None, None], place.shape)
    # Where a pixel is named twice numpy keeps the last value: the later leaf lies on top.
    index.reshape(-1)[place[inside]] = number[inside]


def lay_ground(draws: Draws, height: int, width: int) -> Pile:
    """A whole ground of leaves: all sizes, larger ones first.

    Returns:
        A pile that covers (height, width) pixels.
    """
    index = np.zeros((height, width), dtype=np.int64)
    scale = height * width / _AREA
    first = 1
    for low, high, density in _STRATA:
        count = max(1, round(density * scale * draws.uniform(0.4, 1.6)))
        lay_leaves(draws, index, first, low, high, count)
        first += count
    return Pile(index, first)


def paint_pile(draws: Draws, pile: Pile, mood: Floats, contrast: float) -> Floats:
    """Colours for a pile: every leaf has a base colour, a texture with its own strength, and a slope of light.

    Args:
        draws: where the randomness comes from.
        pile: leaves, (H, W).
        mood: (3,) float32, the mean of the scene: luma in 0..255 and two chroma axes around 0.
        contrast: spread of the leaves' luma, grey levels.

    Returns:
        (3, H, W) float32: luma and the two chroma axes, not clipped.
    """
    height, width = pile.index.shape
    count = pile.count
    luma = mood[0] + contrast * draws.bells(count)
    warm = mood[1] + 5.5 * draws.bells(count)
    green = mood[2] + 4.5 * draws.bells(count)
    strength = contrast * draws.uniforms(0.15, 0.65, count)
    kind = draws.integers(0, len(texture_bank()), count)
    shift_x = draws.integers(0, TILE, count)
    shift_y = draws.integers(0, TILE, count)
    slope_x = draws.bells(count) * np.float32(0.35)
    slope_y = draws.bells(count) * np.float32(0.35)

    rows = np.arange(height)[:, None]
    columns = np.arange(width)[None, :]
    index = pile.index
    place = ((shift_y[index] + rows) % TILE) * TILE + (shift_x[index] + columns) % TILE
    texture = texture_bank().reshape(-1)[kind[index] * (TILE * TILE) + place]
    texture *= strength[index]
    relative_x = (columns - width / 2).astype(np.float32)
    relative_y = (rows - height / 2).astype(np.float32)
    slope = slope_x[index] * relative_x + slope_y[index] * relative_y
    colour = np.empty((3, height, width), dtype=np.float32)
    colour[0] = luma[index] + texture + slope
    colour[1] = warm[index] + 0.1 * texture
    colour[2] = green[index] - 0.08 * texture
    return colour
