"""The coefficients of a JPEG of which only pixels and tables are left."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jpegproof.jpeg.coefficients import Component, JpegCoefficients
from jpegproof.jpeg.dct import BLOCK, to_blocks, to_coefficients
from jpegproof.jpeg.header import JpegHeader
from jpegproof.jpeg.sampling import FACTORS
from jpegproof.jpeg.tables import Table
from jpegproof.jpeg.ycbcr import rgb_to_ycbcr

Plane = NDArray[np.float64]


def can_recover(header: JpegHeader) -> bool:
    """Whether `recover_coefficients` knows the way back: as decoded, of a common sampling, luma and chroma or grey."""
    if header.shrunk is not None:
        return False
    stored = header.mode == "RGB" and header.colours == "YCbCr"
    return header.chroma is None or (stored and header.subsampling in FACTORS)


def recover_coefficients(pixels: NDArray[np.uint8], header: JpegHeader) -> JpegCoefficients:
    """Coefficients from what libjpeg made of them: back to YCbCr, chroma's upsampling undone, transformed, rounded.

    Rounding and clamping to 8 bits cannot be undone, so some come out wrong, most where steps are small or pixels are
    black or white, and in blocks that reach over the edge. Of 40 photographs (BSDS500, blocks within the picture), the
    share of those that are not zero in the file and come back exactly, luma / chroma, with libjpeg's standard tables:

    ======== ============= ============= ============= ============= =============
    quality  10            50            80            90            100
    ======== ============= ============= ============= ============= =============
    4:2:0    .9991 / .9999 .9937 / .9966 .9904 / .9867 .9876 / .9794 .9171 / .7602
    4:2:2    .9992 / .9999 .9944 / .9973 .9923 / .9868 .9906 / .9806 .9297 / .8037
    4:4:4    .9993 / .9999 .9952 / .9977 .9940 / .9870 .9932 / .9803 .9539 / .9316
    ======== ============= ============= ============= ============= =============

    Of all coefficients, zeros included, .99995 / 1.00000 at quality 10 and .9942 / .9981 at 90, 4:2:0
    (``python -m benchmarks.coefficient_recovery``).

    Args:
        pixels: (H, W, 3) uint8 RGB as decoded by libjpeg, fancy upsampling on, the block grid at the top left corner.
        header: of the file; of luma and chroma, `can_recover`.

    Raises:
        ValueError: the sampling or the colours are of another kind.
    """
    if not can_recover(header):
        raise ValueError(f"coefficients cannot be recovered from {header.mode} pixels at {header.subsampling}")
    picture = torch.from_numpy(pixels.astype(np.float64)).permute(2, 0, 1)
    planes = rgb_to_ycbcr(picture).round().numpy()  # the decoder had whole numbers here, and most come back so
    luma = _quantised(planes[0], header.luma)
    if header.chroma is None:
        return JpegCoefficients(luma, (), header.subsampling)
    chroma_table, (down, across) = header.chroma, FACTORS[header.subsampling]
    chroma = [before_upsampling(before_upsampling(plane, down).T, across).T for plane in planes[1:]]
    return JpegCoefficients(luma, tuple(_quantised(plane, chroma_table) for plane in chroma), header.subsampling)


def before_upsampling(plane: Plane, factor: int) -> Plane:
    """Undoes libjpeg's upsampling along rows, in the sense of least squares.

    Twofold, libjpeg gives each output three quarters of its own sample and one quarter of the nearest other (fancy
    upsampling), unless there are only one or two; otherwise it repeats samples.

    Args:
        plane: (H, W) as upsampled.
        factor: 1, 2 or 4.

    Returns:
        (ceil(H / factor), W).
    """
    height = len(plane)
    count = -(-height // factor)
    if factor != 2 or count <= 2:
        starts = np.arange(0, height, factor)
        return np.add.reduceat(plane, starts) / np.diff(starts, append=height)[:, None]
    # Rows of the upsampling matrix: output 2i sees samples i and i - 1, output 2i + 1 sees i and i + 1; at both ends
    # the last sample stands in for its missing neighbour.
    outputs = np.arange(height)
    own = outputs // 2
    other = np.clip(np.where(outputs % 2, own + 1, own - 1), 0, count - 1)
    weight_own = np.where(own == other, 1.0, 0.75)
    weight_other = np.where(own == other, 0.0, 0.25)
    diagonal, beside, right = np.zeros(count), np.zeros(count), np.zeros((count, plane.shape[1]))
    for seen, weight in ((own, weight_own), (other, weight_other)):
        np.add.at(diagonal, seen, weight**2)
        np.add.at(right, seen, weight[:, None] * plane)
    np.add.at(beside, np.minimum(own, other), weight_own * weight_other)
    return _solved(diagonal, beside, right)


def _solved(diagonal: NDArray[np.float64], beside: NDArray[np.float64], right: Plane) -> Plane:
    """The solution of a symmetric tridiagonal system by elimination (Thomas's algorithm); `right` is overwritten."""
    diagonal = diagonal.copy()
    for row in range(1, len(diagonal)):
        share = beside[row - 1] / diagonal[row - 1]
        diagonal[row] -= share * beside[row - 1]
        right[row] -= share * right[row - 1]
    right[-1] /= diagonal[-1]
    for row in range(len(diagonal) - 2, -1, -1):
        right[row] = (right[row] - beside[row] * right[row + 1]) / diagonal[row]
    return right


def _quantised(plane: Plane, table: Table) -> Component:
    coefficients = transformed(plane) / torch.from_numpy(np.maximum(table, 1).astype(np.float64))
    return Component(coefficients.round().to(torch.int16).numpy(), table)


def transformed(plane: Plane) -> Tensor:
    """(h, w, 8, 8) coefficients of a plane of 8-bit samples of any size, its last row and column repeated."""
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")
    return to_blocks(to_coefficients(torch.from_numpy(padded - 128.0)))
