"""How well each picture went by itself, from stored answers: for choosing pictures by rule, never for a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.segmentation import COLUMNS, picture_ious
from jpegproof.exceptions import DataError


@dataclass(frozen=True, slots=True, eq=False)
class PictureScores:
    """A metric of each picture by itself.

    Attributes:
        metric: as in ``results.csv``, of one picture.
        values: (N,) in percent; NaN where it says nothing of a picture.
    """

    metric: str
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Scored:
    """How a task's pictures are scored: the stored columns, and what is made of them."""

    columns: tuple[str, ...]
    score: Callable[[pa.Table], tuple[str, NDArray[np.float64]]]


_BY_TASK: Mapping[str, _Scored] = {"semantic_segmentation": _Scored(COLUMNS, picture_ious)}

#: The tasks whose pictures are scored one by one.
SCORED_TASKS = tuple(_BY_TASK)


def columns_of_scores(task: str) -> tuple[str, ...]:
    """The stored columns that `picture_scores` reads.

    Raises:
        DataError: the task's pictures are not scored one by one.
    """
    if task not in _BY_TASK:
        raise DataError(
            f"pictures of the task {task} are not scored one by one yet; those of {', '.join(SCORED_TASKS)} are"
        )
    return _BY_TASK[task].columns


def picture_scores(task: str, answers: pa.Table) -> PictureScores:
    """The score of each picture, against its label where the pictures have labels, else against the model's own answer.

    Args:
        task: the model's task.
        answers: stored answers with `columns_of_scores`, one row per picture.

    Raises:
        DataError: the task's pictures are not scored one by one.
    """
    columns_of_scores(task)
    return PictureScores(*_BY_TASK[task].score(answers))
