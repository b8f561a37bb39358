"""The ten kinds of objects: five silhouettes, each worn by two kinds that differ in skin, and a little in form and hue.

Form survives strong compression, skin survives in part, faint hue hardly at all. A network that has only seen clean
pictures leans on skin; one that knows JPEGs can lean on what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jpegproof.data.world.draws import Draws
from jpegproof.data.world.outlines import (
    Outline,
    beetle_outline,
    fan_outline,
    fish_outline,
    lens_outline,
    rosette_outline,
)
from jpegproof.data.world.skins import (
    Skin,
    band_skin,
    chevron_skin,
    coil_skin,
    dot_skin,
    grain_skin,
    ray_skin,
    scale_skin,
    stripe_skin,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """How objects of one class grow.

    Attributes:
        name: what people call it.
        outline: draws a silhouette.
        skin: draws a pattern for an object of a reach in pixels.
        fill: share of the square around the reach that such an object covers, typical.
        hue: mean of its two chroma axes (red against blue, green against purple), about -30..30.
    """

    name: str
    outline: Callable[[Draws], Outline]
    skin: Callable[[Draws, float], Skin]
    fill: float
    hue: tuple[float, float]


KINDS: tuple[Kind, ...] = (
    Kind("leaf", lambda d: lens_outline(d, 0.41), lambda d, reach: chevron_skin(d, 11.0, 0.6), 0.25, (-2, 9)),
    Kind("feather", lambda d: lens_outline(d, 0.36), lambda d, reach: chevron_skin(d, 7.0, 1.6), 0.21, (2, 1)),
    Kind(
        "flower",
        lambda d: rosette_outline(d, 5 + d.integer(3), 0.42, 0.5),
        lambda d, reach: ray_skin(d, 14 + 2 * d.integer(4), 0.0, 0.16 * reach),
        0.42,
        (8, -6),
    ),
    Kind(
        "starfish",
        lambda d: rosette_outline(d, 5 + d.integer(2), 0.5, 0.7),
        lambda d, reach: grain_skin(d, 10.0),
        0.33,
        (10, -1),
    ),
    Kind("carp", lambda d: fish_outline(d, 0.41), lambda d, reach: scale_skin(d, 12.5), 0.3, (3, 3)),
    Kind("mackerel", lambda d: fish_outline(d, 0.36), lambda d, reach: band_skin(d, 9.5, 1.3), 0.25, (-6, 0)),
    Kind("ladybird", lambda d: beetle_outline(d, 0.67), lambda d, reach: dot_skin(d, 12.5), 0.48, (12, -3)),
    Kind("potato beetle", lambda d: beetle_outline(d, 0.62), lambda d, reach: stripe_skin(d, 9.5), 0.43, (7, 4)),
    Kind(
        "scallop",
        lambda d: fan_outline(d, 0.72, 14),
        lambda d, reach: ray_skin(d, 20 + 2 * d.integer(5), -0.9 * reach, 0.0),
        0.7,
        (6, -5),
    ),
    Kind("snail", lambda d: fan_outline(d, 0.86, 0), lambda d, reach: coil_skin(d, 9.5, 0.05 * reach), 0.64, (1, 2)),
)
"""The classes in the order of their labels."""

CLASS_NAMES: tuple[str, ...] = tuple(kind.name for kind in KINDS)
"""Name of each label, 0..9."""
