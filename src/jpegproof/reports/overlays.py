"""Puts a drawn picture on an axes: the picture, maps laid over it, boxes, masks, and words beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextToPath

from jpegproof.probes.drawn import Colour, Drawn, Layer, Mark, Verdict
from jpegproof.probes.shown import Window
from jpegproof.reports.names import plain

_STRENGTH = 0.55
"""Of a map over a picture: what lies below stays to be seen."""

_LINES: dict[Verdict, str] = {"right": "-", "truth": "-", "wrong": "--", "ignored": ":"}

_INK, _PAPER = (26, 32, 44), (255, 255, 255)


@dataclass(frozen=True, slots=True)
class _Scale:
    """How large the axes is: `unit` is pixels of the stored picture per point, `font` in points."""

    unit: float
    font: float


def draw_over(axes: Axes, drawn: Drawn, points: float, font: float, smooth: bool = True) -> None:
    """Draws a picture with all that lies upon it; the axes shows what its pixels show.

    Args:
        axes: of the picture's own shape.
        drawn: with pixels.
        points: the width of the axes.
        font: size of the words, in points.
        smooth: whether a picture that is shrunk is averaged; enlarged it is not smoothed.
    """
    left, top, right, bottom = drawn.shown
    if drawn.pixels is not None:
        large = drawn.pixels.shape[1] > points * 200 / 72
        how = "antialiased" if smooth and large else "nearest"
        axes.imshow(drawn.pixels, extent=(left, right, bottom, top), interpolation=how)
    if drawn.layer is not None:
        _draw_layer(axes, drawn.layer, _STRENGTH)
    scale = _Scale((right - left) / points, font)
    for mark in reversed(drawn.marks):  # the most certain on top
        _draw_mark(axes, mark, drawn.shown, scale)
    _draw_words(axes, drawn, scale)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_aspect("equal")


def draw_map(axes: Axes, layer: Layer, shown: Window) -> None:
    """Draws a map alone, where the picture would be."""
    _draw_layer(axes, layer, 1.0)
    axes.set_xlim(shown[0], shown[2])
    axes.set_ylim(shown[3], shown[1])
    axes.set_aspect("equal")


def shortened(text: str, width: float, size: float) -> str:
    """The text as one printable line, cut with an ellipsis where it is wider than so many points."""
    line = plain(text)
    if width_of(line, size) <= width:
        return line
    kept = min(len(line), int(width / (0.2 * size)))  # no letter of the font is narrower
    while kept and width_of(line[:kept] + "…", size) > width:
        kept -= 1
    return line[:kept].rstrip() + "…"


def width_of(text: str, size: float) -> float:
    """How wide a line is, in points."""
    return TextToPath().get_text_width_height_descent(text, FontProperties(size=size), False)[0]


def _draw_layer(axes: Axes, layer: Layer, strength: float) -> None:
    left, top, right, bottom = layer.place
    axes.imshow(layer.pixels, extent=(left, right, bottom, top), interpolation="nearest", alpha=strength)


def _draw_mark(axes: Axes, mark: Mark, shown: Window, scale: _Scale) -> None:
    colour = _css(mark.colour)
    halo = [patheffects.withStroke(linewidth=2.2, foreground="white")]
    if mark.mask is not None and mark.mask.any():
        height, width = mark.mask.shape
        filled = np.zeros((height, width, 4), dtype=np.uint8)
        filled[mark.mask] = (*mark.colour, 40 if mark.verdict == "ignored" else 110)
        axes.imshow(filled, extent=(0, width, height, 0), interpolation="nearest")
    box = _inside(mark.box, shown, scale)
    if box is None:
        return
    left, top, right, bottom = box
    frame = Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour)
    frame.set(linewidth=1.2, linestyle=_LINES[mark.verdict], path_effects=halo, gid="box")
    if mark.verdict == "ignored" and mark.mask is None:
        frame.set_hatch("////")
    axes.add_patch(frame)


def _inside(box: Window, shown: Window, scale: _Scale) -> Window | None:
    """The part of a box that can be seen, far enough from the border for its line to be seen; None where it is not."""
    edge = 0.6 * scale.unit
    left, top = max(box[0], shown[0] + edge), max(box[1], shown[1] + edge)
    right, bottom = min(box[2], shown[2] - edge), min(box[3], shown[3] - edge)
    beyond = box[0] >= shown[2] or box[1] >= shown[3] or box[2] <= shown[0] or box[3] <= shown[1]
    return None if beyond else (min(left, right), min(top, bottom), max(left, right), max(top, bottom))


def _draw_words(axes: Axes, drawn: Drawn, scale: _Scale) -> None:
    """Names the boxes, the most certain first, where there is room: a name that would cover another is left out."""
    taken: list[Window] = []
    view = drawn.shown
    height = 1.5 * scale.font * scale.unit
    for mark in drawn.marks:
        box = _inside(mark.box, view, scale)
        text = shortened(mark.text, 0.6 * (view[2] - view[0]) / scale.unit, scale.font)
        if box is None or not text:
            continue
        width = (width_of(text, scale.font) + 0.5 * scale.font) * scale.unit
        place = _free_place(box, (width, height), view, taken)
        if place is None:
            continue
        taken.append(place)
        left, top, right, bottom = place
        axes.add_patch(Rectangle((left, top), right - left, bottom - top, color=_css(mark.colour), linewidth=0))
        middle = (left + right) / 2, (top + bottom) / 2
        ink = _css(_readable_on(mark.colour))
        axes.text(*middle, text, fontsize=scale.font, color=ink, ha="center", va="center_baseline", gid="name")


def _free_place(box: Window, size: tuple[float, float], view: Window, taken: list[Window]) -> Window | None:
    width, height = size
    left = min(max(box[0], view[0]), view[2] - width)
    flush = max(box[2] - width, view[0])
    for x, y in (
        (left, box[1] - height),
        (left, box[1]),
        (left, box[3]),
        (left, box[3] - height),
        (flush, box[1] - height),
        (flush, box[3]),
    ):
        place = (x, y, x + width, y + height)
        fits = view[1] <= y and y + height <= view[3] and x + width <= view[2] + 1e-9
        if fits and not any(_meet(place, other) for other in taken):
            return place
    return None


def _meet(one: Window, other: Window) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _readable_on(colour: Colour) -> Colour:
    """Dark or white letters, whichever has the greater contrast. Source: WCAG 2.2, relative luminance."""
    shares = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in np.divide(colour, 255)
    ]
    luminance = float(np.dot(shares, (0.2126, 0.7152, 0.0722)))
    return _INK if (luminance + 0.05) / 0.0656 > 1.05 / (luminance + 0.05) else _PAPER


def _css(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
