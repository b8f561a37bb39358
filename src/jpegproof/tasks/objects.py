"""Objects in a picture: what is true of it, and what a detector says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from jpegproof.tasks.masks import Mask, decode_mask, encode_mask

_Move = Callable[[Mask], Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """What is true of a picture: its objects, in pixels of the picture as stored.

    Attributes:
        size: (H, W) of the picture, pixels.
        boxes: (N, 4) float64 xyxy, pixels.
        labels: (N,) int64 category ids, as the data set numbers them (COCO: 1..90 with gaps).
        crowd: (N,) bool: regions of many objects, in which detections are neither right nor wrong (COCO's ``iscrowd``).
        areas: (N,) float64 square pixels, as the data set states them: they decide who is small, medium or large.
        masks: per object COCO's compressed run lengths (the ``counts`` of `pycocotools.mask`), or None where the data
            set has boxes alone.
    """

    size: tuple[int, int]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    areas: NDArray[np.float64]
    masks: tuple[bytes, ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def describe(self) -> str:
        """A digest of everything in it."""
        digest = blake2b(f"{self.size} {self.masks is None}".encode(), digest_size=16)
        for values in (self.boxes, self.labels, self.crowd, self.areas):
            digest.update(np.ascontiguousarray(values).tobytes())
        for mask in self.masks or ():
            digest.update(len(mask).to_bytes(8, "little") + mask)
        return digest.hexdigest()

    def mirrored(self) -> Self:
        """The objects of the picture mirrored left to right."""
        left, top, right, bottom = self.boxes.T
        width = self.size[1]
        moved = np.stack([width - right, top, width - left, bottom], axis=1)
        return self._moved(self.size, moved, lambda mask: mask[:, ::-1])

    def upended(self) -> Self:
        """The objects of the picture mirrored top to bottom."""
        left, top, right, bottom = self.boxes.T
        height = self.size[0]
        moved = np.stack([left, height - bottom, right, height - top], axis=1)
        return self._moved(self.size, moved, lambda mask: mask[::-1])

    def transposed(self) -> Self:
        """The objects of the picture with rows and columns exchanged."""
        return self._moved((self.size[1], self.size[0]), self.boxes[:, [1, 0, 3, 2]], lambda mask: mask.T)

    def _moved(self, size: tuple[int, int], boxes: NDArray[np.float64], move: _Move) -> Self:
        masks = None
        if self.masks is not None:
            masks = tuple(encode_mask(move(decode_mask(mask, self.size))) for mask in self.masks)
        return type(self)(size, boxes, self.labels, self.crowd, self.areas, masks)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What a detector says of a picture, best first, in pixels of the picture as stored.

    Attributes:
        size: (H, W) of the picture, pixels.
        boxes: (N, 4) float32 xyxy, pixels.
        labels: (N,) int64 category ids, numbered as the data set numbers them.
        scores: (N,) float32, falling.
        masks: per detection COCO's compressed run lengths, or None where the detector draws no masks.
    """

    size: tuple[int, int]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    masks: tuple[bytes, ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)
