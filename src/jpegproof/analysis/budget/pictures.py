"""Picture by picture: the lowest quality at which a model's answer stays what it is on the original."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.task_metrics import Metric

Values = NDArray[np.float64]

#: From which agreement of its own on, in percent, a picture's answer counts as the same where it is no single verdict:
#: of a map's pixels, of a detector's boxes (their mAP, which falls by points when a box moves by a pixel).
KEPT = {"pixel_agreement": 99.0, "agreement": 90.0}
_AT_ONCE = 256


def kept_by_picture(metrics: Mapping[str, Metric]) -> Values | None:
    """(N,) 1 where a picture's answer is the one on the original, 0 where it is another, NaN where it does not count.

    Args:
        metrics: of the answers; None where none of them compares with the originals.
    """
    agreement = metrics.get("agreement")
    if isinstance(agreement, np.ndarray):
        return np.where(np.isnan(agreement), np.nan, agreement == 100.0)
    name = next((name for name in KEPT if name in metrics), None)
    pooled = metrics[name] if name is not None else None
    if name is None or pooled is None or isinstance(pooled, np.ndarray):
        return None
    values = np.full(len(pooled.usable), np.nan)
    places = np.flatnonzero(pooled.usable)
    for begin in range(0, len(places), _AT_ONCE):
        some = places[begin : begin + _AT_ONCE]
        alone = np.zeros((len(some), len(values)))
        alone[np.arange(len(some)), some] = 1.0
        values[some] = pooled.values(alone)
    return np.where(np.isnan(values), np.nan, values >= KEPT[name])


def lowest_kept(kept: Mapping[int, Values]) -> dict[int, int | None]:
    """By picture the lowest quality at which it is kept, there and at every better one; None where not at the best.

    Args:
        kept: by quality, as `kept_by_picture` answers; pictures that do not count at one of them are left out.
    """
    falling = sorted(kept, reverse=True)
    table = np.stack([kept[quality] for quality in falling])
    # How many qualities, from the best down, it is kept at without a break.
    lasting = np.logical_and.accumulate(table == 1.0, axis=0).sum(axis=0)
    return {
        int(place): falling[lasting[place] - 1] if lasting[place] else None
        for place in np.flatnonzero(np.isfinite(table).all(axis=0))
    }
