"""Exact one-sided bounds on a share of pictures, where each picture is one draw."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_STEPS = 60


def share_above(changed: int, pictures: int, alpha: float) -> float:
    """The upper end of a one-sided interval for a share, in [0, 1]: with 1 - alpha the true share is not above it.

    Args:
        changed: pictures that were counted, 0 to `pictures`.
        pictures: that were looked at, at least 1.
        alpha: how often the bound may be too low, in (0, 1).

    Source: Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934).
    """
    if changed == pictures:
        return 1.0
    low, high = changed / pictures, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if share_at_most(changed, pictures, middle) > alpha else (low, middle)
    return high


def share_below(changed: int, pictures: int, alpha: float) -> float:
    """The lower end of the same, in [0, 1]: with 1 - alpha the true share is not below it."""
    return 1.0 - share_above(pictures - changed, pictures, alpha)


def share_at_most(changed: int, pictures: int, share: float) -> float:
    """The probability that at most `changed` of `pictures` are counted, where each is with probability `share`."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return float(changed >= pictures)
    return float(min(share_probabilities(pictures, share, changed).sum(), 1.0))


def share_probabilities(pictures: int, share: float, most: int | None = None) -> NDArray[np.float64]:
    """(1 + most,) the probability that exactly 0, 1, ... of `pictures` are counted; up to all of them unless given.

    Args:
        pictures: how many there are.
        share: how likely each is to be counted, in (0, 1).
        most: the last count that is asked for.
    """
    counted = np.arange((pictures if most is None else most) + 1)
    table = log_factorials(pictures)
    ways = table[pictures] - table[counted] - table[pictures - counted]
    return np.exp(ways + counted * math.log(share) + (pictures - counted) * math.log1p(-share))


def log_factorials(most: int) -> NDArray[np.float64]:
    """The logarithms of the factorials of 0 to at least `most`."""
    # In powers of two, so that a few tables serve every number of pictures.
    return _table(1 << max(most, 1).bit_length())


@lru_cache(maxsize=24)
def _table(size: int) -> NDArray[np.float64]:
    table = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])
    table.setflags(write=False)
    return table
