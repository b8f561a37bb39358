"""How well each picture went by itself, from stored answers: for choosing pictures by rule, never for a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis import classification, forensics, segmentation, tensors
from jpegproof.analysis.detection import study_metrics
from jpegproof.analysis.detection.confident import picture_f1
from jpegproof.analysis.detection.own_detections import CONFIDENT
from jpegproof.exceptions import DataError

#: Of these metrics less is better.
_LESS_IS_BETTER = frozenset(["distance"])


@dataclass(frozen=True, slots=True, eq=False)
class PictureScores:
    """A metric of each picture by itself.

    Attributes:
        metric: as in ``results.csv`` where it is there too, of one picture.
        values: (N,) in the metric's unit; NaN where it says nothing of a picture.
    """

    metric: str
    values: NDArray[np.float64]

    def gains_over(self, other: PictureScores) -> NDArray[np.float64]:
        """(N,) how much better these are, in the metric's unit; NaN where either says nothing."""
        return (self.values - other.values) * (-1.0 if self.metric in _LESS_IS_BETTER else 1.0)


@dataclass(frozen=True, slots=True)
class _Scored:
    """How a task's pictures are scored: the stored columns, of answers and originals, and what is made of them."""

    columns: tuple[str, ...]
    reference_columns: tuple[str, ...]
    score: Callable[[pa.Table, pa.Table, float], tuple[str, NDArray[np.float64]]]


def _detected(
    masks: bool, answers: pa.Table, reference: pa.Table, confidence: float
) -> tuple[str, NDArray[np.float64]]:
    return picture_f1(answers, reference, masks, confidence)


_BY_TASK: Mapping[str, _Scored] = {
    "classification": _Scored(
        classification.COLUMNS, (), lambda answers, _, __: classification.picture_log_probabilities(answers)
    ),
    **{
        task: _Scored(study_metrics.COLUMNS, study_metrics.REFERENCE_COLUMNS, partial(_detected, masks))
        for task, masks in (("detection", False), ("instance_segmentation", True))
    },
    "semantic_segmentation": _Scored(
        segmentation.COLUMNS, (), lambda answers, _, __: segmentation.picture_ious(answers)
    ),
    "forensics": _Scored(
        forensics.COLUMNS, ("score",), lambda answers, reference, _: forensics.picture_closeness(answers, reference)
    ),
    "tensors": _Scored(tensors.COLUMNS, (), lambda answers, _, __: tensors.picture_distances(answers)),
}

#: The tasks whose pictures are scored one by one.
SCORED_TASKS = tuple(_BY_TASK)


def columns_of_scores(task: str) -> tuple[str, ...]:
    """The stored columns of answers that `picture_scores` reads.

    Raises:
        DataError: the task's pictures are not scored one by one.
    """
    return _scored(task).columns


def reference_columns_of_scores(task: str) -> tuple[str, ...]:
    """The stored columns of the answers on the originals that `picture_scores` reads.

    Raises:
        DataError: the task's pictures are not scored one by one.
    """
    return _scored(task).reference_columns


def picture_scores(task: str, answers: pa.Table, reference: pa.Table, confidence: float = CONFIDENT) -> PictureScores:
    """The score of each picture, against its label where the pictures have labels, else against the model's own answer.

    Classification: the log-probability of the label in nats, or the distance to the logits on the original; detection
    and instance segmentation: F1 (`picture_f1`); semantic segmentation: mean IoU (`picture_ious`); forensics: how near
    the score is to the truth (`picture_closeness`); tensors: the distance to those on the original.

    Args:
        task: the model's task.
        answers: stored answers with `columns_of_scores`, one row per picture.
        reference: the model's stored answers on the originals with `reference_columns_of_scores`, the same pictures in
            the same order.
        confidence: the score from which on a detection counts.

    Raises:
        DataError: the task's pictures are not scored one by one.
        MissingExtraError: numba or pycocotools is needed and not installed.
    """
    return PictureScores(*_scored(task).score(answers, reference, confidence))


def _scored(task: str) -> _Scored:
    if task not in _BY_TASK:
        raise DataError(
            f"pictures of the task {task} are not scored one by one; those of {', '.join(SCORED_TASKS)} are"
        )
    return _BY_TASK[task]
