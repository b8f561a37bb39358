"""The metrics of detectors of fakes, from stored predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Values
from jpegproof.analysis.ranked_precision import PatchPrecision, PicturePrecision
from jpegproof.analysis.task_metrics import Metric
from jpegproof.tasks.fake_detector import FAKE, REAL
from jpegproof.tasks.forensics_columns import FORENSICS_SCHEMA, LevelCounts

#: The stored columns that the metrics are made of, of the answers and of those on the originals alike.
COLUMNS = tuple(FORENSICS_SCHEMA.names)

#: Above it a picture is said to be fake.
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class PatchShare:
    """The share of the patches of all pictures that are counted, in percent; a `PooledMetric`.

    Attributes:
        counted: (N,) of each picture; NaN where it does not count.
        patches: (N,) how many it has.
    """

    counted: Values
    patches: Values

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) the pictures that count."""
        return np.isfinite(self.counted)

    def values(self, weights: Values) -> Values:
        """(R,) percent in resamples given by (R, N) whole numbers; NaN in one that holds no patch."""
        usable = self.usable
        with np.errstate(invalid="ignore"):
            return 100.0 * (weights[:, usable] @ self.counted[usable]) / (weights[:, usable] @ self.patches[usable])


def forensics_metrics(answers: pa.Table, reference: pa.Table) -> dict[str, Metric]:
    """The metrics of a detector of fakes, in percent but for ``distance``.

    Args:
        answers: the stored answers on some compression, one row per picture.
        reference: the model's stored answers on the originals, the same pictures in the same order.

    Returns:
        Where there are labels ``accuracy``, ``real_accuracy`` and ``fake_accuracy``: the pictures, or those of one
        kind, whose verdict is right, which is fake where the score is above 0.5; with both kinds ``AP_fake`` and
        ``AP_real``, the average precision with fakes or with real pictures to be found. ``agreement`` is the share of
        the pictures whose verdict is that on the original; ``distance`` that of the logits from the original's.

        Of a detector that looks at patches also ``patch_accuracy`` and ``patch_AP_real``, of all patches of all
        pictures with a label, and ``patch_agreement``, the share of patches whose verdict is that on the original.

    Source: accuracy and AP_fake of PeterWang512/CNNDetection, AP_real and those of patches of chail/patch-forensics.
    """
    label, score, patches = (_numbers(answers, name) for name in ("label", "score", "patches"))
    own, fake_patches = _numbers(reference, "score"), _numbers(answers, "patches_fake")
    known = np.isfinite(label) & np.isfinite(score)
    metrics: dict[str, Metric] = {}
    by_patch = bool((patches > 1).any())
    if known.any():
        right = np.where(known, 100.0 * ((score > THRESHOLD) == (label == FAKE)), np.nan)
        metrics["accuracy"] = right
        for name, kind in (("real_accuracy", REAL), ("fake_accuracy", FAKE)):
            if (label[known] == kind).any():
                metrics[name] = np.where(label == kind, right, np.nan)
        both_kinds = {"real_accuracy", "fake_accuracy"} <= metrics.keys()
        if both_kinds:
            ranked = np.where(known, score, np.nan)
            metrics["AP_fake"] = PicturePrecision(ranked, label == FAKE)
            metrics["AP_real"] = PicturePrecision(-ranked, label == REAL)
        if by_patch:
            rightly = np.where(label == FAKE, fake_patches, patches - fake_patches)
            metrics["patch_accuracy"] = PatchShare(np.where(known, rightly, np.nan), patches)
        if by_patch and both_kinds:
            levels = LevelCounts.of(answers)
            metrics["patch_AP_real"] = PatchPrecision(levels, known, label == REAL, highest_first=False)
    both = np.isfinite(score) & np.isfinite(own)
    metrics["agreement"] = np.where(both, 100.0 * ((score > THRESHOLD) == (own > THRESHOLD)), np.nan)
    if by_patch:
        metrics["patch_agreement"] = PatchShare(_numbers(answers, "patches_kept"), patches)
    metrics["distance"] = _numbers(answers, "distance")
    return metrics


def picture_closeness(answers: pa.Table, reference: pa.Table) -> tuple[str, Values]:
    """How near each picture's score is to what it should be: 100 less the distance of the two, in percent.

    Returns:
        ``truth_score``, near to the label (0 real, 1 fake), which is what the score leaves to the truth; or
        ``score_agreement`` where no picture has a label, near to the score on the original. And (N,) percent, NaN where
        a picture does not count.
    """
    wanted, name = _numbers(answers, "label"), "truth_score"
    if not np.isfinite(wanted).any():
        wanted, name = _numbers(reference, "score"), "score_agreement"
    return name, 100.0 * (1.0 - np.abs(_numbers(answers, "score") - wanted))


def _numbers(table: pa.Table, name: str) -> Values:
    """(N,) float64, NaN where nothing is stored."""
    return table.column(name).cast(pa.float64()).fill_null(np.nan).to_numpy()
