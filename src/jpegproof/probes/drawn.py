"""A model's answer as a picture that people can look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.probes.class_colours import class_colours, coloured
from jpegproof.probes.shown import Look, ShownPicture
from jpegproof.tasks.class_map import ClassMap
from jpegproof.tasks.label_map import ClassNumbers, LabelMap
from jpegproof.tasks.protocol import ClassNames, numbered

Picture = NDArray[np.uint8]

#: A legend names so many classes: those that fill most of the sheet.
NAMED = 14


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a colour means: ``colour`` is RGB, 0..255."""

    name: str
    colour: tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPicture:
    """The answers about one picture, drawn in the same colours.

    Attributes:
        original: the answer on the original; None without one. (H, W, 3) uint8 RGB as all of them.
        looks: the answer along each edge, in the picture's order.
        truth: what is true; None without a label.
        legend: what the colours mean.
    """

    original: Picture | None
    looks: tuple[Picture | None, ...]
    truth: Picture | None
    legend: tuple[LegendEntry, ...]


def draw_maps(shown: ShownPicture, class_names: ClassNames | None) -> DrawnPicture:
    """A semantic segmenter's answers: every pixel in its class's colour, white where no class is known.

    Args:
        shown: with answers of `SemanticSegmentation`.
        class_names: of the data set; classes without a name go by their number.
    """
    answers = [_map_of(look) for look in (shown.original, *shown.looks)]
    truth = _truth_of(cast("LabelMap | None", shown.target))
    classes = next(
        (answer.classes for answer in answers if answer is not None), int(0 if truth is None else truth.max()) + 1
    )
    painted = [None if answer is None else coloured(answer.numbers, classes) for answer in answers]
    maps = [answer.numbers for answer in answers if answer is not None] + ([] if truth is None else [truth])
    legend = _legend(maps, classes, numbered(class_names) if class_names is not None else {})
    return DrawnPicture(painted[0], tuple(painted[1:]), None if truth is None else coloured(truth, classes), legend)


def _map_of(look: Look) -> ClassMap | None:
    return None if look.answer is None else cast("Sequence[ClassMap]", look.answer)[0]


def _truth_of(target: LabelMap | None) -> ClassNumbers | None:
    try:
        return None if target is None else target.read()
    except UnusablePictureError:
        return None


def _legend(maps: Sequence[ClassNumbers], classes: int, names: Mapping[int, str]) -> tuple[LegendEntry, ...]:
    pixels = sum(
        (np.bincount(one[one >= 0], minlength=classes) for one in maps), start=np.zeros(classes, dtype=np.int64)
    )
    largest = sorted(np.flatnonzero(pixels).tolist(), key=lambda number: -pixels[number])[:NAMED]
    palette = class_colours(classes).tolist()
    entries = [LegendEntry(names.get(number, str(number)), tuple(palette[number])) for number in sorted(largest)]
    if any((one < 0).any() for one in maps):
        entries.append(LegendEntry("no class", (255, 255, 255)))
    return tuple(entries)
