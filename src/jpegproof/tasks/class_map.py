"""What a segmenter says of a picture, and how it is counted against what is true, or against another answer."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from jpegproof.tasks.label_map import ClassNumbers
from jpegproof.tasks.segmenter import VOID

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ClassMap:
    """A segmenter's answer: the class of each pixel of the picture as stored.

    Attributes:
        numbers: (H, W) int16, 0..classes - 1.
        classes: how many classes the segmenter knows.
    """

    numbers: ClassNumbers
    classes: int

    def packed(self) -> bytes:
        """The map without loss: 4 kB for a frame of CamVid, 480 x 360."""
        return zlib.compress(np.ascontiguousarray(self.numbers, dtype=_stored_type(self.classes)).tobytes())

    @classmethod
    def unpacked(cls, content: bytes, size: tuple[int, int], classes: int) -> Self:
        """Back from `packed`; `size` is (H, W)."""
        numbers = np.frombuffer(zlib.decompress(content), dtype=_stored_type(classes))
        return cls(numbers.reshape(size).astype(np.int16), classes)


class ClassCounts(NamedTuple):
    """Pixels of each class, (K,) int64: said rightly, said, and true."""

    intersection: Counts
    predicted: Counts
    labelled: Counts


def count_classes(answer: ClassMap, truth: ClassNumbers) -> ClassCounts:
    """Counts an answer against a map of the same size; pixels of which nothing is known count for nothing.

    Source: the official ADE20K evaluation, CSAILVision/semantic-segmentation-pytorch, ``intersectionAndUnion``.
    """
    known = truth != VOID
    said, true = answer.numbers[known], truth[known]
    return ClassCounts(*(np.bincount(part, minlength=answer.classes) for part in (said[said == true], said, true)))


def _stored_type(classes: int) -> np.dtype[np.unsignedinteger]:
    return np.dtype("<u1" if classes <= 256 else "<u2")
