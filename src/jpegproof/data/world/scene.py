"""What a scene is: a picture and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BACKGROUND = 0
"""The value of the semantic map where no object is seen; class k is written as k + 1."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One object as far as it can be seen.

    Attributes:
        label: class, 0..len(CLASS_NAMES) - 1.
        box: x0, y0, x1, y1 around the visible part, pixels; x1 and y1 are exclusive, so x1 - x0 is the width.
        mask: (H, W) bool, True where the object is what the camera sees. Masks of a scene never overlap.
    """

    label: int
    box: tuple[int, int, int, int]
    mask: NDArray[np.bool_]

    @property
    def area(self) -> int:
        """Visible pixels."""
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture with everything that is true of it.

    Attributes:
        picture: (H, W, 3) uint8, RGB.
        label: class of the dominant object: the answer of the classification task.
        dominant: place of the dominant object in ``instances``.
        instances: every object of which enough can be seen, farthest first.
    """

    picture: NDArray[np.uint8]
    label: int
    dominant: int
    instances: tuple[Instance, ...]

    @property
    def boxes(self) -> NDArray[np.float32]:
        """(N, 4) float32 xyxy, pixels, in the order of ``instances``; (0, 4) in an empty scene."""
        return np.array([instance.box for instance in self.instances], dtype=np.float32).reshape(-1, 4)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) int64, classes in the order of ``instances``."""
        return np.array([instance.label for instance in self.instances], dtype=np.int64)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """(N, H, W) bool, in the order of ``instances``."""
        height, width = self.picture.shape[:2]
        return np.array([instance.mask for instance in self.instances], dtype=bool).reshape(-1, height, width)

    @property
    def semantic(self) -> NDArray[np.uint8]:
        """(H, W) uint8: BACKGROUND or class + 1."""
        semantic = np.full(self.picture.shape[:2], BACKGROUND, dtype=np.uint8)
        for instance in self.instances:
            semantic[instance.mask] = instance.label + 1
        return semantic
