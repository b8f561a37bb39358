"""How many pictures would decide: so many that a test at its level has its say four times out of five."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from jpegproof.analysis.budget.binomial import share_probabilities

#: How likely a decision is to be with so many pictures, were what is seen the truth.
DECIDES = 0.8

#: More than these nobody gathers for one decision; what would need them lies on the bound for all that can be said.
MOST_PICTURES = 1_000_000

#: Up to so many pictures the exact test's own power is worked out; beyond, the normal distribution is near enough.
_EXACT = 20_000


def normal_quantile(probability: float) -> float:
    """The quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(probability)


def pictures_for_mean(
    seen: float, spread: float, pictures: int, bound: float, alpha: float, decides: float = DECIDES
) -> int | None:
    """How many pictures would tell a mean from a bound, on either side.

    Args:
        seen: the mean, taken for the truth, in the bound's unit.
        spread: its standard error with `pictures`.
        pictures: that were looked at.
        bound: to be told from.
        alpha: the test's level.
        decides: how likely the decision is to be.

    Returns:
        At least 1; None where it would be more than a million.
    """
    away = abs(bound - seen)
    wanted = normal_quantile(1 - alpha) + normal_quantile(decides)
    if away == 0 or pictures * (wanted * spread / away) ** 2 > MOST_PICTURES:
        return None
    return max(math.ceil(pictures * (wanted * spread / away) ** 2), 1)


def pictures_for_share(changed: int, pictures: int, bound: float, alpha: float, decides: float = DECIDES) -> int | None:
    """How many pictures would tell a share from a bound, by the exact test.

    The truth is taken to be ``(changed + 1/2) / (pictures + 1)``: that none was seen does not mean that there are none.

    Args:
        changed, pictures: that were counted, and that were looked at.
        bound: in (0, 1).
        alpha, decides: as above.

    Returns:
        At least 1; None where it would be more than a million.
    """
    share = (changed + 0.5) / (pictures + 1)
    spread = math.sqrt(share * (1 - share))
    guess = pictures_for_mean(share, spread, 1, bound, alpha, decides)
    if guess is None or guess > _EXACT:
        return guess
    low, high = max(guess // 4, 1), max(guess // 2, 2)
    while _power(high, share, bound, alpha) < decides:
        low, high = high, 2 * high
    # The power goes up and down a little with the number of pictures; near enough for "about".
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, share, bound, alpha) >= decides else (middle, high)
    return high


def _power(pictures: int, share: float, bound: float, alpha: float) -> float:
    """How likely so many pictures are to decide."""
    on_the_bound = np.cumsum(share_probabilities(pictures, bound))
    truly = np.cumsum(share_probabilities(pictures, share))
    if share < bound:
        safe = int(np.searchsorted(on_the_bound, alpha, side="right"))  # of 0, 1, ... so many are few enough
        return float(truly[safe - 1]) if safe else 0.0
    unsafe = int(np.searchsorted(on_the_bound, 1 - alpha, side="left")) + 1  # from so many on it is too many
    return float(1 - truly[unsafe - 1]) if unsafe <= pictures else 0.0
