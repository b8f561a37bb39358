"""What is true of every pixel of a picture: its class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

#: (H, W) int16 class numbers from 0, `jpegproof.tasks.segmenter.VOID` where none is known.
ClassNumbers = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """The class of each pixel of the picture as stored, read when it is asked for.

    A set of pictures holds thousands of maps, of which a few are needed at a time; for a fingerprint none is read.

    Attributes:
        content: a text that changes whenever the map does.
        read: gives the map; may raise `UnusablePictureError` where it comes from a file.
    """

    content: str
    read: Callable[[], ClassNumbers]

    @classmethod
    def of(cls, numbers: ClassNumbers) -> Self:
        """A map that is there already."""
        kept = np.ascontiguousarray(numbers, dtype=np.int16)
        digest = blake2b(f"{kept.shape}".encode(), digest_size=16)
        digest.update(kept.tobytes())
        return cls(digest.hexdigest(), partial(np.asarray, kept))

    def held(self) -> Self:
        """The same map, read now: it can be sent to another process. Raises as `read` does."""
        return replace(self, read=partial(np.asarray, self.read()))

    def describe(self) -> str:
        """A text that changes with anything in it; nothing is read for it."""
        return self.content

    def mirrored(self) -> Self:
        """The map of the picture mirrored left to right."""
        return self._moved("mirrored", lambda numbers: numbers[:, ::-1])

    def upended(self) -> Self:
        """The map of the picture mirrored top to bottom."""
        return self._moved("upended", lambda numbers: numbers[::-1])

    def transposed(self) -> Self:
        """The map of the picture with rows and columns exchanged."""
        return self._moved("transposed", lambda numbers: numbers.T)

    def _moved(self, how: str, move: Callable[[ClassNumbers], ClassNumbers]) -> Self:
        read = self.read
        return replace(self, content=f"{self.content} {how}", read=lambda: move(read()))
