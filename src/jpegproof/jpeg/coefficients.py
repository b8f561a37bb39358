"""The quantised coefficients of a JPEG, as the file holds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.exceptions import missing_extra
from jpegproof.jpeg.tables import Table


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One plane of a JPEG.

    Attributes:
        coefficients: (h, w, 8, 8) int16, quantised: blocks down, blocks across, vertical and horizontal frequency.
        table: (8, 8) int64, the step of each.
    """

    coefficients: NDArray[np.int16]
    table: Table


@dataclass(frozen=True, slots=True, eq=False)
class JpegCoefficients:
    """What a JPEG stores in place of pixels.

    Attributes:
        luma: the Y plane, as many blocks as cover the picture.
        chroma: Cb and Cr; empty for a grey file.
        subsampling: ``4:2:0`` and its like, as `JpegHeader` says it.
    """

    luma: Component
    chroma: tuple[Component, ...]
    subsampling: str

    def covers(self, height: int, width: int) -> bool:
        """Whether there are as many blocks of luma as a picture of this size has."""
        return self.luma.coefficients.shape[:2] == (-(-height // 8), -(-width // 8))


class NotYCbCrError(ValueError):
    """A JPEG that stores other planes than luma and two of chroma: RGB, CMYK, YCCK."""


def read_coefficients(data: bytes, subsampling: str) -> JpegCoefficients:
    """Reads the coefficients of a JPEG, which is exact: nothing is decoded beyond its entropy code.

    Args:
        data: the file; one that has been decoded without complaint, since jpeglib writes libjpeg's to standard error.
        subsampling: what its header says.

    Raises:
        NotYCbCrError: it stores other planes.
        OSError: it is damaged.
        MissingExtraError: jpeglib is not installed.
    """
    jpeglib = import_jpeglib()
    with TemporaryDirectory(prefix="jpegproof-") as folder:  # jpeglib reads from paths only
        path = Path(folder) / "picture.jpg"
        path.write_bytes(data)
        read = jpeglib.read_dct(str(path))
        space = read.jpeg_color_space.name
        if space not in ("JCS_YCbCr", "JCS_GRAYSCALE"):
            raise NotYCbCrError(f"the JPEG stores {space.removeprefix('JCS_')}, not luma and chroma")
        planes = [plane for plane in (read.Y, read.Cb, read.Cr) if plane is not None]
        tables = [read.qt[number].astype(np.int64) for number in read.quant_tbl_no[: len(planes)]]
    luma, *chroma = (Component(np.array(plane), table) for plane, table in zip(planes, tables, strict=True))
    return JpegCoefficients(luma, tuple(chroma), subsampling)


def import_jpeglib() -> Any:
    """The library that reads coefficients.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import jpeglib
    except ImportError as error:
        raise missing_extra("jpeglib", "jpeglib", "reading the DCT coefficients of a JPEG") from error
    return jpeglib
