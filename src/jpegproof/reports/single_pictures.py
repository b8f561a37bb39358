"""The columns of a sheet as files of their own, all of one size: what is laid one over the other to be compared."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from jpegproof.exceptions import DataError
from jpegproof.probes.drawn import Drawn, Picture
from jpegproof.reports.figures import literal, sober_look
from jpegproof.reports.overlays import draw_over, shortened

#: Their longest side in pixels: a smaller picture is enlarged by the largest whole number that stays below it.
LONGEST_SIDE = 480

#: The pictures of one sheet take at most so many bytes together.
MOST_BYTES = 300_000

_SIDES = (LONGEST_SIDE, 384, 304, 240, 160, 80, 40)

_QUALITIES = (92, 84, 76, 68)
"""Of WebP. All pictures of a sheet are saved with the same, or they could not be compared."""

_DPI = 100
_FONT, _FONT_BELOW = 7.5, 9.5


def single_pictures(drawn: Sequence[Drawn]) -> list[bytes]:
    """Each drawn picture as WebP, its map, boxes or verdict upon it; together `MOST_BYTES` at most.

    They are made as large and as well as that allows: 480 pixels and quality 92, then 84, 76, 68, then the same with
    shorter sides.

    Args:
        drawn: with pixels, and of one shape unless a delivery chain has cropped some.

    Raises:
        DataError: there are hundreds of them.
    """
    for side in _SIDES:
        pictures = [_rendered(one, side) for one in drawn]
        for quality in _QUALITIES:
            files = [_webp(picture, quality) for picture in pictures]
            if sum(map(len, files)) <= MOST_BYTES:
                return files
    raise DataError(f"{len(drawn)} columns are more than a sheet can hold; name fewer cures")


def _rendered(drawn: Drawn, side: int) -> Image.Image:
    left, top, right, bottom = drawn.shown
    width, height = _fitted((right - left, bottom - top), side)
    with sober_look():
        figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        points = 72 * width / _DPI
        resized = Drawn(_resized(drawn.pixels, (width, height)), drawn.shown, drawn.layer, drawn.marks)
        draw_over(axes, resized, points, _FONT)
        axes.set_aspect("auto")  # the sides are rounded to whole pixels
        if drawn.bars:
            _write_below(axes, drawn.words, points, 72 * height / _DPI)
        literal(figure)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _fitted(sides: tuple[float, float], most: int) -> tuple[int, int]:
    """The (width, height) in whole pixels: enlarged a whole number of times, or shrunk."""
    longest = max(sides)
    factor = most // longest if longest <= most else most / longest
    return max(round(sides[0] * factor), 1), max(round(sides[1] * factor), 1)


def _resized(pixels: Picture | None, size: tuple[int, int]) -> Picture | None:
    if pixels is None or (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    shrunk = size[0] < pixels.shape[1]
    how = Image.Resampling.LANCZOS if shrunk else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(pixels).resize(size, how))


def _write_below(axes: Axes, words: str, points: float, height: float) -> None:
    """The verdict on a dark strip at the lower edge: there is no place in the picture that it is about."""
    share = min(1.8 * _FONT_BELOW / height, 1.0)
    strip = Rectangle((0, 0), 1, share, transform=axes.transAxes, color="#1a202c", alpha=0.8, linewidth=0)
    axes.add_patch(strip)
    line = shortened(words, points - _FONT_BELOW, _FONT_BELOW)
    place = _FONT_BELOW / 2 / points, share / 2
    axes.text(*place, line, fontsize=_FONT_BELOW, color="white", va="center_baseline", transform=axes.transAxes)


def _webp(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()
