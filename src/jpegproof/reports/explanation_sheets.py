"""Sheets of explanations: the gradient above the Grad-CAM, one column for each version of a picture.

Source: the layout of the paper's Figures 1 to 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from jpegproof.analysis.explanations.measures import strength
from jpegproof.reports.figures import literal, sober_look, wrapped
from jpegproof.reports.line_styles import GRID

_WIDTH = 2.1
"""Of a column, in inches."""

_BRIGHTEST = 99.5
"""Percentile of the gradient that is drawn white: a few pixels far above all others would leave the rest black."""

_MARK = "#ffffff"


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationColumn:
    """One version of a picture.

    Attributes:
        heading: what happened to it.
        seen: (H, W, 3) uint8 RGB, what the model was shown; None where it was shown nothing.
        gradient: (3, H, W); None where there is none.
        cam: (h, w), at least 0; None where there is none.
        gradient_note: stands below the gradient.
        cam_note: stands below the map.
    """

    heading: str
    seen: NDArray[np.uint8] | None
    gradient: NDArray[np.float32] | None
    cam: NDArray[np.float32] | None
    gradient_note: str
    cam_note: str


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationSheet:
    """One picture's versions beside each other.

    Attributes:
        title: of which picture and model, and what is explained.
        columns: from left to right.
        box: (4,) xyxy in pixels of what the model was shown, where a box is explained.
        outline: (H, W) bool, of that size, where a region is explained.
    """

    title: str
    columns: Sequence[ExplanationColumn]
    box: NDArray[Any] | None = None
    outline: NDArray[np.bool_] | None = None


def draw_explanations(sheet: ExplanationSheet) -> Figure:
    """The sheet as a figure. Each gradient and each map has a scale of its own, since only its shape says something."""
    shapes = [column.seen.shape for column in sheet.columns if column.seen is not None]
    ratio = shapes[0][0] / shapes[0][1] if shapes else 1.0
    with sober_look():
        size = (_WIDTH * len(sheet.columns) + 0.5, 2 * _WIDTH * ratio + 0.95)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(2, len(sheet.columns), squeeze=False)
        for place, (column, (above, below)) in enumerate(zip(sheet.columns, grid.T, strict=True)):
            above.set_title(wrapped(column.heading, 26), fontsize=8, fontweight="bold")
            for axes, name in ((above, "Gradient"), (below, "Grad-CAM")):
                axes.set_box_aspect(ratio)
                axes.set_xticks([])
                axes.set_yticks([])
                axes.spines[["top", "right", "bottom", "left"]].set(visible=True, color=GRID, linewidth=0.8)
                if place == 0:
                    axes.set_ylabel(name, fontsize=8)
            if column.gradient is not None:
                above.imshow(brightness(column.gradient), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if column.seen is not None:
                _draw_map(below, column.seen, column.cam)
                _mark(below, sheet)
            above.set_xlabel(wrapped(column.gradient_note, 34), fontsize=7)
            below.set_xlabel(wrapped(column.cam_note, 34), fontsize=7)
        figure.suptitle(wrapped(sheet.title, int(15 * size[0])), fontsize=9)
        return literal(figure)


def brightness(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """A gradient as people look at it: (H, W) in 0..1, the greatest size over the channels, the strongest places 1."""
    strong = strength(gradient)
    brightest = float(np.percentile(strong, _BRIGHTEST)) or float(strong.max()) or 1.0
    return np.clip(strong / brightest, 0, 1)


def _draw_map(axes: Axes, seen: NDArray[np.uint8], cam: NDArray[np.float32] | None) -> None:
    height, width = seen.shape[:2]
    axes.imshow(seen.mean(axis=2), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    if cam is not None:
        whole = (-0.5, width - 0.5, height - 0.5, -0.5)
        strongest = float(cam.max()) or 1.0
        axes.imshow(cam, cmap="turbo", vmin=0, vmax=strongest, alpha=0.55, extent=whole, interpolation="bilinear")
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)


def _mark(axes: Axes, sheet: ExplanationSheet) -> None:
    if sheet.box is not None:
        left, top, right, bottom = (float(value) for value in sheet.box)
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=_MARK))
    if sheet.outline is not None and sheet.outline.any() and not sheet.outline.all():
        axes.contour(sheet.outline.astype(float), levels=[0.5], colors=_MARK, linewidths=0.8)
