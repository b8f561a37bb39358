"""The list of answers that an average precision is worked out from: as it is, or with one kind of fault mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.tide.evidence import Evidence
from jpegproof.analysis.tide.faults import MAIN, Fault
from jpegproof.analysis.tide.findings import RIGHT


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """D answers, and T true objects. Of answers with the same score the earlier one comes first.

    Attributes:
        picture: (D,) int64, of which picture the answer is.
        label: (D,) int64.
        score: (D,) float64.
        right: (D,) bool.
        true_picture: (T,) int64, of which picture the object is.
        true_label: (T,) int64.
        wanted: (T,) bool: whether the object is to be found.
    """

    picture: NDArray[np.int64]
    label: NDArray[np.int64]
    score: NDArray[np.float64]
    right: NDArray[np.bool_]
    true_picture: NDArray[np.int64]
    true_label: NDArray[np.int64]
    wanted: NDArray[np.bool_]

    @classmethod
    def as_it_is(cls, evidence: Evidence) -> Self:
        """The answers with all their faults."""
        findings = evidence.findings
        counted = findings.counted
        return cls(
            evidence.picture[counted],
            findings.label[counted],
            findings.score[counted],
            findings.fault[counted] == RIGHT,
            evidence.true_picture,
            findings.true_label,
            np.ones(len(findings.true_label), dtype=bool),
        )

    @classmethod
    def mended(cls, evidence: Evidence, fault: Fault) -> Self:
        """The answers without one kind of fault.

        A fault in name or place is mended by making the best detection that points to an object right about it; other
        faulty detections go. Objects that are missed are taken from what is to be found. Without false positives all
        that is right stands before all that is wrong; without false negatives what is not found need not be.

        As in tidecv, wrong answers stand before right ones of the same score, whichever picture they are of.

        Source: TIDE, section 2.3.
        """
        findings = evidence.findings
        is_right = findings.fault == RIGHT
        chosen = fault in MAIN and fault is not Fault.MISSED
        faulty = (findings.fault == MAIN.index(fault)) if chosen else np.zeros(len(is_right), dtype=bool)
        made_right = faulty & findings.mendable
        kept = made_right | (findings.counted & ~faulty)
        order = np.concatenate([np.flatnonzero(kept & ~is_right), np.flatnonzero(is_right)])
        right = (made_right | is_right)[order]
        everything = np.ones(len(findings.true_label), dtype=bool)
        return cls(
            evidence.picture[order],
            np.where(made_right, findings.mended_label, findings.label)[order],
            right.astype(np.float64) if fault is Fault.FALSE_POSITIVES else findings.score[order],
            right,
            evidence.true_picture,
            findings.true_label,
            {Fault.MISSED: ~findings.missed, Fault.FALSE_NEGATIVES: findings.found}.get(fault, everything),
        )
