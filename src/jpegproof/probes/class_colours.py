"""Colours of classes on a map: as far apart as so many can be, the same for a class in every sheet."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: Of pixels that are of no class, or of an unknown one: a light grey, which a white page does not swallow.
UNKNOWN = (214, 217, 222)

#: The first class is the background of many data sets.
_FIRST = (70, 74, 82)

#: Levels of each channel among which colours are sought.
_LEVELS = np.linspace(20, 235, 12).round().astype(np.uint8)


@lru_cache(maxsize=8)
def class_colours(classes: int) -> NDArray[np.uint8]:
    """(classes, 3) RGB: each colour is the one that lies furthest from all before it, and from the grey.

    Distances are Euclidean in Oklab, in which equal steps look about equal. Source: Ottosson, "A perceptual color space
    for image processing", 2020.
    """
    sought = np.stack(np.meshgrid(_LEVELS, _LEVELS, _LEVELS, indexing="ij"), axis=-1).reshape(-1, 3)
    places = _oklab(sought)
    taken = [np.array(_FIRST, dtype=np.uint8)]
    nearest = np.minimum(_apart(places, _oklab(np.array(UNKNOWN))), _apart(places, _oklab(taken[0])))
    while len(taken) < classes:
        furthest = int(nearest.argmax())
        taken.append(sought[furthest])
        nearest = np.minimum(nearest, _apart(places, places[furthest]))
    return np.stack(taken)[:classes]


def coloured(numbers: NDArray[np.integer], classes: int) -> NDArray[np.uint8]:
    """A map of classes as a picture: (H, W, 3) RGB; what is below 0 is of no class.

    Args:
        numbers: (H, W) classes below `classes`.
        classes: how many there are.
    """
    palette = np.concatenate([class_colours(classes), np.array([UNKNOWN], dtype=np.uint8)])
    return palette[np.where(numbers < 0, classes, numbers)]


def _apart(places: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(places - place, axis=-1)


def _oklab(colours: NDArray[np.integer]) -> NDArray[np.float64]:
    """(..., 3) RGB, 0..255, in Oklab."""
    share = colours / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )
