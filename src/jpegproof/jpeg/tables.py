"""Quantisation tables: the standard's own at every quality, and the quality a file's tables are nearest to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]

# ITU-T T.81, annex K.1: the example tables that libjpeg scales; row = vertical frequency.
_LUMA_50 = """
    16 11 10 16  24  40  51  61
    12 12 14 19  26  58  60  55
    14 13 16 24  40  57  69  56
    14 17 22 29  51  87  80  62
    18 22 37 56  68 109 103  77
    24 35 55 64  81 104 113  92
    49 64 78 87 103 121 120 101
    72 92 95 98 112 100 103  99
"""
_CHROMA_50 = """
    17 18 24 47 99 99 99 99
    18 21 26 66 99 99 99 99
    24 26 56 99 99 99 99 99
    47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
"""


def _parse(text: str) -> Table:
    return np.array(text.split(), dtype=np.int64).reshape(8, 8)


@cache
def luma_table(quality: int) -> Table:
    """The luma quantisation table that libjpeg writes at a quality.

    Args:
        quality: 1 (coarsest) to 100 (finest), on libjpeg's scale.

    Returns:
        (8, 8) int64, read-only, row = vertical frequency, values 1..255 (baseline JPEG).

    Raises:
        ValueError: quality is outside 1..100.

    Source: ITU-T T.81, table K.1; scaled as in libjpeg's jpeg_quality_scaling() and jpeg_add_quant_table().
    """
    return _scaled(_parse(_LUMA_50), quality)


@cache
def chroma_table(quality: int) -> Table:
    """The chroma quantisation table that libjpeg writes at a quality; see `luma_table`. Source: T.81, table K.2."""
    return _scaled(_parse(_CHROMA_50), quality)


def _scaled(base: Table, quality: int) -> Table:
    if not 1 <= quality <= 100:
        raise ValueError(f"{quality} is not a libjpeg quality; use a whole number from 1 to 100")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    table = np.clip((base * percent + 50) // 100, 1, 255)
    table.flags.writeable = False  # cached and shared: nobody may change it for the others
    return table


@dataclass(frozen=True, slots=True)
class QualityEstimate:
    """The libjpeg quality whose standard tables come nearest to a file's.

    Attributes:
        quality: 1..100.
        fit_error: mean absolute natural logarithm of the ratio between the file's steps and the standard's at that
            quality; 0 where the file was written with libjpeg's own tables. At 0.1 they differ by a tenth on average:
            the tables are of another family then, and the quality is only a way of speaking.
    """

    quality: int
    fit_error: float


def estimate_quality(luma: Table, chroma: Table | None = None) -> QualityEstimate:
    """Finds the standard quality nearest to the given tables.

    Args:
        luma: (8, 8) steps of the first component, row = vertical frequency, 1..65535.
        chroma: (8, 8) steps of the chroma components, or None for a grey file.

    Returns:
        The estimate; of several equally near qualities (tables saturate at the ends) the highest.
    """
    given, standard = luma[None], _standard_tables()[0]
    if chroma is not None:
        given = np.concatenate([given, chroma[None]], axis=1)
        standard = np.concatenate(_standard_tables(), axis=1)
    # Ratios weigh a step twice as coarse and one half as coarse alike; a step of 0 is damage, read as the finest.
    errors = np.abs(np.log(np.maximum(given, 1) / standard)).mean(axis=(1, 2))
    best = int(np.flatnonzero(errors == errors.min())[-1])
    return QualityEstimate(quality=best + 1, fit_error=float(errors[best]))


@cache
def _standard_tables() -> tuple[Table, Table]:
    qualities = range(1, 101)
    return np.stack([luma_table(q) for q in qualities]), np.stack([chroma_table(q) for q in qualities])
