"""One-sided bounds on the mean of values in a known range, for draws that are no plain yes or no.

Betting against a mean: where the true mean is m or more, a fair bettor who stakes on lower values cannot expect to
grow rich; if the stakes have grown twentyfold all the same, the mean is lower, with 95 % confidence. It holds at every
number of draws, whatever their distribution. The stakes are fixed before and averaged over many sizes, so that the
order of the draws does not matter.

Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024), section 4;
a mixture of constant bets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

#: Of what can be staked at all. Half of the bettors stake everything, which is best where next to nothing is lost.
_STAKES = np.append(np.geomspace(0.003, 0.7, 15), 1.0)
_WEIGHTS = np.append(np.full(15, 0.5 / 15), 0.5)
_STEPS = 40
_ALMOST = 1.0 - 1e-12


def mean_above(values: Values, alpha: float, low: float, high: float) -> float:
    """The upper end of a one-sided interval for the mean: with 1 - alpha the true mean is not above it.

    Args:
        values: (N,) independent draws between `low` and `high`; at least one.
        alpha: how often the bound may be too low, in (0, 1).
        low, high: the ends of the range.
    """
    scaled = (values - low) / (high - low)
    least, most = min(float(scaled.mean()), _ALMOST), _ALMOST
    for _ in range(_STEPS):
        middle = (least + most) / 2
        least, most = (least, middle) if _wealth(scaled, middle) >= -np.log(alpha) else (middle, most)
    return low + (most if most < _ALMOST else 1.0) * (high - low)


def mean_below(values: Values, alpha: float, low: float, high: float) -> float:
    """The lower end of the same: with 1 - alpha the true mean is not below it."""
    return -mean_above(-values, alpha, -high, -low)


def _wealth(values: Values, mean: float) -> float:
    """The logarithm of what the stakes, on average, have become where the mean is said to be `mean`, in (0, 1)."""
    gains = (mean - values) / (1 - mean)
    with np.errstate(divide="ignore"):
        grown = np.log1p(_STAKES[:, None] * gains[None, :]).sum(axis=1)
    return float(np.logaddexp.reduce(grown + np.log(_WEIGHTS)))
