"""What is lost at one compression, with its one-sided bounds, by the rule that fits how the metric is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.blocks import blocks_of
from jpegproof.analysis.budget.bets import mean_above, mean_below
from jpegproof.analysis.budget.binomial import share_above, share_below
from jpegproof.analysis.budget.paired_shares import loss_above, loss_below
from jpegproof.analysis.budget.power import DECIDES, normal_quantile, pictures_for_mean, pictures_for_share

Values = NDArray[np.float64]

#: Fewer resamples than this beyond a bound say nothing of where it lies.
_RESAMPLES_BEYOND = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every loss.

    Attributes:
        bound: the loss or disagreement that is still borne, in points; above 0 and below 100.
        alpha: how often each answer may be wrong, in (0, 0.5).
    """

    bound: float
    alpha: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is lost, and how much it may be; in points.

    Attributes:
        value: the loss that was seen; None where there is none.
        low: with confidence, the true loss is not below it; None where nothing can be said.
        high: with confidence, it is not above it.
        n: pictures that count.
        needed: about how many of them would decide, were the loss seen the true one; None where no number would, or
            there is nothing to go by.
        rule: how the bounds are made: ``exact``, ``bets`` or ``bootstrap``.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    needed: int | None
    rule: str


NOTHING = Bounds(None, None, None, 0, None, "")


def bounds_of_changes(changed: Values, question: Question, block: int = 1) -> Bounds:
    """How many pictures have changed.

    Args:
        changed: (N,) 0 or 1, or any share between; NaN where a picture does not count.
        question: bound and confidence.
        block: how many pictures that follow each other are one draw.
    """
    return _bounds(changed, question, block, least=0.0)


def bounds_of_differences(lost: Values, question: Question, block: int = 1) -> Bounds:
    """How much less pictures count than before, on average.

    Args:
        lost: (N,) 1 where a picture was right before and is wrong now, -1 where it is the other way round, 0 where
            nothing changed, or anything between; NaN where a picture does not count.
        question: bound and confidence.
        block: how many pictures that follow each other are one draw.
    """
    return _bounds(lost, question, block, least=-1.0)


def bounds_of_draws(drawn: Values, n: int, units: int, question: Question) -> Bounds:
    """What a metric that is no mean over pictures has lost, by resampling.

    Args:
        drawn: (1 + R,) the loss in points, then in each resample; NaN where it cannot be computed.
        n: pictures that count.
        units: pictures, or blocks of them, that were drawn.
        question: bound and confidence.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    """
    if not np.isfinite(drawn[0]):
        return NOTHING
    value, resampled = float(drawn[0]), drawn[1:][np.isfinite(drawn[1:])]
    if units < 2 or len(resampled) * question.alpha < _RESAMPLES_BEYOND:
        return Bounds(value, None, None, n, None, "bootstrap")
    low, high = np.quantile(resampled, [question.alpha, 1 - question.alpha])
    if np.ptp(resampled) == 0:
        # All pictures are alike, of which resampling learns nothing: so large a share of unlike ones may be missed.
        missed = 100.0 * share_above(0, units, question.alpha)
        low, high = value - missed, value + missed
    return Bounds(value, float(low), float(high), n, _needed(value, float(resampled.std()), n, question), "bootstrap")


def _bounds(values: Values, question: Question, block: int, least: float) -> Bounds:
    known = values[np.isfinite(values)]
    n, alpha = len(known), question.alpha
    if n == 0:
        return NOTHING
    seen = 100.0 * float(known.mean())
    if block == 1 and np.isin(known, (-1.0, 0.0, 1.0)).all():
        lost, gained = int((known > 0).sum()), int((known < 0).sum())
        if least == 0:
            ends = share_below(lost, n, alpha), share_above(lost, n, alpha)
            needed = pictures_for_share(lost, n, question.bound / 100, alpha)
        else:
            margin = question.bound / 100
            ends = (
                loss_below(lost, gained, n, alpha, margin),
                loss_above(lost, gained, n, alpha, margin),
            )
            spread = 100.0 * math.sqrt((lost + gained + 1) / (n + 1)) / math.sqrt(n)
            needed = _needed(seen, spread, n, question)
        return Bounds(seen, 100.0 * ends[0], 100.0 * ends[1], n, needed, "exact")
    draws = _block_means(values, block)
    ends = mean_below(draws, alpha, least, 1.0), mean_above(draws, alpha, least, 1.0)
    # As wide as these bounds are, not as a normal distribution's would be.
    spread = 100.0 * (ends[1] - ends[0]) / 2 / normal_quantile(1 - alpha)
    seen = 100.0 * float(draws.mean())
    return Bounds(seen, 100.0 * ends[0], 100.0 * ends[1], n, _needed(seen, spread, n, question), "bets")


def _needed(seen: float, spread: float, n: int, question: Question) -> int | None:
    """The pictures that would decide; a gain counts as no loss, since it is luck more often than not."""
    return pictures_for_mean(max(seen, 0.0), spread, n, question.bound, question.alpha, DECIDES)


def _block_means(values: Values, block: int) -> Values:
    """The mean of each block that holds a picture that counts."""
    means = (values[places][np.isfinite(values[places])] for places in blocks_of(len(values), block))
    return np.array([mean.mean() for mean in means if len(mean)])
