"""The embedded world: as many labelled pictures as anyone wants, with no download and no licence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.data.world.cast import PORTRAIT, Cast
from jpegproof.data.world.classes import CLASS_NAMES
from jpegproof.data.world.draws import Draws
from jpegproof.data.world.render import render
from jpegproof.data.world.scene import Scene
from jpegproof.exceptions import DataError, UnknownNameError, nearest

WORLD_VERSION = 1
"""Changes whenever any picture changes; part of every key that a picture is drawn from."""

SPLITS: dict[str, int] = {"train": 0, "val": 1, "test": 2}
"""Number of each split in a picture's key: ``train`` to learn from, ``val`` to tune on, ``test`` to report."""

DEFAULT_LENGTHS: dict[str, int] = {"train": 30_000, "val": 2_000, "test": 2_000}
"""Pictures of a split unless a length is given. Any index >= 0 can be drawn; a length only says where to stop."""

_SCENE_STREAM = 0
_LABEL_STREAM = 1


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """What may be asked of the world.

    Attributes:
        height, width: of a picture, pixels; 48 or more. Larger pictures show more ground and more of each object.
        cast: which objects stand in a scene.
    """

    height: int = 96
    width: int = 96
    cast: Cast = PORTRAIT


class World:
    """One split of the embedded world.

    A picture depends on ``WORLD_VERSION``, the split, the index and the settings only: not on the order in which
    pictures are asked for, nor on the process, nor on the length of the split.

    Args:
        split: one of ``SPLITS``.
        length: pictures; None for the split's own default.
        settings: size of the pictures, and what is in them.

    Raises:
        UnknownNameError: the split is not known.
        DataError: a length below 1 or pictures smaller than 48 x 48.
    """

    classes = CLASS_NAMES

    def __init__(self, split: str, length: int | None = None, settings: WorldSettings | None = None) -> None:
        if split not in SPLITS:
            hint = nearest(split, SPLITS)
            raise UnknownNameError(f"The world has no split {split!r}.{hint} Known: {', '.join(SPLITS)}.")
        self.split = split
        self.settings = settings or WorldSettings()
        self.length = DEFAULT_LENGTHS[split] if length is None else length
        if self.length < 1:
            raise DataError(f"A split of the world cannot have {self.length} pictures; ask for 1 or more.")
        if min(self.settings.height, self.settings.width) < 48:
            raise DataError(
                f"World pictures of {self.settings.height} x {self.settings.width} pixels are too small to show an "
                "object; ask for 48 x 48 or more."
            )

    def __len__(self) -> int:
        return self.length

    def label(self, index: int) -> int:
        """Class of the dominant object, 0..9, without drawing the picture.

        Each run of ten indices that starts at a multiple of ten holds every class once, in an order of its own, so
        that any prefix of a split is balanced and no regular stride falls on one class.

        Raises:
            IndexError: index outside 0..len - 1.
        """
        self._check(index)
        block, place = divmod(index, len(CLASS_NAMES))
        return int(self._draws(_LABEL_STREAM, block).permutation(len(CLASS_NAMES))[place])

    def scene(self, index: int) -> Scene:
        """Picture, objects, masks and labels.

        Raises:
            IndexError: index outside 0..len - 1.
        """
        label = self.label(index)
        settings = self.settings
        return render(self._draws(_SCENE_STREAM, index), settings.cast, label, settings.height, settings.width)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """(H, W, 3) uint8, RGB.

        Raises:
            IndexError: index outside 0..len - 1.
        """
        return self.scene(index).picture

    def _check(self, index: int) -> None:
        if not 0 <= index < self.length:
            raise IndexError(f"Picture {index} of split {self.split!r}, which has {self.length}.")

    def _draws(self, stream: int, index: int) -> Draws:
        return Draws(WORLD_VERSION, SPLITS[self.split], stream, index)
