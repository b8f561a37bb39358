"""Average precision of ranked pictures or patches, as a function of picture weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Values
from jpegproof.tasks.forensics_columns import LevelCounts

_Kind = TypeVar("_Kind", bound=np.floating[Any])

# Of one array of resamples that is worked on at once: small enough to stay in a processor's cache, which is several
# times as fast.
_CHUNK_BYTES = 500_000

#: Below this float32 holds every whole number.
_EXACT = 2**24


def average_precision(right: Values, said: Values) -> Values:
    """Average precision in percent, in each resample: (R,); NaN in one without anything to be found.

    Args:
        right: (R, L) how much of what has each score is to be found, the best score first.
        said: (R, L) how much has each score.

    What has one score is said at once. The precision after each score counts by the recall that the score adds, with
    no interpolation between them: the definition of scikit-learn's ``average_precision_score``.
    """
    found = np.cumsum(right, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(found / np.cumsum(said, axis=1))
        return 100.0 * (right * precision).sum(axis=1) / found[:, -1]


@dataclass(frozen=True, slots=True, eq=False)
class PicturePrecision:
    """The average precision of pictures ranked by their scores; a `PooledMetric`.

    Attributes:
        scores: (N,) of what is to be found, greatest first; NaN where a picture does not count.
        sought: (N,) whether it is to be found.
    """

    scores: Values
    sought: NDArray[np.bool_]

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return np.isfinite(self.scores)

    def values(self, weights: Values) -> Values:
        """(R,) percent in resamples given by (R, N) whole numbers."""
        counted = np.flatnonzero(self.usable)
        order = counted[np.argsort(-self.scores[counted], kind="stable")]
        begins = np.flatnonzero(np.diff(self.scores[order], prepend=np.nan) != 0)
        sought = self.sought[order]
        found = []
        for part in _parts(weights):
            said = np.take(part, order, axis=1)
            right = said * sought
            if len(begins) < len(order):
                said, right = (np.add.reduceat(item, begins, axis=1) for item in (said, right))
            found.append(average_precision(right, said))
        return np.concatenate(found)


@dataclass(frozen=True, slots=True, eq=False)
class PatchPrecision:
    """The average precision of all patches of all pictures, ranked by the levels of their logits; a `PooledMetric`.

    Attributes:
        counts: patches of each picture by level.
        known: (N,) whether the picture counts.
        sought: (N,) whether its patches are to be found.
        highest_first: whether what is to be found has high logits.
    """

    counts: LevelCounts
    known: NDArray[np.bool_]
    sought: NDArray[np.bool_]
    highest_first: bool

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return self.known

    def values(self, weights: Values) -> Values:
        """(R,) percent in resamples given by (R, N) whole numbers."""
        levels, places = np.unique(self.counts.levels, return_inverse=True)
        # Whole numbers, which float32 adds in half the time, and exactly up to 2^24.
        of_a_picture = np.bincount(self.counts.pictures, self.counts.counts).max(initial=0)
        most = weights.sum(axis=1).max(initial=0) * of_a_picture
        kind = np.float32 if most < _EXACT else np.float64
        table = np.zeros((len(self.known), len(levels)), kind)
        table[self.counts.pictures, places if not self.highest_first else len(levels) - 1 - places] = self.counts.counts
        sought, others = self.known & self.sought, self.known & ~self.sought
        right, wrong = (weights[:, rows].astype(kind) @ table[rows] for rows in (sought, others))
        both = zip(_parts(right), _parts(wrong), strict=True)
        return np.concatenate(
            [average_precision(found.astype(np.float64), found.astype(np.float64) + missed) for found, missed in both]
        )


def _parts(rows: NDArray[_Kind]) -> list[NDArray[_Kind]]:
    """Some rows at once."""
    at_once = max(_CHUNK_BYTES // (8 * rows.shape[1]), 1)
    return [rows[begin : begin + at_once] for begin in range(0, len(rows), at_once)]
