"""The ways of resizing that servers use, by the names that a user types; size and crop are the model's own in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError
from jpegproof.models.preparation import Preparation
from jpegproof.probes.parity.decoders import Size
from jpegproof.probes.parity.libraries import import_library

#: A picture and the (H, W) that it is to have.
Resize = Callable[[Pixels, Size], Pixels]

#: Sizes by which it is found out whether a preparation resizes: odd, so that rounding up to multiples shows too.
_TRIAL_SIZES = ((977, 1021), (313, 211))


@dataclass(frozen=True, slots=True)
class Resizer:
    """A way of resizing.

    Attributes:
        name: as a user types it.
        does: what is particular about it, as the end of a sentence.
        library: what must be importable.
        resize: the way: (H, W, 3) uint8 in and out.
    """

    name: str
    does: str
    library: str
    resize: Resize


def find_resizer(name: str) -> Resizer:
    """The resizer of a name, its library imported.

    Raises:
        UnknownNameError: no resizer has the name.
        MissingExtraError: its library is not installed.
    """
    if name not in RESIZERS:
        raise UnknownNameError(f"resizer {name!r} is not known.{nearest(name, RESIZERS)} Known: {', '.join(RESIZERS)}.")
    found = RESIZERS[name]
    import_library(found.library, f"the resizer {name}")
    return found


def own_resizer(preparation: Preparation) -> str:
    """The name of what a preparation resizes with: Pillow with its filter; empty where it does not resize."""
    if all(resized_size(preparation, size) == size for size in _TRIAL_SIZES):
        return ""
    return f"pillow-{preparation.describe().get('interpolation', 'bilinear')}"


def resized_size(preparation: Preparation, source: Size) -> Size:
    """(H, W) to which a preparation resizes a source of (H, W) pixels, before it crops."""
    scale = preparation.geometry(source).scale
    return round(scale[0] * source[0]), round(scale[1] * source[1])


def framed(preparation: Preparation, resizer: Resizer | None, pixels: Pixels, source: Size) -> Pixels:
    """What a preparation makes of a picture with another way of resizing: the same size and the same crop.

    Args:
        preparation: the model's.
        resizer: the way; None for the preparation's own, which then frames a whole picture by itself.
        pixels: (H, W, 3) uint8, the picture or a fraction of it. A fraction is resized as a whole, as servers do,
            though its last row and column may lie beyond the picture in part.
        source: (H, W) of the picture as stored, which decides about the size.

    Returns:
        (H, W, 3) uint8, what the model's input is normalised from.

    Raises:
        UnusablePictureError: its shape is so extreme that the result would not fit into memory.
    """
    if resizer is None:
        return preparation.frame(pixels)[0]
    height, width = resized_size(preparation, source)
    if height * width > MAX_PIXELS or min(height, width) < 1:
        raise UnusablePictureError(f"its {source[1]}x{source[0]} pixels would become {width}x{height} for the model")
    resized = pixels if pixels.shape[:2] == (height, width) else resizer.resize(pixels, (height, width))
    offset = preparation.geometry(source).offset
    return _window(resized, (-round(offset[0]), -round(offset[1])), preparation.framed_size(source))


def _window(pixels: Pixels, corner: tuple[int, int], size: Size) -> Pixels:
    """The window of a picture that begins at (top, left), black where it lies outside."""
    window = np.zeros((*size, 3), np.uint8)
    height, width = pixels.shape[:2]
    (top, left), (bottom, right) = corner, (corner[0] + size[0], corner[1] + size[1])
    inside = pixels[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    row, column = max(-top, 0), max(-left, 0)
    window[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return window


def _pillow(filter_: Image.Resampling, pixels: Pixels, size: Size) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), filter_))


def _opencv(name: str, pixels: Pixels, size: Size) -> Pixels:
    import cv2

    return np.asarray(cv2.resize(pixels, (size[1], size[0]), interpolation=getattr(cv2, name)), np.uint8)


def _torch(mode: Literal["bilinear", "bicubic"], antialias: bool, pixels: Pixels, size: Size) -> Pixels:
    picture = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float()
    resized = F.interpolate(picture, size, mode=mode, antialias=antialias, align_corners=False)
    return resized[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def _of_pillow(name: str, does: str) -> Resizer:
    return Resizer(f"pillow-{name}", does, "PIL", partial(_pillow, Image.Resampling[name.upper()]))


def _of_torch(mode: Literal["bilinear", "bicubic"], antialias: bool) -> Resizer:
    name = f"torch-{mode}-antialias" if antialias else f"torch-{mode}"
    how = "stretched when shrinking" if antialias else "not stretched when shrinking, so that details alias"
    does = f"torch's interpolate, {mode}, antialias={antialias}: {how}"
    return Resizer(name, does, "torch", partial(_torch, mode, antialias))


#: In the order in which they are told of.
RESIZERS = {
    resizer.name: resizer
    for resizer in (
        _of_pillow("bilinear", "Pillow's BILINEAR, stretched when shrinking"),
        _of_pillow("bicubic", "Pillow's BICUBIC (a = -0.5), stretched when shrinking"),
        _of_pillow("lanczos", "Pillow's LANCZOS, stretched when shrinking"),
        _of_pillow("box", "Pillow's BOX: the mean of the pixels that fall into one"),
        _of_pillow("nearest", "Pillow's NEAREST: one pixel of those that fall into one"),
        Resizer(
            "opencv-linear",
            "cv2.INTER_LINEAR, cv2.resize's default: not stretched when shrinking, so that details alias",
            "cv2",
            partial(_opencv, "INTER_LINEAR"),
        ),
        Resizer(
            "opencv-area",
            "cv2.INTER_AREA: the mean of the pixels that fall into one",
            "cv2",
            partial(_opencv, "INTER_AREA"),
        ),
        Resizer(
            "opencv-cubic",
            "cv2.INTER_CUBIC (a = -0.75): not stretched when shrinking, so that details alias",
            "cv2",
            partial(_opencv, "INTER_CUBIC"),
        ),
        _of_torch("bilinear", antialias=True),
        _of_torch("bilinear", antialias=False),
        _of_torch("bicubic", antialias=True),
        _of_torch("bicubic", antialias=False),
    )
}
