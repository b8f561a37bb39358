"""How alike two explanations of one picture are: the map and the gradient on a JPEG, beside those on the original."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.floating[Any]]

#: Signal-to-noise above this is said to be this: single precision can tell no more, and no mean is infinite.
MOST_DECIBELS = 100.0

#: The share of a map that counts as its top.
TOP = 0.1

#: What is measured of maps, and what of gradients, in the order of the result file.
MAP_MEASURES = ("cam_rank_correlation", "cam_top_tenth_overlap", "cam_centre_shift", "cam_spread_change")
GRADIENT_MEASURES = ("gradient_rank_correlation", "gradient_snr")
MEASURES = (*MAP_MEASURES, *GRADIENT_MEASURES)


def compare_maps(found: Map, clean: Map) -> dict[str, float]:
    """All `MAP_MEASURES` of a map beside the clean one of the same picture.

    Args:
        found: (h, w), at least 0.
        clean: of the same shape.

    Returns:
        Values by name; NaN all of them where a map is 0 everywhere, which says nothing of where the network looks, or
        the maps have different shapes.
    """
    if found.shape != clean.shape or not found.any() or not clean.any():
        return dict.fromkeys(MAP_MEASURES, math.nan)
    values = (
        rank_correlation(found, clean),
        top_overlap(found, clean),
        centre_shift(found, clean),
        spread(found) - spread(clean),
    )
    return dict(zip(MAP_MEASURES, values, strict=True))


def compare_gradients(found: Map, clean: Map) -> dict[str, float]:
    """All `GRADIENT_MEASURES` of a gradient beside the clean one; NaN where one is 0 or the shapes differ.

    Ranks are those of `strength`, what a gradient looks like; signal-to-noise is of the signed gradient itself.

    Args:
        found: (3, H, W), signed.
        clean: of the same shape.
    """
    if found.shape != clean.shape or not found.any() or not clean.any():
        return dict.fromkeys(GRADIENT_MEASURES, math.nan)
    values = rank_correlation(strength(found), strength(clean)), signal_to_noise(found, clean)
    return dict(zip(GRADIENT_MEASURES, values, strict=True))


def strength(gradient: Map) -> Map:
    """How much each pixel matters: (H, W), the greatest size of a (3, H, W) gradient over its channels."""
    return np.abs(gradient).max(axis=0)


def rank_correlation(found: Map, clean: Map) -> float:
    """Spearman's: the correlation of the values' ranks, ties sharing their mean rank: -1..1, 1 where the order is one.

    NaN where one of the two is the same everywhere, so that it has no order.
    """
    one, other = (_ranks(values) for values in (found, clean))
    one, other = one - one.mean(), other - other.mean()
    scale = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / scale if scale > 0 else math.nan


def top_overlap(found: Map, clean: Map) -> float:
    """Intersection over union of the two maps' tops, in percent: 100 where they are the same places.

    The top is the tenth of the places with the greatest values, rounded up; places of value 0 are never in it.
    """
    one, other = (_top(values) for values in (found, clean))
    return 100.0 * int((one & other).sum()) / int((one | other).sum())


def centre_shift(found: Map, clean: Map) -> float:
    """How far apart the maps' centres of mass are, in percent of the picture's diagonal: 0..100."""
    height, width = clean.shape
    (y, x), (clean_y, clean_x) = _centre(found), _centre(clean)
    return 100.0 * math.hypot(y - clean_y, x - clean_x) / math.hypot(height, width)


def spread(found: Map) -> float:
    """The share of the picture that a map covers, in percent: of an even map on k of n places it is k / n.

    (sum of m)^2 / (n * sum of m^2), which is called participation ratio. No scale changes it, and no blur lowers it:
    a blur keeps the sum and never raises the sum of squares.
    """
    values = found.astype(np.float64)
    return 100.0 * float(values.sum()) ** 2 / (values.size * float(np.square(values).sum()))


def signal_to_noise(found: Map, clean: Map) -> float:
    """Power of the clean gradient over the power of what separates the other from it, in decibels.

    10 log10(|g|^2 / min over a >= 0 of |g - a f|^2), for the clean gradient g and the other f: f may have any scale,
    since that of a score says nothing of where it comes from. With the cosine c of the two it is -10 log10(1 - c^2),
    and 0 dB where c is not above 0. At most `MOST_DECIBELS`.
    """
    f, g = found.ravel().astype(np.float64), clean.ravel().astype(np.float64)
    f, g = f / np.abs(f).max(), g / np.abs(g).max()  # squares of tiny gradients would vanish
    scale = max(float(f @ g) / float(f @ f), 0.0)
    rest = float(np.square(g - scale * f).sum())
    signal = float(g @ g)
    return MOST_DECIBELS if rest <= signal * 10 ** (-MOST_DECIBELS / 10) else 10 * math.log10(signal / rest)


def _ranks(values: Map) -> NDArray[np.float64]:
    """From 0 up; equal values share the mean of their ranks."""
    _, place, count = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count + 1) / 2)[place.ravel()]


def _top(values: Map) -> NDArray[np.bool_]:
    flat = values.ravel()
    best = np.argsort(-flat, kind="stable")[: math.ceil(TOP * flat.size)]
    top = np.zeros(flat.size, dtype=bool)
    top[best] = flat[best] > 0
    return top


def _centre(values: Map) -> tuple[float, float]:
    total = float(values.sum(dtype=np.float64))
    rows, columns = values.sum(axis=1, dtype=np.float64), values.sum(axis=0, dtype=np.float64)
    return float(rows @ np.arange(len(rows))) / total, float(columns @ np.arange(len(columns))) / total
