"""Delivery chains that trainings draw from: what happens to a picture on its way, anew for each picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression, Subsampling
from jpegproof.jpeg.parts import UNIT
from jpegproof.jpeg.steps import Crop, Resize

Kind = Literal["save", "resize", "fit", "crop"]
#: The steps of which something is drawn.
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """One step of a chain, drawn between two ends.

    Attributes:
        kind: ``save`` (a JPEG of a libjpeg quality), ``tables`` (a JPEG of own tables, nothing to draw), ``resize``
            (both sides times a factor), ``fit`` (the longer side down to so many pixels), ``crop`` (so many rows and
            columns off, above and at the left; none where 0 is drawn).
        low: the least, 0 for tables.
        high: the most.
        subsampling: of a save's chroma planes; one of them.
        tables: of ``tables``; see `Compression`.
    """

    kind: Kind | Literal["tables"]
    low: float = 0.0
    high: float = 0.0
    subsampling: tuple[Subsampling, ...] = ("4:2:0",)
    tables: tuple[tuple[int, ...], ...] | None = None

    @property
    def moves(self) -> bool:
        """Whether a place in the picture is another place afterwards."""
        return self.kind not in ("save", "tables")


Step = Compression | Resize | Crop


def draw_steps(chain: Sequence[DrawnStep], random: np.random.Generator) -> list[Step]:
    """The steps of one picture; a crop of nothing is left out.

    Takes two numbers a step from `random`, whatever the step: what is drawn of one does not change the next.
    """
    steps: list[Step] = []
    for step, (share, sampling) in zip(chain, random.random((len(chain), 2)), strict=True):
        whole = int(step.low) + min(int((step.high + 1 - step.low) * share), int(step.high - step.low))
        if not step.moves:
            subsampling = step.subsampling[int(sampling * len(step.subsampling))]
            steps.append(Compression("jpeg", whole if step.kind == "save" else None, subsampling, tables=step.tables))
        elif step.kind == "resize":
            # Halves and doubles are as far from 1.
            steps.append(Resize(scale=math.exp(math.log(step.low) + math.log(step.high / step.low) * share)))
        elif step.kind == "fit":
            steps.append(Resize(longest=whole))
        elif whole:
            steps.append(Crop(whole))
    return steps


def deliver(pixels: Pixels, steps: Sequence[Step]) -> tuple[Pixels, DecodedJpeg]:
    """A picture at the end of its way, and what it would be there had it never been saved.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        steps: the last one is a save.

    Returns:
        The picture after all resizes and crops, and the JPEG: of one size.

    Raises:
        ValueError: a crop leaves nothing of the picture, or the last step is no save.
    """
    *before, last = steps
    if not isinstance(last, Compression):
        raise ValueError("a delivery ends with a save")
    original = pixels
    for step in before:
        if isinstance(step, Compression):
            pixels = decode(encode(pixels, step)).pixels
        else:
            original, pixels = step(original), step(pixels)
    return np.ascontiguousarray(original), decode(encode(pixels, last))


def room_for(size: tuple[int, int], steps: Sequence[Step]) -> tuple[int, int]:
    """(H, W) of what must be cut from a picture so that `size` is left of it after the steps, and a unit more."""
    sides = [side + UNIT for side in size]
    for step in reversed(steps):
        if isinstance(step, Crop):
            sides = [side + step.pixels for side in sides]
        elif isinstance(step, Resize) and step.scale is not None:
            sides = [math.ceil((side + 1) / step.scale) for side in sides]
    return sides[0], sides[1]


def square_of(original: Pixels, jpeg: DecodedJpeg, size: tuple[int, int]) -> tuple[Pixels, DecodedJpeg]:
    """The part of `size` (H, W) from the upper left of both, where the JPEG's grid begins.

    Raises:
        ValueError: the picture is smaller.
    """
    if min(original.shape[0] - size[0], original.shape[1] - size[1]) < 0:
        raise ValueError(f"{original.shape[0]} x {original.shape[1]} pixels hold no {size[0]} x {size[1]}")
    part = DecodedJpeg(np.ascontiguousarray(jpeg.pixels[: size[0], : size[1]]), replace(jpeg.header, size=size))
    return np.ascontiguousarray(original[: size[0], : size[1]]), part
