"""Metrics in the same resamples over all pictures and over each half of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from jpegproof.analysis.bootstrap import RESAMPLES, Values, resampling_weights
from jpegproof.analysis.pooled import Flags


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A metric along one edge, (1 + R,) each: the number itself, then in each resample; NaN where it has none.

    Attributes:
        whole: over all pictures; may be of more resamples than the halves.
        first, second: over the pictures of each half, in the same resamples.
    """

    whole: Values
    first: Values
    second: Values


class DrawnMeans(NamedTuple):
    """Means over the pictures that count for all columns of a table.

    Attributes:
        counted: (N,) these pictures.
        share: (1 + R,) the share of them that are of the first half.
        columns: in the table's order.
    """

    counted: Flags
    share: Values
    columns: list[Drawn]


def drawn_means(
    tables: Sequence[Values], first: Flags, seed: int, block: int, resamples: int = RESAMPLES
) -> list[DrawnMeans]:
    """Of metrics that are means over pictures, all at once, since drawing is what takes time.

    Args:
        tables: (N, columns) each, NaN where a picture does not count.
        first: (N,) the pictures of the first half.
        seed: of the draws, which are those of `mean_intervals`.
        block: how many pictures are drawn together.
        resamples: how many.
    """
    counted: list[Flags] = [np.asarray(np.isfinite(table).all(axis=1)) for table in tables]
    kept = [np.where(flags[:, None], table, 0.0) for flags, table in zip(counted, tables, strict=True)]
    # Of each table its columns and, last, which pictures count; sums over the second half are what the first leaves.
    joined = np.concatenate(
        [part for flags, table in zip(counted, kept, strict=True) for part in (table, flags[:, None])], 1
    )
    both = np.concatenate([joined, joined * first[:, None]], axis=1)
    drawn = (weights @ both for weights in resampling_weights(len(both), seed, resamples, block))
    sums = np.concatenate([both.sum(axis=0)[None], *drawn])
    whole, of_first = sums[:, : joined.shape[1]], sums[:, joined.shape[1] :]
    found, begin = [], 0
    for flags, table in zip(counted, tables, strict=True):
        end = begin + table.shape[1]
        parts = [part[:, begin : end + 1] for part in (whole, of_first, whole - of_first)]
        begin = end + 1
        with np.errstate(invalid="ignore", divide="ignore"):
            means = [part[:, :-1] / part[:, -1:] for part in parts]
            share = parts[1][:, -1] / parts[0][:, -1]
        found.append(DrawnMeans(flags, share, [Drawn(*columns) for columns in zip(*(m.T for m in means), strict=True)]))
    return found
