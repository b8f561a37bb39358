"""Rendering: a ground of dead leaves, objects on it in depth order, a few leaves over them, light, camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.data.world.canvas import Canvas, Mood, Plan
from jpegproof.data.world.classes import KINDS
from jpegproof.data.world.draws import Draws
from jpegproof.data.world.leaves import lay_ground, paint_pile
from jpegproof.data.world.lighting import blur, brightness, draw_light, photograph, to_rgb
from jpegproof.data.world.scene import Instance, Scene

_DOMINANT_AREA = (0.15, 0.30)
_SMALL_AREA = (0.012, 0.035)
_MOST_SMALL = 3
_SEEN_SHARE = 0.3
_SEEN_PIXELS = 24
_GROUND_BLUR = 0.12


def _plan(
    draws: Draws, label: int, area: tuple[float, float], margin: float, turn: float, height: int, width: int
) -> Plan:
    """An object of a class whose area is a share of the picture's, at least margin * reach away from the borders."""
    pixels = draws.uniform(*area) * height * width
    reach = min(0.5 * (pixels / KINDS[label].fill) ** 0.5, 0.5 * min(height, width))
    inset = margin * reach
    return Plan(
        label=label,
        x=draws.uniform(min(inset, width / 2), max(width - inset, width / 2)),
        y=draws.uniform(min(inset, height / 2), max(height - inset, height / 2)),
        reach=reach,
        turn=turn,
    )


def _plans(draws: Draws, label: int, height: int, width: int) -> list[Plan]:
    """The dominant object, nearly level and facing either side, then up to three small ones of any class and turn."""
    turn = 0.3 * draws.bell() + (np.pi if draws.chance(0.5) else 0.0)
    plans = [_plan(draws, label, _DOMINANT_AREA, 0.95, turn, height, width)]
    for _ in range(draws.integer(_MOST_SMALL + 1)):
        other = draws.integer(len(KINDS))
        plans.append(_plan(draws, other, _SMALL_AREA, 0.3, draws.uniform(0.0, 2 * np.pi), height, width))
    return plans


def _seen(owner: NDArray[np.uint8], number: int, label: int, covered: int) -> Instance | None:
    """The visible part of an object, or None where too little is left of it."""
    mask = owner == number
    pixels = int(np.count_nonzero(mask))
    if pixels < max(_SEEN_PIXELS, _SEEN_SHARE * covered):
        return None
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Instance(label, box, mask)


def render(draws: Draws, label: int, height: int, width: int) -> Scene:
    """A scene in which an object of one class dominates.

    Args:
        draws: where all randomness comes from.
        label: class of the dominant object.
        height, width: pixels, each 48 or more.

    Returns:
        The scene; its dominant object is among its instances and is the largest of them.
    """
    contrast = draws.uniform(8.0, 22.0)
    mean = np.array([draws.uniform(90.0, 160.0), 10.0 * draws.bell() + 4.0, 7.0 * draws.bell() + 3.0], dtype=np.float32)
    mood = Mood(mean, contrast, draw_light(draws, height, width))
    ground = lay_ground(draws, height, width)
    canvas = Canvas(blur(paint_pile(draws, ground, mood.mean, mood.contrast), _GROUND_BLUR))

    plans = _plans(draws, label, height, width)
    order = [int(place) for place in draws.permutation(len(plans))]
    covered = {place: canvas.paint(draws, plans[place], place + 1, mood) for place in order}
    canvas.strew(draws, mood)

    rgb = to_rgb(canvas.colour)
    rgb *= brightness(mood.light, height, width)
    picture = photograph(draws, rgb)

    seen = {place: _seen(canvas.owner, place + 1, plans[place].label, covered[place]) for place in order}
    places = [place for place in order if seen[place] is not None]
    instances = tuple(instance for instance in seen.values() if instance is not None)
    return Scene(picture, label, places.index(0), instances)
