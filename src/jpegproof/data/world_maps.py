"""The embedded world as a data set of label maps: the class of every pixel."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jpegproof.data.generated_pictures import GeneratedPictures
from jpegproof.data.world import CLASS_NAMES, WORLD_VERSION, World
from jpegproof.data.world_objects import GATHERINGS
from jpegproof.tasks.label_map import ClassNumbers, LabelMap
from jpegproof.tasks.protocol import ClassNames

WORLD_CLASSES: tuple[str, ...] = ("background", *CLASS_NAMES)
"""Name of each class, 0..10: what is no object, then the world's kinds of objects."""

_KEPT = 64  # more than the pictures of a shard, for which each edge asks anew


class WorldMaps(GeneratedPictures):
    """The pictures of `WorldObjects` with the class of each pixel; every pixel has one.

    The ground and the leaves strewn over everything are background, and so is an object of which hardly anything can be
    seen.
    """

    task = "semantic_segmentation"
    class_names: ClassNames | None = WORLD_CLASSES

    def __init__(self, split: str, size: int) -> None:
        world = World(split, size, GATHERINGS)
        super().__init__(world, f"world {WORLD_VERSION} {split} {world.settings}")
        self._drawn = lru_cache(maxsize=_KEPT)(self._draw)

    def target(self, index: int) -> LabelMap:
        """The class of each pixel, drawn when it is read."""
        return LabelMap(f"semantic {self.identity(index)}", lambda: self._drawn(index))

    def _draw(self, index: int) -> ClassNumbers:
        return self._world.scene(index).semantic.astype(np.int16)
