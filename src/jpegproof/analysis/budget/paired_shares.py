"""Exact one-sided bounds on how much fewer pictures are right than before: the paired difference of two shares.

Each picture was right before and is wrong now (lost), was wrong and is right (gained), or stays as it was. The loss is
the share of the lost less that of the gained. How many change at all is unknown too; a bound must hold whatever it is.

Source of the statistic: Tango, Equivalence test and confidence interval for the difference in proportions for the
paired-sample design, Statistics in Medicine 17 (1998). Source of the maximum over the share that changes: Berger and
Boos, P values maximized over a confidence set for the nuisance parameter, JASA 89 (1994).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.budget.binomial import log_factorials, share_above, share_below

Counts = NDArray[np.float64]

#: Of alpha, what is spent on not knowing how many pictures change.
_SPENT = 0.01
#: At how many shares of changing pictures the probability is worked out, over those that are plausible.
_SHARES = 17
#: How far from the expected counts tables are looked at, in standard deviations and pictures; what lies beyond is
#: reckoned as if it spoke against the claim.
_DEVIATIONS, _MORE = 5.5, 12
#: Stands for a share of nothing where its logarithm is taken.
_TINY = 1e-300
#: How finely a bound is found: a hundredth of a point.
_TOLERANCE = 1e-4


@lru_cache(maxsize=4096)  # small classes lose the same few pictures again and again
def loss_above(lost: int, gained: int, pictures: int, alpha: float, margin: float) -> float:
    """The upper end of a one-sided interval for the loss, in [-1, 1]: with 1 - alpha the true loss is not above it.

    It is below `margin` exactly where ``p_value(lost, gained, pictures, margin, alpha)`` is at most alpha.

    Args:
        lost, gained: pictures that became wrong, and that became right.
        pictures: all that were looked at, at least 1.
        alpha: how often the bound may be too low, in (0, 1).
        margin: the loss that a decision is about, in (-1, 1).
    """
    found = p_value(lost, gained, pictures, margin, alpha) <= alpha
    seen = (lost - gained) / pictures
    low, high = (seen, margin) if found else (max(seen, margin), 1.0)
    # Most often the bound lies about here, which spares half of the steps.
    guess = min(max(_score_bound(lost, gained, pictures, alpha), low), high)
    for probe in (guess + 0.0005, guess - 0.0005):
        low, high = _narrowed(low, high, probe, lost, gained, pictures, alpha)
    while high - low > _TOLERANCE:
        low, high = _narrowed(low, high, (low + high) / 2, lost, gained, pictures, alpha)
    # Never past the margin by the tolerance alone.
    return min(high, math.nextafter(margin, -1.0)) if found else high


def loss_below(lost: int, gained: int, pictures: int, alpha: float, margin: float) -> float:
    """The lower end of the same, in [-1, 1]: with 1 - alpha the true loss is not below it."""
    return -loss_above(gained, lost, pictures, alpha, -margin)


def p_value(lost: int, gained: int, pictures: int, margin: float, alpha: float) -> float:
    """How likely a loss as low as the one seen is, at most, where the true loss is `margin` or more.

    Args:
        lost, gained, pictures: as above.
        margin: in (-1, 1).
        alpha: the level that it will be compared with; a hundredth of it is spent on the share that changes.

    Returns:
        In (0, 1]; at most alpha no oftener than in alpha of all samples, but for the spacing of the shares tried.
    """
    if lost - gained >= margin * pictures:
        return 1.0
    beta = _SPENT * alpha
    changed = lost + gained
    least = max(share_below(changed, pictures, beta / 2), abs(margin))
    most = share_above(changed, pictures, beta / 2)
    if least > most:  # so large a loss would have changed more pictures
        return beta
    shares = np.linspace(least, most, _SHARES)
    lose, gain = (shares + margin) / 2, (shares - margin) / 2
    losts, gains = _plausible(lose, pictures)[:, None], _plausible(gain, pictures)[None, :]
    extreme = (score(losts, gains, pictures, margin) <= score(lost, gained, pictures, margin) + 1e-12).ravel()
    kept = pictures - losts - gains
    table = log_factorials(pictures)
    ways = table[pictures] - table[losts.astype(int)] - table[gains.astype(int)]
    ways = np.where(kept >= 0, ways - table[np.maximum(kept, 0).astype(int)], -np.inf)
    worst = 0.0
    for one, other in zip(lose, gain, strict=True):
        stay = math.log(max(1 - one - other, _TINY))
        by_lost = losts * (math.log(max(one, _TINY)) - stay) + pictures * stay
        likely = np.exp(ways + by_lost + gains * (math.log(max(other, _TINY)) - stay)).ravel()
        worst = max(worst, float(likely @ extreme) + max(1.0 - float(likely.sum()), 0.0))
    return min(worst + beta, 1.0)


def score(lost: Counts | int, gained: Counts | int, pictures: int, margin: float) -> Counts:
    """Tango's score statistic of a loss against `margin`: below 0 where less is lost; 0 where nothing can be said."""
    if margin < 0:
        return -score(gained, lost, pictures, -margin)
    first, second = np.asarray(lost, dtype=np.float64), np.asarray(gained, dtype=np.float64)
    linear = first + second - margin * (2 * pictures - first + second)
    root = np.sqrt(linear**2 + 8 * pictures * second * margin * (1 - margin))
    gaining = (linear + root) / (4 * pictures)  # the likeliest share of gained pictures if the loss is the margin
    variance = pictures * (2 * gaining + margin * (1 - margin))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 0, (first - second - pictures * margin) / np.sqrt(variance), 0.0)


def _narrowed(
    low: float, high: float, probe: float, lost: int, gained: int, pictures: int, alpha: float
) -> tuple[float, float]:
    if not low < probe < high:
        return low, high
    return (low, probe) if p_value(lost, gained, pictures, probe, alpha) <= alpha else (probe, high)


def _score_bound(lost: int, gained: int, pictures: int, alpha: float) -> float:
    """About where the bound lies: of the score statistic by itself, with the normal distribution."""
    # Zelen and Severo's approximation (26.2.23 in Abramowitz and Stegun) is near enough for a first guess.
    t = math.sqrt(-2 * math.log(alpha))
    z = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t**3)
    low, high = (lost - gained) / pictures, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if score(lost, gained, pictures, middle) > -z else (low, middle)
    return high


def _plausible(shares: Counts, pictures: int) -> Counts:
    """The counts that are likely at one of the shares."""
    spread = _DEVIATIONS * np.sqrt(pictures * shares * (1 - shares)) + _MORE
    low, high = np.floor((pictures * shares - spread).min()), np.ceil((pictures * shares + spread).max())
    return np.arange(max(low, 0), min(high, pictures) + 1)
