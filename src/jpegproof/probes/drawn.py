"""What is drawn of a picture and of what a model says of it: plain data, which `reports` puts on paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jpegproof.probes.shown import Window

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

#: What is told of an answer by more than its colour.
Verdict = Literal["right", "wrong", "ignored", "truth"]

#: A legend names so many classes: those that fill most of the sheet.
NAMED = 14


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a colour means: ``colour`` is RGB, 0..255."""

    name: str
    colour: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A map that is laid over a picture.

    Attributes:
        pixels: (h, w, 3) uint8 RGB.
        place: where it lies.
        alone: whether a sheet shows it by itself, where the picture stands above it.
    """

    pixels: Picture
    place: Window
    alone: bool


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """An object: its box, and its mask where there is one.

    Attributes:
        box: left, top, right, bottom.
        text: its class, and its score where it has one; somebody else's words.
        colour: the class's.
        verdict: right or wrong; in a crowd region, or such a region of the truth itself: ignored; or of the truth.
        mask: (H, W) bool of the stored picture, or None.
    """

    box: Window
    text: str
    colour: Colour
    verdict: Verdict
    mask: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One of the answers of a model that chooses: ``share`` is its probability, 0..1; ``verdict`` None is not told."""

    text: str
    share: float
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture with what is said of it.

    Attributes:
        pixels: (H, W, 3) uint8 RGB; None where only words are shown.
        shown: what of the stored picture the pixels show.
        layer: laid over it, or None.
        marks: drawn upon it, the most certain first.
        bars: stand below it.
        words: what is said, in one line; somebody else's words are among them.
    """

    pixels: Picture | None
    shown: Window
    layer: Layer | None = None
    marks: tuple[Mark, ...] = ()
    bars: tuple[Bar, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPicture:
    """The answers about one picture, drawn in the same colours.

    Attributes:
        original: the answer on the original; None without one.
        looks: the answer along each edge, in the picture's order.
        truth: what is true; None without a label.
        legend: what the colours mean.
        key: what else needs saying of how it is drawn; empty where nothing does.
    """

    original: Drawn | None
    looks: tuple[Drawn | None, ...]
    truth: Drawn | None
    legend: tuple[LegendEntry, ...]
    key: str
