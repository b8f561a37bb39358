"""What a JPEG file says of itself: tables, sampling, scan order, size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from jpegproof.jpeg.colours import Colours, colours_of
from jpegproof.jpeg.sampling import FACTORS
from jpegproof.jpeg.tables import QualityEstimate, Table, estimate_quality
from jpegproof.jpeg.ycbcr import TO_YCBCR

_SAMPLING_NAMES: dict[tuple[Fraction | int, Fraction | int], str] = {
    (across, down): name for name, (down, across) in FACTORS.items()
}


@dataclass(frozen=True, slots=True, eq=False)
class JpegHeader:
    """The facts of one JPEG file that a corrector may condition on.

    Attributes:
        size: (H, W) in pixels.
        luma: (8, 8) int64 quantisation steps of the first component, row = vertical frequency.
        chroma: the same for the second component; None in a grey file.
        subsampling: ``4:2:0`` and its like; ``4:0:0`` for a grey file; ``HxV`` where it has no common name
            (luma samples per chroma sample, across and down).
        progressive: whether the scan order is progressive.
        mode: Pillow's name of the colour mode in the file: ``L``, ``RGB``, ``CMYK``.
        colours: what the components are.
        shrunk: how many of the file's pixels make one along each side, where the picture was resized after decoding:
            its 8x8 grid is gone then, and the tables are those of `after_shrinking`. None for a picture as decoded.
    """

    size: tuple[int, int]
    luma: Table
    chroma: Table | None
    subsampling: str
    progressive: bool
    mode: str
    colours: Colours = "YCbCr"
    shrunk: float | None = None

    @property
    def quality(self) -> QualityEstimate:
        """The nearest standard quality, with its fit error."""
        # Where no component is chroma, libjpeg takes its luma table for all.
        return estimate_quality(self.luma, None if self.colours in ("RGB", "CMYK") else self.chroma)

    @property
    def planes_are_told(self) -> bool:
        """Whether the tables say what was lost of the picture's luma and chroma: whether `steps` is true.

        Of four inks they do not: on the way to RGB each ink is multiplied with black. Nor where red, green and blue
        are stored at different sizes.
        """
        return self.colours in ("grey", "YCbCr") or (self.colours == "RGB" and self.subsampling == "4:4:4")

    @property
    def steps(self) -> tuple[Table, Table | None]:
        """Steps of luma and of chroma, (8, 8) int64 each; None for the chroma of a grey file.

        The file's own, but where it stores RGB: there the errors of three planes add up to luma's and chroma's by
        their shares, as independent errors do.
        """
        if self.colours != "RGB":
            return self.luma, self.chroma
        red, others = self.luma, self.luma if self.chroma is None else self.chroma
        squares = np.square(np.stack([red, others, others]).astype(np.float64))
        luma, blue_chroma, red_chroma = np.sqrt(np.tensordot(np.square(TO_YCBCR), squares, axes=1))
        chroma = np.sqrt((np.square(blue_chroma) + np.square(red_chroma)) / 2)
        return _whole(luma), _whole(chroma)


def after_shrinking(header: JpegHeader, factor: float, size: tuple[int, int]) -> JpegHeader:
    """What a file's tables amount to once the decoded picture has been resized.

    The error of quantisation spreads over the frequencies as the steps do. Shrinking keeps the lowest of them, which
    take the places of higher ones, and averages over factor x factor pixels, which divides the error by the factor: at
    frequency k the step is that of the file at k / factor, divided by the factor. Halved chroma holds its error in half
    as many frequencies along each halved side.

    Args:
        header: of the file.
        factor: the file's pixels that make one of the picture's, along each side; at least 1.
        size: (H, W) of the resized picture.

    Raises:
        ValueError: the factor is below 1, or the header is that of a shrunk picture already.
    """
    if factor < 1 or header.shrunk is not None:
        before = "" if header.shrunk is None else f" after {header.shrunk:g}"
        raise ValueError(f"a picture is shrunk once, by 1 or more, not by {factor:g}{before}")
    down, across = FACTORS.get(header.subsampling, (2, 2))
    luma, chroma = header.steps
    chroma = None if chroma is None else _shrunk_table(chroma, factor, down, across)
    colours = "YCbCr" if header.colours == "RGB" else header.colours
    luma = _shrunk_table(luma, factor, 1, 1)
    return replace(header, size=size, luma=luma, chroma=chroma, colours=colours, shrunk=factor)


def _shrunk_table(table: Table, factor: float, down: int, across: int) -> Table:
    steps = table.astype(np.float64)
    for axis, period in ((0, down), (1, across)):
        places = np.minimum(np.arange(8) * period / factor, 7)
        below = places.astype(int)
        above, share = np.minimum(below + 1, 7), places - below
        share = share.reshape((8, 1) if axis == 0 else (1, 8))
        steps = np.take(steps, below, axis) * (1 - share) + np.take(steps, above, axis) * share
    return _whole(steps * np.sqrt(down * across) / factor)


def _whole(steps: NDArray[np.float64]) -> Table:
    return np.maximum(np.rint(steps), 1).astype(np.int64)


def header_of(image: Image.Image) -> JpegHeader:
    """Reads the header of a JPEG that Pillow has opened (pixels need not be loaded).

    Raises:
        ValueError: the picture is not a JPEG, names a quantisation table that the file does not define,
            or samples a component zero times.
    """
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        raise ValueError(f"this is a {image.format or 'raw'} picture, not a JPEG")
    # Each layer is (component id, horizontal factor, vertical factor, table id), in file order.
    layers = image.layer
    missing = [layer[3] for layer in layers if layer[3] not in image.quantization]
    if missing or not layers:
        raise ValueError(f"the JPEG uses quantisation tables {missing} that it does not define")
    tables = [np.array(image.quantization[layer[3]], dtype=np.int64).reshape(8, 8) for layer in layers[:2]]
    return JpegHeader(
        size=(image.height, image.width),
        luma=tables[0],
        chroma=tables[1] if len(tables) > 1 else None,
        subsampling=_sampling_name([(layer[1], layer[2]) for layer in layers]),
        progressive=bool(image.info.get("progressive") or image.info.get("progression")),
        mode=image.mode,
        colours=colours_of([layer[0] for layer in layers], "jfif" in image.info, image.info.get("adobe_transform")),
    )


def _sampling_name(factors: list[tuple[int, int]]) -> str:
    if len(factors) == 1:
        return "4:0:0"
    (luma_h, luma_v), (chroma_h, chroma_v) = factors[:2]
    if not chroma_h or not chroma_v:
        raise ValueError("the JPEG samples a component zero times")
    ratio = Fraction(luma_h, chroma_h), Fraction(luma_v, chroma_v)
    return _SAMPLING_NAMES.get(ratio, f"{ratio[0]}x{ratio[1]}")
