"""Correction at a cost that the model's input decides, not the upload: where need be, near the model's own scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch

from jpegproof.correctors.gate import Admitted, Gate
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.dct import BLOCK
from jpegproof.jpeg.header import JpegHeader, after_shrinking, header_of
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError, is_jpeg, open_picture, opened, whole_jpeg
from jpegproof.jpeg.parts import UNIT, part_of
from jpegproof.jpeg.refusals import refusal_of
from jpegproof.jpeg.segments import read_structure
from jpegproof.models.preparation import Preparation
from jpegproof.tasks.geometry import Geometry

#: Multiply-adds that correction may take per pixel of the model's input: 4 thousand million for 224 x 224.
BUDGET = 4_000_000_000 / 224**2

#: What is decoded at a fraction stays at least so many times larger than the model's picture. libjpeg averages blocks
#: where the preparation filters smoothly: decoded at 1/4 and shrunk by 1.2, SqueezeNet's answers were further off by
#: 18 % at quality 10 and 58 % at 30 than decoded whole; at 1/2 and 2.4 by 4 % (6 mosaics of 2 megapixels).
SPARE = 3.0

#: Behind a gate, a picture is corrected near the model's scale only below this quality, and where it is shrunk by no
#: more than this along each side: beyond, correction still raises PSNR, but does not bring a model's answers nearer
#: (docs/correctors.md has the figures).
NEAR_SCALE_LIMIT = 21
NEAR_SCALE_MOST = 3.0

Place = Literal["nowhere", "source", "near_scale"]


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedInput:
    """A model's input, and what it took.

    Attributes:
        framed: (H, W, 3) uint8 RGB: resized and cropped for the model, corrected.
        tensor: (3, H, W) float32: the same as the network takes it.
        corrected: where: ``source`` on the pixels of the file, before the model's resize; ``near_scale`` after it;
            ``nowhere`` where the gate was closed, or the file does not tell what was lost of luma and chroma.
        multiply_adds: of the corrector.
        decoded_at: 1, 2, 4 or 8: the file was decoded at this fraction of its size.
        downscale: the file's pixels that make one of the model's, along each side.
        size: (H, W) of the file's picture, pixels.
    """

    framed: Pixels
    tensor: torch.Tensor
    corrected: Place
    multiply_adds: int
    decoded_at: int
    downscale: float
    size: tuple[int, int]


class Costed(Corrector, Protocol):
    """A corrector whose cost is known before it is asked."""

    @property
    def multiply_adds_per_pixel(self) -> int:
        """What one pixel costs."""
        ...


def corrected_input(
    data: bytes,
    preparation: Preparation,
    corrector: Costed,
    gate: Gate | None = None,
    budget: float = BUDGET,
    max_pixels: int = MAX_PIXELS,
) -> CorrectedInput:
    """From the bytes of an upload to a model's input, corrected for at most a fixed cost.

    Where the part that the model sees can be corrected as it is stored within the budget, it is, and the answer is that
    of correcting the whole picture and preparing it, but for what the corrector would see of the rest. A larger picture
    is decoded by libjpeg at the smallest of its fractions (1/2, 1/4, 1/8) that still leaves it `SPARE` times as large
    as the model's resized picture, prepared, and corrected then, the network being told what the tables amount to after
    shrinking; with a gate, only below `NEAR_SCALE_LIMIT` and up to `NEAR_SCALE_MOST`.

    Args:
        data: of a JPEG.
        preparation: of the model.
        corrector: one whose cost is known, such as jpegproof's own.
        gate: closes for good pictures; None corrects all.
        budget: multiply-adds per pixel of the model's input.
        max_pixels: a file that claims more is refused by its header.

    Raises:
        UnusablePictureError: the bytes are no JPEG, or one that the intake refuses or that cannot be prepared.
        ValueError: the corrector takes more than the budget for the model's input itself.
    """
    data, header = taken_in(data, max_pixels)
    size = preparation.framed_size(header.size)
    allowed = budget * size[0] * size[1]
    if _cost(corrector, size) > allowed:
        raise ValueError(
            f"correcting the {size[1]}x{size[0]} input itself takes {_cost(corrector, size):,} multiply-adds, "
            f"more than the budget of {allowed:,.0f}"
        )
    geometry = preparation.geometry(header.size)
    downscale = geometry.downscale
    seen = preparation.seen(header.size)
    if header.planes_are_told and _cost(corrector, _in_units(seen, header.size)) <= allowed:
        image = DecodedJpeg(decoded(data, 1), header, data)
        admitted = Admitted(image, None) if gate is None else gate.admits(image, downscale)
        if admitted is None:
            return _result(preparation.frame(image.pixels)[0], preparation, "nowhere", 0, 1, geometry)
        above, beside = admitted.margins
        part, origin = part_of(admitted.image, (seen[0] + above, seen[1] + beside, seen[2] + above, seen[3] + beside))
        cost = _cost(corrector, part.header.size)
        if cost <= allowed:
            pixels = _with_part(admitted.image.pixels, to_pixels(corrector([part])[0]), origin)[above:, beside:]
            framed = preparation.frame(np.ascontiguousarray(pixels))[0]
            return _result(framed, preparation, "source", cost, 1, geometry)
        told = admitted.image.header
    else:
        told = _admitted(data, header, gate, downscale)
    fraction = scaled_fraction(geometry)
    framed = np.ascontiguousarray(preparation.frame(decoded(data, fraction), header.size)[0])
    helps = gate is None or (told is not None and _helps_near_scale(told, downscale))
    if told is None or not helps:
        return _result(framed, preparation, "nowhere", 0, fraction, geometry)
    shrunk = DecodedJpeg(framed, after_shrinking(told, downscale, framed.shape[:2]))
    framed = to_pixels(corrector([shrunk])[0])
    return _result(framed, preparation, "near_scale", _cost(corrector, framed.shape[:2]), fraction, geometry)


def taken_in(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[bytes, JpegHeader]:
    """The bytes of a JPEG that can be decoded, and its header; no pixel is decoded where the file is whole.

    Raises:
        UnusablePictureError: what the intake refuses; or a file that claims more pixels.
    """
    if not is_jpeg(data):
        raise UnusablePictureError("cannot be decoded: not a JPEG", "no picture")
    structure = read_structure(data)
    refusal = refusal_of(structure, len(data), max_pixels)
    if refusal:
        raise UnusablePictureError(refusal.reason, refusal.hazard)
    if not structure.end:
        open_picture(data)  # refuses it where pixels are missing too
    try:
        with opened(whole_jpeg(data, structure)) as picture:
            return whole_jpeg(data, structure), header_of(picture)
    except Exception as error:  # Pillow answers hostile files with whatever its parsers stumble over
        raise UnusablePictureError(f"cannot be decoded: {str(error) or type(error).__name__}") from error


def decoded(data: bytes, fraction: int) -> Pixels:
    """(H, W, 3) uint8 RGB at 1 / fraction of the size, rounded up, by libjpeg's own smaller transforms.

    Raises:
        UnusablePictureError: the file is damaged.
    """
    try:
        with opened(data) as picture:
            if fraction > 1:
                picture.draft(None, (picture.width // fraction, picture.height // fraction))
            return np.asarray(picture.convert("RGB"))
    except Exception as error:
        raise UnusablePictureError(f"cannot be decoded: {str(error) or type(error).__name__}") from error


def _admitted(data: bytes, header: JpegHeader, gate: Gate | None, downscale: float) -> JpegHeader | None:
    """What to take the file for: a coarser save's tables where one is hidden; None where it should stay as it is."""
    if gate is None or not header.planes_are_told:
        return header if header.planes_are_told else None
    if downscale > NEAR_SCALE_MOST:
        return None  # whatever hides in it: not worth the decoding of every pixel
    limit = gate.limit(downscale)
    if header.quality.quality < limit:
        return header
    admitted = gate.admits(DecodedJpeg(decoded(data, 1), header), downscale) if limit > 1 else None
    return None if admitted is None else admitted.image.header


