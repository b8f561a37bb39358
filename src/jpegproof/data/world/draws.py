"""Reproducible draws: random numbers that are the same on every machine, in every process and with every numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""Picture-sized arrays of the world are float32 until they become 8-bit; numpy's own types cannot follow that far."""


class Draws:
    """A stream of random numbers that is fixed by a key of whole numbers and by nothing else.

    numpy keeps the raw output of PCG64 and of SeedSequence fixed for ever, but not the streams of
    ``Generator.normal()`` and its sisters. Everything here is therefore made from the raw 64-bit words.

    Args:
        key: whole numbers >= 0; two different keys give unrelated streams.
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def _raw(self, count: int) -> NDArray[np.uint64]:
        return np.atleast_1d(np.asarray(self._bits.random_raw(count), dtype=np.uint64))

    def units(self, count: int) -> NDArray[np.float64]:
        """(count,) float64, uniform in [0, 1) with 53 random bits."""
        return (self._raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def uniform(self, low: float, high: float) -> float:
        """One number, uniform in [low, high)."""
        return low + (high - low) * float(int(self._bits.random_raw()) >> 11) * 2.0**-53

    def uniforms(self, low: float, high: float, count: int) -> Floats:
        """(count,) float32, uniform in [low, high)."""
        return (low + (high - low) * self.units(count)).astype(np.float32)

    def chance(self, probability: float) -> bool:
        """True with a probability in [0, 1]."""
        return self.uniform(0.0, 1.0) < probability

    def integer(self, count: int) -> int:
        """A whole number in 0..count - 1, each as likely."""
        return int(self.uniform(0.0, count))

    def integers(self, low: int, high: int, count: int) -> NDArray[np.int64]:
        """(count,) int64 in low..high - 1."""
        return low + (self.units(count) * (high - low)).astype(np.int64)

    def permutation(self, count: int) -> NDArray[np.int64]:
        """(count,) int64: the numbers 0..count - 1 in a random order."""
        return np.argsort(self.units(count), kind="stable")

    def bells(self, *shape: int) -> Floats:
        """float32 of a shape, nearly standard normal (mean 0, variance 1, never beyond 3.5).

        The sum of the four 16-bit quarters of a word (Irwin-Hall): exact in whole numbers, unlike a logarithm and a
        cosine, whose last bit differs between processors.
        """
        count = int(np.prod(shape))
        quarters = self._raw(count).view(np.uint16).reshape(count, 4)
        total = quarters[:, 0].astype(np.int32)
        for column in (1, 2, 3):
            total += quarters[:, column]
        # One quarter has variance (65536**2 - 1) / 12; four of them add up to (65536 ** 2 - 1) / 3.
        return ((total - 131070).astype(np.float32) * np.float32(3**0.5 / 65536)).reshape(shape)

    def bell(self) -> float:
        """One nearly standard normal number."""
        return float(self.bells(1)[0])
