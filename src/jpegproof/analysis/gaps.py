"""How much of what JPEG costs does a cure give back: the share of the gap closed, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Interval, ratio_intervals

#: What is pooled where a study has measured it: the qualities at which there is a gap worth closing.
POOLED = (10, 20, 30)

Column = NDArray[np.float64]


def gap_closed(
    originals: Sequence[Column], without: Sequence[Column], cured: Sequence[Column], seed: int, block: int = 1
) -> tuple[Interval, float | None]:
    """Share of the gap that a cure closes, in percent, pooled over qualities.

    The gap is what the model loses without a cure, the originals' metric minus that on the JPEGs; the share is what the
    cure gives back of it. Both are means over pictures, summed over the qualities before they are divided, so that a
    quality counts by the gap that it has. 100 is all of it, 0 nothing, below 0 the cure does harm.

    Args:
        originals: per quality the metric on the originals, (pictures,); NaN where a picture does not count.
        without: the same on the JPEGs, without a cure.
        cured: the same with it.
        seed: of the bootstrap.
        block: how many pictures are drawn together.

    Returns:
        The share with its 95 % interval, resampled by picture; and the gap itself, in the metric's unit, averaged over
        the qualities. No value where there is no gap; no interval where the gap cannot be told apart from none, since
        a share of nothing can be anything.
    """
    counted = [
        np.isfinite(a) & np.isfinite(b) & np.isfinite(c) for a, b, c in zip(originals, without, cured, strict=True)
    ]
    everywhere = np.logical_and.reduce(counted)
    gap = np.sum([np.where(everywhere, a - b, np.nan) for a, b in zip(originals, without, strict=True)], axis=0)
    gain = np.sum([np.where(everywhere, c - b, np.nan) for b, c in zip(without, cured, strict=True)], axis=0)
    share = ratio_intervals(gain, gap, seed, block=block)
    mean_gap = float(gap[everywhere].mean()) / len(originals) if everywhere.any() else None
    scale = 100.0
    return Interval(
        None if share.value is None else scale * share.value,
        None if share.low is None else scale * share.low,
        None if share.high is None else scale * share.high,
        share.n,
    ), mean_gap
