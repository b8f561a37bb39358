"""Correction at a cost that the model's input decides, not the upload: where need be, near the model's own scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import numpy as np
import torch
from PIL import Image

from jpegproof.correctors.gate import Admitted, Gate
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.protocol import to_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.dct import BLOCK
from jpegproof.jpeg.header import JpegHeader, after_shrinking, header_of
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError
from jpegproof.jpeg.parts import UNIT, part_of
from jpegproof.models.preparation import Preparation

#: Multiply-adds that correction may take per pixel of the model's input: 4 thousand million for 224 x 224.
BUDGET = 4_000_000_000 / 224**2

Place = Literal["nowhere", "source", "near_scale"]


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedInput:
    """A model's input, and what it took.

    Attributes:
        framed: (H, W, 3) uint8 RGB: resized and cropped for the model, corrected.
        tensor: (3, H, W) float32: the same as the network takes it.
        corrected: where: ``source`` on the pixels of the file, before the model's resize; ``near_scale`` after it;
            ``nowhere`` where the gate was closed.
        multiply_adds: of the corrector.
        decoded_at: 1, 2, 4 or 8: the file was decoded at this fraction of its size.
        downscale: the file's pixels that make one of the model's, along each side.
    """

    framed: Pixels
    tensor: torch.Tensor
    corrected: Place
    multiply_adds: int
    decoded_at: int
    downscale: float


def corrected_input(
    data: bytes,
    preparation: Preparation,
    corrector: GridCorrector,
    gate: Gate | None = None,
    budget: float = BUDGET,
) -> CorrectedInput:
    """From the bytes of an upload to a model's input, corrected for at most a fixed cost.

    Where the part that the model sees can be corrected as it is stored within the budget, it is, and the answer is that
    of correcting the whole picture and preparing it, but for what the corrector would see of the rest. A larger picture
    is decoded by libjpeg at the smallest of its fractions (1/2, 1/4, 1/8) that is still no smaller than the model's
    resized picture, prepared, and corrected then, the network being told what the tables amount to after shrinking.

    Args:
        data: of a JPEG.
        preparation: of the model.
        corrector: jpegproof's own, whose cost is known.
        gate: closes for good pictures; None corrects all.
        budget: multiply-adds per pixel of the model's input.

    Raises:
        UnusablePictureError: the bytes are no JPEG, or one that cannot be decoded or prepared.
        ValueError: the corrector takes more than the budget for the model's input itself.
    """
    header = _header(data)
    needed = corrector.network.multiply_adds_per_pixel
    if needed > budget:
        raise ValueError(
            f"the corrector takes {needed:,} multiply-adds per pixel, more than the budget of {budget:,.0f}"
        )
    scale = preparation.geometry(header.size).scale
    downscale = max(math.sqrt(1 / (scale[0] * scale[1])), 1.0)
    height, width = preparation.framed_size(header.size)
    if _seen_area(header.size, preparation) * needed <= budget * height * width:
        image = DecodedJpeg(_decoded(data, 1), header, data)
        pixels, cost = _corrected_at_source(image, preparation, corrector, gate, downscale)
        framed = preparation.frame(pixels)[0]
        return _result(framed, preparation, "source" if cost else "nowhere", cost, 1, downscale)
    fraction = _fraction(1 / max(scale))
    framed = np.ascontiguousarray(preparation.frame(_decoded(data, fraction))[0])
    if gate is not None and header.quality.quality >= gate.limit(downscale):
        return _result(framed, preparation, "nowhere", 0, fraction, downscale)
    shrunk = DecodedJpeg(framed, after_shrinking(header, downscale, framed.shape[:2]))
    framed = to_pixels(corrector([shrunk])[0])
    return _result(framed, preparation, "near_scale", _cost(corrector, framed), fraction, downscale)


def _header(data: bytes) -> JpegHeader:
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise UnusablePictureError(f"claims {opened.width}x{opened.height} pixels, more than {MAX_PIXELS:,}")
            return header_of(opened)
    except UnusablePictureError:
        raise
    except Exception as error:  # Pillow answers hostile files with whatever its parsers stumble over
        raise UnusablePictureError(f"cannot be decoded: {str(error) or type(error).__name__}") from error


def _decoded(data: bytes, fraction: int) -> Pixels:
    """(H, W, 3) uint8 RGB at 1 / fraction of the size, rounded up, by libjpeg's own smaller transforms."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as opened:
            if fraction > 1:
                opened.draft(None, (opened.width // fraction, opened.height // fraction))
            return np.asarray(opened.convert("RGB"))
    except Exception as error:
        raise UnusablePictureError(f"cannot be decoded: {str(error) or type(error).__name__}") from error


def _fraction(downscale: float) -> int:
    """The largest of libjpeg's fractions that leaves the picture no smaller than the model's."""
    return max(fraction for fraction in (1, 2, 4, 8) if fraction <= max(downscale, 1))


def _seen_area(size: tuple[int, int], preparation: Preparation) -> int:
    """Pixels of the part that the model sees, in whole units."""
    top, left, bottom, right = preparation.seen(size)
    height, width = (
        min(-(-last // UNIT) * UNIT, length) - first // UNIT * UNIT
        for first, last, length in ((top, bottom, size[0]), (left, right, size[1]))
    )
    return _whole_blocks(height) * _whole_blocks(width)


def _corrected_at_source(
    image: DecodedJpeg, preparation: Preparation, corrector: GridCorrector, gate: Gate | None, downscale: float
) -> tuple[Pixels, int]:
    """The picture, corrected where the model sees it, and the cost; the picture itself and 0 where the gate is shut."""
    admitted = Admitted(image, None) if gate is None else gate.admits(image, downscale)
    if admitted is None:
        return image.pixels, 0
    above, beside = admitted.margins
    top, left, bottom, right = preparation.seen(image.header.size)
    part, (first, begin) = part_of(admitted.image, (top + above, left + beside, bottom + above, right + beside))
    pixels = admitted.image.pixels.copy()
    height, width = part.pixels.shape[:2]
    pixels[first : first + height, begin : begin + width] = to_pixels(corrector([part])[0])
    return np.ascontiguousarray(pixels[above:, beside:]), _cost(corrector, part.pixels)


def _cost(corrector: GridCorrector, pixels: Pixels) -> int:
    height, width = (_whole_blocks(length) for length in pixels.shape[:2])
    return height * width * corrector.network.multiply_adds_per_pixel


def _whole_blocks(length: int) -> int:
    return -(-length // BLOCK) * BLOCK


def _result(
    framed: Pixels, preparation: Preparation, place: Place, cost: int, fraction: int, downscale: float
) -> CorrectedInput:
    return CorrectedInput(framed, preparation.normalise(framed), place, cost, fraction, downscale)
