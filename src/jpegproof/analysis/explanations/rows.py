"""The rows of ``explanations.csv`` and ``explanations_comparisons.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from jpegproof.analysis.read_rows import read_rows


@dataclass(frozen=True, slots=True)
class ExplanationRow:
    """How like the clean explanation those along one edge at one quality are. One row of ``explanations.csv``.

    Attributes:
        measure: ``cam_rank_correlation`` and ``gradient_rank_correlation`` (-1..1), ``cam_top_tenth_overlap``
            (percent), ``cam_centre_shift`` (percent of the diagonal), ``cam_spread_change`` (points of the picture's
            area, above 0 where the map is blurred), ``gradient_snr`` (decibels); each is defined in
            `jpegproof.analysis.explanations.measures`.
        quality: libjpeg quality; ``None`` for a cured network on the originals.
        value: mean over the pictures; ``None`` where none counts.
        ci_low: lower end of the 95 % bootstrap interval over pictures.
        ci_high: upper end.
        n: pictures that count.
        n_skipped: pictures that were chosen and do not: not usable, nothing to explain, or an empty map.
        seed: of the choice of pictures and of the bootstrap.
    """

    task: str
    dataset: str
    model: str
    measure: str
    mitigation: str
    corrector: str
    quality: int | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    n_skipped: int
    seed: int


@dataclass(frozen=True, slots=True)
class ExplanationComparison:
    """What a cure changes, picture by picture. One row of ``explanations_comparisons.csv``.

    Attributes:
        difference: of the measure along the cure's edge less that along ``none`` at the same quality, over the
            pictures that count for both.
        ci_low: lower end of its 95 % interval: both in the same resamples of the pictures.
        ci_high: upper end.

    The other columns are those of `ExplanationRow`.
    """

    task: str
    dataset: str
    model: str
    measure: str
    mitigation: str
    corrector: str
    quality: int | None
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    seed: int


_Row = TypeVar("_Row", ExplanationRow, ExplanationComparison)


def read_explanations(path: Path, kind: type[_Row]) -> list[_Row]:
    """The rows of a result file of explanations; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    return read_rows(path, kind, "remove it, and run jpegproof explain again")
