"""From the scores of pictures to the numbers of a set: means, intervals, paired gains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jpegproof.analysis.bootstrap import Values, mean_intervals
from jpegproof.restoration.rows import GAIN, JPEG, Number, Score

_Column = tuple[int, str, str, str]


def numbers_of(scores: Sequence[Score], n_skipped: int, seed: int) -> list[Number]:
    """Means over pictures of every score, and of its difference to the JPEG's, with 95 % bootstrap intervals.

    All numbers share their resamples, so every comparison is paired.

    Args:
        scores: of one data set, those of the JPEG itself among them.
        n_skipped: pictures that could not be used.
        seed: of the bootstrap.

    Returns:
        By quality, plane, corrector and metric in the order in which they first appear, a gain behind its metric.
    """
    if not scores:
        return []
    columns = _columns(scores)
    intervals = mean_intervals(np.stack(list(columns.values()), axis=1), seed)
    return [
        Number(
            dataset=scores[0].dataset,
            quality=quality,
            subsampling=subsampling,
            corrector=corrector,
            metric=metric,
            value=interval.value,
            ci_low=interval.low,
            ci_high=interval.high,
            n=interval.n,
            n_skipped=n_skipped,
        )
        for (quality, subsampling, corrector, metric), interval in zip(columns, intervals, strict=True)
    ]


def _columns(scores: Sequence[Score]) -> dict[_Column, Values]:
    """(pictures,) per number; NaN where a picture does not count."""
    places = {name: place for place, name in enumerate(dict.fromkeys(score.picture for score in scores))}
    measured: dict[_Column, Values] = {}
    for score in scores:
        key = (score.quality, score.subsampling, score.corrector, score.metric)
        column = measured.setdefault(key, np.full(len(places), np.nan))
        column[places[score.picture]] = score.value
    columns: dict[_Column, Values] = {}
    for key, column in measured.items():
        quality, subsampling, corrector, metric = key
        columns[key] = column
        if corrector != JPEG:
            with np.errstate(invalid="ignore"):  # a PSNR can be infinite on both sides
                columns[quality, subsampling, corrector, metric + GAIN] = (
                    column - measured[quality, subsampling, JPEG, metric]
                )
    return columns
