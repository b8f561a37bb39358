"""What each kind of fault costs: by how much average precision rises once it is mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.tide.average_precision import average_precision
from jpegproof.analysis.tide.evidence import Evidence, gather_evidence
from jpegproof.analysis.tide.faults import FAULTS, MAIN, Fault
from jpegproof.analysis.tide.listing import Listing
from jpegproof.tasks.objects import Detections, Objects


@dataclass(frozen=True, slots=True)
class Costs:
    """What the faults of a detector cost it on some pictures.

    Attributes:
        ap: average precision at the foreground threshold, in percent.
        rises: per kind of fault by how many points it rises once that kind is mended (TIDE's dAP).
        counts: per kind of fault how often it occurs.
        pictures: how many count.
    """

    ap: float
    rises: Mapping[Fault, float]
    counts: Mapping[Fault, int]
    pictures: int

    @property
    def shares(self) -> dict[Fault, float]:
        """Per main kind its part of the sum of their rises, in percent; all 0 where nothing rises."""
        total = sum(self.rises[fault] for fault in MAIN)
        return {fault: 100 * self.rises[fault] / total if total > 0 else 0.0 for fault in MAIN}


def find_costs(
    truths: Sequence[Objects | None],
    detections: Sequence[Detections | None],
    kind: Kind = "boxes",
    foreground: float = 0.5,
    background: float = 0.1,
) -> Costs:
    """Sorts a detector's faults into TIDE's kinds, and works out what each costs. Neither argument is changed.

    The numbers are those of tidecv 1.0.1. Where it divides by zero (nothing to be found, nothing found) the answer is
    the one of `average_precision`.

    Args:
        truths: per picture what is true of it; None where that is not known.
        detections: per picture what the detector says; None where the picture could not be used.
        kind: whether boxes or masks are compared.
        foreground: least overlap of a right detection, in (0, 1].
        background: an overlap up to this is none, in (0, 1).

    Raises:
        ValueError: the two have unlike lengths, or the thresholds are not 0 < background < foreground <= 1.
        DataError: masks are asked for where there are none.
        MissingExtraError: pycocotools is not installed.
    """
    return costs_of(gather_evidence(truths, detections, kind, foreground, background))


def costs_of(evidence: Evidence) -> Costs:
    """The costs of what was found in all pictures, each counted once."""
    ap, *rises = resampled_costs(evidence, np.ones((1, len(evidence.usable))))[0].tolist()
    return Costs(ap, dict(zip(FAULTS, rises, strict=True)), evidence.counts, int(evidence.usable.sum()))


def resampled_costs(evidence: Evidence, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The costs under image weights, for intervals: matching is per picture and does not change with them.

    Args:
        evidence: what was found in N pictures.
        weights: (R, N) whole numbers, at least 0: how often each picture counts.

    Returns:
        (R, 9): average precision in percent, then the rise for each of `FAULTS` in points. Of the main kinds a rise
        is never below 0: where mending lowers the precision, that is an accident of where the recalls are sampled.
    """
    ap = average_precision(Listing.as_it_is(evidence), weights)
    rises = [average_precision(Listing.mended(evidence, fault), weights) - ap for fault in FAULTS]
    rises = [np.maximum(rise, 0.0) if fault in MAIN else rise for fault, rise in zip(FAULTS, rises, strict=True)]
    return np.stack([ap, *rises], axis=1)