def _helps_near_scale(header: JpegHeader, downscale: float) -> bool:
    return header.quality.quality < NEAR_SCALE_LIMIT and downscale <= NEAR_SCALE_MOST


def scaled_fraction(geometry: Geometry) -> int:
    """The largest of libjpeg's fractions that leaves the picture `SPARE` times as large as the model's."""
    downscale = 1 / max(geometry.scale)
    return max(fraction for fraction in (1, 2, 4, 8) if fraction == 1 or fraction * SPARE <= downscale)


def _in_units(region: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) of the part of a picture that `part_of` cuts for a region."""
    top, left, bottom, right = region
    return (
        min(-(-bottom // UNIT) * UNIT, size[0]) - top // UNIT * UNIT,
        min(-(-right // UNIT) * UNIT, size[1]) - left // UNIT * UNIT,
    )


def _with_part(pixels: Pixels, part: Pixels, origin: tuple[int, int]) -> Pixels:
    """A copy of a picture with a part of it replaced."""
    pixels = pixels.copy()
    pixels[origin[0] : origin[0] + part.shape[0], origin[1] : origin[1] + part.shape[1]] = part
    return pixels


def _cost(corrector: Costed, size: tuple[int, int]) -> int:
    """Multiply-adds for a picture of (H, W) pixels, filled up to whole blocks."""
    return whole_blocks(size) * corrector.multiply_adds_per_pixel


def whole_blocks(size: tuple[int, int]) -> int:
    """The pixels of a picture of (H, W) pixels, filled up to whole blocks."""
    height, width = (-(-length // BLOCK) * BLOCK for length in size)
    return height * width


def _result(
    framed: Pixels, preparation: Preparation, place: Place, cost: int, fraction: int, geometry: Geometry
) -> CorrectedInput:
    tensor = preparation.normalise(framed)
    return CorrectedInput(framed, tensor, place, cost, fraction, geometry.downscale, geometry.source)
