"""A picture in the making: objects are painted onto the ground one over the other, each with its shadow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.data.world.classes import KINDS
from jpegproof.data.world.draws import Draws, Floats
from jpegproof.data.world.leaves import Pile, lay_leaves, paint_pile
from jpegproof.data.world.lighting import Light
from jpegproof.data.world.outlines import Outline
from jpegproof.data.world.skins import Skin
from jpegproof.data.world.textures import TILE, texture_bank, texture_patch

_MOST_COVER = 5
_LEAF_RADII = (3.0, 9.0)
_STAND_OUT = (16.0, 52.0)
_SKIN_STRENGTH = (12.0, 32.0)
_PLAIN_STRENGTH = (0.0, 2.0)
_PLAIN_SHARE = 0.42


@dataclass(frozen=True, slots=True)
class Mood:
    """What the surfaces of one scene have in common.

    Attributes:
        mean: (3,) float32, mean luma in 0..255 and mean of the two chroma axes.
        contrast: spread of the ground's luma, grey levels.
        light: where the light comes from.
    """

    mean: Floats
    contrast: float
    light: Light


@dataclass(frozen=True, slots=True)
class Plan:
    """Where one object stands: class, centre and reach in pixels, turn in radians."""

    label: int
    x: float
    y: float
    reach: float
    turn: float


@dataclass(frozen=True, slots=True)
class Coat:
    """What one object looks like.

    Attributes:
        outline: its silhouette.
        skin: its pattern.
        luma: grey level without pattern and light.
        hue: its two chroma axes.
        strength: amplitude of the pattern, grey levels; about 0 for a plain one, which form and hue must tell.
        tinge: amplitude of the pattern in the two chroma axes, as a share of that in luma.
        rough: strength of the natural texture over it, grey levels.
        bulge: change of luma between the lit and the far side, grey levels.
        fall: how far its shadow falls, pixels.
        depth: darkness of the shadow, 0..1.
        texture: which texture, and from where: index, top, left.
    """

    outline: Outline
    skin: Skin
    luma: float
    hue: tuple[float, float]
    strength: float
    tinge: Floats
    rough: float
    bulge: float
    fall: float
    depth: float
    texture: tuple[int, int, int]


def draw_coat(draws: Draws, plan: Plan, mood: Mood) -> Coat:
    """The looks of one object of the plan's class, in a scene of a mood: darker or brighter than the ground."""
    kind = KINDS[plan.label]
    outline = kind.outline(draws)
    skin = kind.skin(draws, plan.reach)
    sign = 1.0 if draws.chance(0.5) else -1.0
    return Coat(
        outline=outline,
        skin=skin,
        luma=mood.mean[0] + sign * draws.uniform(*_STAND_OUT),
        hue=(
            0.6 * mood.mean[1] + kind.hue[0] + 9.0 * draws.bell(),
            0.6 * mood.mean[2] + kind.hue[1] + 6.0 * draws.bell(),
        ),
        strength=draws.uniform(*(_PLAIN_STRENGTH if draws.chance(_PLAIN_SHARE) else _SKIN_STRENGTH)),
        tinge=draws.uniforms(-0.25, 0.25, 2),
        rough=draws.uniform(0.1, 0.4) * mood.contrast * 0.6,
        bulge=draws.uniform(4.0, 22.0),
        fall=draws.uniform(1.0, 4.0),
        depth=draws.uniform(0.15, 0.5),
        texture=(draws.integer(len(texture_bank())), draws.integer(TILE), draws.integer(TILE)),
    )


def _shifted(field: Floats, down: int, right: int) -> Floats:
    """(H, W) moved by whole pixels, borders repeated."""
    height, width = field.shape
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return field[rows[:, None], columns]


class Canvas:
    """Colours so far, and which object each pixel shows.

    Args:
        colour: (3, H, W) float32, luma and two chroma axes; is painted over in place.

    Attributes:
        owner: (H, W) uint8, number of the object that is seen at each pixel, 0 for none.
    """

    def __init__(self, colour: Floats) -> None:
        self.colour = colour
        self.owner: NDArray[np.uint8] = np.zeros(colour.shape[1:], dtype=np.uint8)

    def paint(self, draws: Draws, plan: Plan, number: int, mood: Mood) -> int:
        """Paint one object over everything so far, with its shadow.

        Args:
            draws: where the randomness comes from.
            plan: where it stands.
            number: what ``owner`` says of its pixels, 1..255.
            mood: that of the scene.

        Returns:
            How many pixels of the picture it covers.
        """
        coat = draw_coat(draws, plan, mood)
        height, width = self.owner.shape
        edge = plan.reach * 1.25 + 6.0
        left, right = max(0, int(plan.x - edge)), min(width, int(plan.x + edge) + 1)
        top, bottom = max(0, int(plan.y - edge)), min(height, int(plan.y + edge) + 1)
        dx = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(plan.x)
        dy = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(plan.y)
        cosine, sine = np.float32(np.cos(plan.turn)), np.float32(np.sin(plan.turn))
        u = cosine * dx + sine * dy
        v = cosine * dy - sine * dx
        reach = np.float32(plan.reach)
        field = coat.outline(u / reach, v / reach) * reach

        window = self.colour[:, top:bottom, left:right]
        light_x, light_y = np.cos(mood.light.direction), np.sin(mood.light.direction)
        fallen = _shifted(field, round(-coat.fall * light_y), round(-coat.fall * light_x))
        shadow = np.clip(0.5 - fallen / np.float32(2.0 + coat.fall), 0.0, 1.0)
        window[0] *= 1.0 - np.float32(coat.depth) * shadow

        toward = (np.float32(light_x) * dx + np.float32(light_y) * dy) / reach
        rim = np.exp(np.minimum(field, 0.0) * np.float32(4.0 / plan.reach))
        pattern = coat.skin(u, v) * np.float32(coat.strength)
        grain = texture_patch(*coat.texture, bottom - top, right - left) * np.float32(coat.rough)
        surface = (
            np.float32(coat.luma) + pattern + grain + np.float32(coat.bulge) * (toward - 0.7 * rim),
            np.float32(coat.hue[0]) + pattern * coat.tinge[0],
            np.float32(coat.hue[1]) + pattern * coat.tinge[1],
        )
        cover = np.clip(0.5 - field, 0.0, 1.0)
        for channel in range(3):
            window[channel] += cover * (surface[channel] - window[channel])
        covered = cover >= 0.5
        self.owner[top:bottom, left:right][covered] = number
        return int(np.count_nonzero(covered))

    def strew(self, draws: Draws, mood: Mood) -> None:
        """Let a few small leaves fall over everything; what they hide belongs to no object any more."""
        height, width = self.owner.shape
        index = np.zeros((height, width), dtype=np.int64)
        count = draws.integer(_MOST_COVER + 1) * max(1, round(height * width / (96 * 96)))
        lay_leaves(draws, index, 1, *_LEAF_RADII, count)
        leaves = paint_pile(draws, Pile(index, count + 1), mood.mean, mood.contrast)
        on_top = index > 0
        self.colour = np.where(on_top, leaves, self.colour)
        self.owner[on_top] = 0
