"""A semantic segmenter's answers: every pixel in its class's colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.probes.class_colours import UNKNOWN, class_colours, coloured
from jpegproof.probes.drawn import NAMED, Drawn, DrawnPicture, Layer, LegendEntry
from jpegproof.probes.shown import Look, ShownPicture, Window
from jpegproof.tasks.class_map import ClassMap
from jpegproof.tasks.label_map import ClassNumbers, LabelMap


def draw_maps(shown: ShownPicture, names: Mapping[int, str]) -> DrawnPicture:
    """Draws the class of each pixel, light grey where none is known.

    Args:
        shown: with answers of `SemanticSegmentation`.
        names: of the classes; one without a name goes by its number.
    """
    looks = (shown.original, *shown.looks)
    answers = [_map_of(look) for look in looks]
    truth = _truth_of(cast("LabelMap | None", shown.target))
    known = (answer.classes for answer in answers if answer is not None)
    classes = max([*known, int(0 if truth is None else truth.max()) + 1])
    drawn = [
        None if answer is None else _drawn(look, answer.numbers, classes, names)
        for look, answer in zip(looks, answers, strict=True)
    ]
    maps = [answer.numbers for answer in answers if answer is not None] + ([] if truth is None else [truth])
    legend = _legend(maps, classes, names)
    true = None if truth is None else _drawn(shown.original, truth, classes, names)
    key = "" if true is not None else "No label: compared with the map on the original."
    return DrawnPicture(drawn[0], tuple(drawn[1:]), true, legend, key)


def _drawn(look: Look, numbers: ClassNumbers, classes: int, names: Mapping[int, str]) -> Drawn:
    height, width = numbers.shape
    place: Window = (0.0, 0.0, float(width), float(height))
    largest = ", ".join(_name(number, names) for number in _by_size([numbers], classes)[:3])
    layer = Layer(coloured(numbers, classes), place, alone=True)
    return Drawn(look.pixels, look.shown, layer, words=largest)


def _map_of(look: Look) -> ClassMap | None:
    return None if look.answer is None else cast("Sequence[ClassMap]", look.answer)[0]


def _truth_of(target: LabelMap | None) -> ClassNumbers | None:
    try:
        return None if target is None else target.read()
    except UnusablePictureError:
        return None


def _by_size(maps: Sequence[ClassNumbers], classes: int) -> list[int]:
    """The classes that occur, the largest first."""
    pixels = sum(
        (np.bincount(one[one >= 0], minlength=classes) for one in maps), start=np.zeros(classes, dtype=np.int64)
    )
    return sorted(np.flatnonzero(pixels).tolist(), key=lambda number: -pixels[number])


def _legend(maps: Sequence[ClassNumbers], classes: int, names: Mapping[int, str]) -> tuple[LegendEntry, ...]:
    palette = class_colours(classes).tolist()
    largest = sorted(_by_size(maps, classes)[:NAMED])
    entries = [LegendEntry(_name(number, names), tuple(palette[number])) for number in largest]
    if any((one < 0).any() for one in maps):
        entries.append(LegendEntry("no class", UNKNOWN))
    return tuple(entries)


def _name(number: int, names: Mapping[int, str]) -> str:
    return names.get(number, str(number))
