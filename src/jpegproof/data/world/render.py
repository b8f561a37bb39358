"""Rendering: a ground of dead leaves, objects on it in depth order, a few leaves over them, light, camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.data.world.canvas import Canvas, Mood
from jpegproof.data.world.cast import Cast
from jpegproof.data.world.draws import Draws
from jpegproof.data.world.leaves import lay_ground, paint_pile
from jpegproof.data.world.lighting import blur, brightness, draw_light, photograph, to_rgb
from jpegproof.data.world.scene import Instance, Scene

_SEEN_SHARE = 0.3
_SEEN_PIXELS = 24
_GROUND_BLUR = 0.12


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


def render(draws: Draws, cast: Cast, label: int, height: int, width: int) -> Scene:
    """A scene in which an object of one class dominates.

    Args:
        draws: where all randomness comes from.
        cast: which objects stand in it.
        label: class of the dominant object.
        height, width: pixels, each 48 or more.

    Returns:
        The scene; its dominant object is among its instances.
    """
    contrast = draws.uniform(8.0, 22.0)
    mean = np.array([draws.uniform(90.0, 160.0), 10.0 * draws.bell() + 4.0, 7.0 * draws.bell() + 3.0], dtype=np.float32)
    mood = Mood(mean, contrast, draw_light(draws, height, width))
    ground = lay_ground(draws, height, width)
    canvas = Canvas(blur(paint_pile(draws, ground, mood.mean, mood.contrast), _GROUND_BLUR))

    plans = cast.plans(draws, label, height, width)
    order = cast.order(draws, len(plans))
    covered = {place: canvas.paint(draws, plans[place], place + 1, mood) for place in order}
    canvas.strew(draws, mood)

    rgb = to_rgb(canvas.colour)
    rgb *= brightness(mood.light, height, width)
    picture = photograph(draws, rgb)

    seen = {place: _seen(canvas.owner, place + 1, plans[place].label, covered[place]) for place in order}
    places = [place for place in order if seen[place] is not None]
    instances = tuple(instance for instance in seen.values() if instance is not None)
    return Scene(picture, label, places.index(0), instances)
