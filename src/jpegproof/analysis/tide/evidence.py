"""What is right and what is wrong with the detections in all pictures of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.tide.faults import MAIN, SPECIAL, Fault
from jpegproof.analysis.tide.findings import RIGHT, Findings, find_faults
from jpegproof.tasks.objects import Detections, Objects


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The findings of N pictures one after the other: D detections, T true objects.

    Attributes:
        usable: (N,) bool: which pictures count.
        picture: (D,) int64, of which picture each detection is.
        true_picture: (T,) int64, of which picture each object is.
        findings: the findings themselves.
    """

    usable: NDArray[np.bool_]
    picture: NDArray[np.int64]
    true_picture: NDArray[np.int64]
    findings: Findings

    @property
    def counts(self) -> dict[Fault, int]:
        """How often each kind of fault occurs.

        As in tidecv, the main kinds count detections in crowd regions too; false positives do not.
        """
        findings = self.findings
        occurs = np.bincount(findings.fault[findings.fault != RIGHT], minlength=len(MAIN))
        counts = {fault: int(count) for fault, count in zip(MAIN, occurs, strict=True)}
        wrong, lost = SPECIAL
        return {
            **counts,
            Fault.MISSED: int(findings.missed.sum()),
            wrong: int((findings.counted & (findings.fault != RIGHT)).sum()),
            lost: int((~findings.found).sum()),
        }


def gather_evidence(
    truths: Sequence[Objects | None],
    detections: Sequence[Detections | None],
    kind: Kind,
    foreground: float,
    background: float,
) -> Evidence:
    """Looks for faults in all pictures; see `find_faults`. A picture where either is None does not count.

    Raises:
        ValueError: the two have unlike lengths, or the thresholds are not 0 < background < foreground <= 1.
        DataError: masks are asked for where there are none.
        MissingExtraError: pycocotools is not installed.
    """
    if len(truths) != len(detections):
        raise ValueError(f"{len(truths)} pictures have truths and {len(detections)} have detections")
    if not 0 < background < foreground <= 1:
        raise ValueError(
            f"thresholds {background} (background) and {foreground} (foreground) are not above 0, rising and at most 1"
        )
    pairs = [
        (number, find_faults(true, said, kind, foreground, background))
        for number, (true, said) in enumerate(zip(truths, detections, strict=True))
        if true is not None and said is not None
    ]
    usable = np.zeros(len(truths), dtype=bool)
    usable[[number for number, _ in pairs]] = True
    numbers = np.array([number for number, _ in pairs], dtype=np.int64)

    def joined(name: str, kind: Any) -> NDArray[Any]:
        parts = [getattr(findings, name) for _, findings in pairs]
        return np.concatenate([np.zeros(0, dtype=kind), *parts])

    return Evidence(
        usable,
        np.repeat(numbers, [len(findings.label) for _, findings in pairs]),
        np.repeat(numbers, [len(findings.true_label) for _, findings in pairs]),
        Findings(
            label=joined("label", np.int64),
            score=joined("score", np.float64),
            fault=joined("fault", np.int8),
            counted=joined("counted", np.bool_),
            mendable=joined("mendable", np.bool_),
            mended_label=joined("mended_label", np.int64),
            true_label=joined("true_label", np.int64),
            found=joined("found", np.bool_),
            missed=joined("missed", np.bool_),
        ),
    )
