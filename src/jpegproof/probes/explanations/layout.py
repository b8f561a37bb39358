"""How a layer's answer lies over the picture: as a map of channels, channels last, or as tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, cat

#: Tokens that stand for no place come first: the class's, a distilled one, a few registers.
_MOST_PREFIX_TOKENS = 8

#: By how much the sides' ratio of a map may differ from that of the input: sides are rounded, and padded in detectors.
_RATIO = 1.34


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the places of a picture are in a layer's answer to one picture.

    Attributes:
        kind: ``channels_first`` (1, C, h, w), ``channels_last`` (1, h, w, C) or ``tokens`` (1, prefix + h * w, C).
        size: (h, w).
        prefix: tokens before those of the places; 0 for maps.
    """

    kind: Literal["channels_first", "channels_last", "tokens"]
    size: tuple[int, int]
    prefix: int = 0

    @property
    def places(self) -> int:
        """How many places there are."""
        return self.size[0] * self.size[1]

    def to_map(self, answer: Tensor) -> Tensor:
        """The answer as (1, C, h, w); the tokens of no place are left out."""
        if self.kind == "channels_first":
            return answer
        if self.kind == "channels_last":
            return answer.permute(0, 3, 1, 2)
        return answer[:, self.prefix :].transpose(1, 2).unflatten(2, self.size)

    def from_map(self, found: Tensor, answer: Tensor) -> Tensor:
        """Undoes `to_map`; the tokens of no place are the answer's own."""
        if self.kind == "channels_first":
            return found
        if self.kind == "channels_last":
            return found.permute(0, 2, 3, 1)
        return cat([answer[:, : self.prefix], found.flatten(2).transpose(1, 2)], dim=1)


def layout_of(shape: Sequence[int], picture: tuple[int, int]) -> Layout | None:
    """How an answer of a shape lies over a picture; None where it is no map of one picture.

    Args:
        shape: of a layer's answer to one picture.
        picture: (H, W) of the network's input. A map has about its ratio of sides, and two rows and columns at least.
    """
    if len(shape) == 4 and shape[0] == 1:
        if _lies_over((shape[2], shape[3]), picture):
            return Layout("channels_first", (shape[2], shape[3]))
        if _lies_over((shape[1], shape[2]), picture):
            return Layout("channels_last", (shape[1], shape[2]))
    if len(shape) == 3 and shape[0] == 1:
        for prefix in range(_MOST_PREFIX_TOKENS + 1):
            rows = round(math.sqrt(max(shape[1] - prefix, 0) * picture[0] / picture[1]))
            columns, rest = divmod(shape[1] - prefix, rows) if rows > 0 else (0, 1)
            if rest == 0 and _lies_over((rows, columns), picture):
                return Layout("tokens", (rows, columns), prefix)
    return None


def _lies_over(size: tuple[int, int], picture: tuple[int, int]) -> bool:
    if min(size) < 2:
        return False
    ratio = size[0] * picture[1] / (size[1] * picture[0])
    return 1 / _RATIO <= ratio <= _RATIO
