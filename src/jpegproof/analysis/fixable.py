"""What JPEG costs a model, split into what the best cure recovers and what remains.

The best of several cures looks better on the pictures that it was chosen on than it is: of cures that do nothing at
all the luckiest one gains. So it is chosen on one half of the pictures and judged on the other, both ways round, and
the two gains are averaged by the pictures of the halves (cross-fitting); no cure at all is a candidate too, so that a
study of harmful cures recovers nothing and no less. The choice is made anew in every resample, so that intervals know
of it.

Where both halves choose the same cure, its gain is that over all pictures: for means over pictures that is what the
average of the halves comes to, and for the others (mAP, mIoU) it is the number of the other tables.

Source: Stone, Cross-Validatory Choice and Assessment of Statistical Predictions, Journal of the Royal Statistical
Society B 36 (1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Interval, Values
from jpegproof.analysis.drawn_halves import Drawn
from jpegproof.analysis.pooled import interval_of


@dataclass(frozen=True, slots=True)
class FixableRow:
    """A loss and its two parts. One row of ``fixable.csv``.

    Attributes:
        by: ``all`` for a metric of everything, ``size`` for one of objects of one size (its metric says which),
            ``class`` for one of a class (which is the slice).
        loss: what is lost without a cure, in the metric's unit: the originals' number less that on the JPEGs; with its
            95 % interval.
        recovered: what the best cure gives back of it; see the module.
        remaining: loss less recovered. Below 0 where a cure that trains the model gains more than JPEG took.
        cures: how many there were to choose from.
        chosen_first, chosen_second: the best cure of each half of the pictures; ``none`` where every cure does harm.

    The other columns are those of `Result`.
    """

    task: str
    dataset: str
    slice: str
    model: str
    metric: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: int | None
    by: str
    loss: float
    loss_low: float | None
    loss_high: float | None
    recovered: float
    recovered_low: float | None
    recovered_high: float | None
    remaining: float
    remaining_low: float | None
    remaining_high: float | None
    cures: int
    chosen_first: str
    chosen_second: str
    n: int
    seed: int


@dataclass(frozen=True, slots=True)
class Split:
    """A loss and its parts; ``chosen`` are the best cures of the two halves, counted from 0, -1 for none."""

    loss: Interval
    recovered: Interval
    remaining: Interval
    chosen: tuple[int, int]


def split_loss(
    originals: Values | float, untreated: Drawn, cures: Sequence[Drawn], share: Values, n: int, units: int
) -> Split | None:
    """Splits the loss at one compression.

    Args:
        originals: the metric on the originals in the same resamples as ``whole``, or a number that is known.
        untreated: along the edge without a cure.
        cures: along the others, at least one.
        share: (1 + R,) the share of the pictures that are of the first half.
        n: pictures that count.
        units: of what was resampled, pictures or blocks.

    Returns:
        None where one of the halves has no number without a cure, as of a class that it does not show.
    """
    resamples = len(share)
    edges = [untreated, *cures]
    whole = np.stack([edge.whole[:resamples] for edge in edges]) - untreated.whole[:resamples]
    first = np.stack([edge.first for edge in edges]) - untreated.first
    second = np.stack([edge.second for edge in edges]) - untreated.second
    by_first, by_second = _best(first), _best(second)
    crossed = share * _at(first, by_second) + (1 - share) * _at(second, by_first)
    known = np.isfinite(crossed)  # the halves' numbers without a cure
    recovered = np.where(known, np.where(by_first == by_second, _at(whole, by_first), crossed), np.nan)
    loss = np.asarray(originals - untreated.whole)
    if not np.isfinite(recovered[0]) or not np.isfinite(loss[0]):
        return None
    return Split(
        interval_of(loss, n, units),
        interval_of(recovered, n, units),
        interval_of(loss[:resamples] - recovered, n, units),
        (int(by_first[0]) - 1, int(by_second[0]) - 1),
    )


def _best(gains: Values) -> NDArray[np.intp]:
    """(1 + R,) the number of the highest of (E, 1 + R) gains; the first of equal ones."""
    return np.argmax(np.where(np.isfinite(gains), gains, -np.inf), axis=0)


def _at(gains: Values, chosen: NDArray[np.intp]) -> Values:
    return np.take_along_axis(gains, chosen[None], axis=0)[0]
