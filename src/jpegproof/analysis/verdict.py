"""Whether a cure is worth its cost: what may be said of intervals, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jpegproof.analysis.bootstrap import LEVEL, Interval
from jpegproof.analysis.budget.power import normal_quantile, pictures_for_mean

Effect = Literal["helps", "hurts", "cannot be told"]
Worth = Literal["worth it", "not worth it", "undecided"]

_TAIL = (1 - LEVEL) / 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the intervals allow to be said.

    Attributes:
        worth: whether the gain is the least that the user would pay for: ``worth it`` where the whole interval lies at
            or above it, ``not worth it`` where the whole interval lies below it, and ``undecided`` otherwise.
        effect: of the cure over all qualities.
        gain: over no cure, over all qualities, in points.
        least_gain: what the gain is held against, in points.
        pictures: how many pictures would probably decide, were the gain that is seen the truth; None where it is
            decided already, or where more than a million would be needed.
        by_quality: the effect at each quality, by its own interval.
        over_start: whether it is better than what it began from; None where that is no cure of its own.
    """

    worth: Worth
    effect: Effect
    gain: Interval
    least_gain: float
    pictures: int | None
    by_quality: Mapping[str, Effect] = field(default_factory=dict)
    over_start: Effect | None = None


def effect_of(gain: Interval) -> Effect:
    """Whether an interval of a gain lies above nothing, below it, or around it."""
    if gain.low is None or gain.high is None:
        return "cannot be told"
    return "helps" if gain.low > 0 else "hurts" if gain.high < 0 else "cannot be told"


def judge(
    gain: Interval,
    least_gain: float,
    by_quality: Mapping[str, Interval] | None = None,
    over_start: Interval | None = None,
) -> Verdict:
    """The verdict on a cure.

    One interval decides, that of the mean over all qualities; those of single qualities are told beside it and decide
    nothing, since of several intervals at 95 % one is easily beside the truth.

    Args:
        gain: over no cure, paired, over all qualities.
        least_gain: below which it would not be worth its cost, in points, 0 or more. At 0 any gain is worth it, and it
            must be above nothing.
        by_quality: the same at each quality.
        over_start: over what it began from; None where that is no cure of its own.
    """
    effects: dict[str, Effect] = {quality: effect_of(one) for quality, one in (by_quality or {}).items()}
    start = None if over_start is None else effect_of(over_start)
    worth: Worth = "undecided"
    if gain.low is not None and gain.high is not None:
        if gain.low >= least_gain and gain.low > 0:
            worth = "worth it"
        elif gain.high < least_gain or gain.high <= 0:
            worth = "not worth it"
    pictures = _pictures(gain, least_gain) if worth == "undecided" else None
    return Verdict(worth, effect_of(gain), gain, least_gain, pictures, effects, start)


def _pictures(gain: Interval, bound: float) -> int | None:
    """How many pictures would tell a gain from a bound, on either side."""
    if gain.value is None or gain.low is None or gain.high is None:
        return None
    spread = (gain.high - gain.low) / (2 * normal_quantile(1 - _TAIL))
    return pictures_for_mean(gain.value, spread, gain.n, bound, _TAIL)
