"""How large the files of a study are at each quality, and what they save."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """The files of one compression.

    Attributes:
        compressed: (N,) bytes of each; NaN where there is none.
        pixels: (N,) of each; NaN where they were not counted.
    """

    compressed: Values
    pixels: Values

    @classmethod
    def of(cls, answers: pa.Table) -> Sizes:
        """Of stored answers."""
        return cls(numbers(answers, "bytes"), numbers(answers, "pixels"))

    @property
    def bytes_per_image(self) -> float | None:
        """Their mean size; None where there are none."""
        return float(np.nanmean(self.compressed)) if np.isfinite(self.compressed).any() else None

    @property
    def bits_per_pixel(self) -> float | None:
        """All bits over all pixels; None where pixels were not counted."""
        there = np.isfinite(self.compressed)
        if not there.any() or np.isnan(self.pixels[there]).any():
            return None
        return float(8.0 * self.compressed[there].sum() / self.pixels[there].sum())

    def saved_of(self, other: Values) -> float | None:
        """The share of other sizes, (N,) bytes, that is saved, in percent; below 0 these are larger."""
        both = np.isfinite(self.compressed) & np.isfinite(other)
        return float(100.0 * (1.0 - self.compressed[both].sum() / other[both].sum())) if both.any() else None


def numbers(table: pa.Table, name: str) -> Values:
    """(N,) float64, NaN where nothing is stored."""
    return table.column(name).cast(pa.float64()).fill_null(np.nan).to_numpy()
