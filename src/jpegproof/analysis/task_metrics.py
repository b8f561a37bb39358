"""How a task's stored answers become metrics: what `results` knows of each task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.by_class import ClassMetric
from jpegproof.analysis.pooled import PooledMetric

#: A metric that is a mean over pictures is its column, picture by picture; others know how to be resampled.
Metric = NDArray[np.float64] | PooledMetric

#: Names of classes by the number that labels have.
Names = Mapping[int, str]


def no_classes(
    answers: pa.Table, reference: pa.Table, metrics: Mapping[str, Metric], names: Names
) -> Mapping[str, ClassMetric]:
    """For a task without classes."""
    del answers, reference, metrics, names
    return {}


class TaskMetrics(NamedTuple):
    """How a task's stored answers become metrics.

    Attributes:
        of: the metrics of answers, given the model's answers on the originals.
        columns: the stored columns that they need.
        reference_columns: those that they need of the answers on the originals.
        by_class: the metrics that are told of each class too, from the same two, from what `of` answered, and from the
            data set's names of classes.
    """

    of: Callable[[pa.Table, pa.Table], Mapping[str, Metric]]
    columns: Sequence[str]
    reference_columns: Sequence[str]
    by_class: Callable[[pa.Table, pa.Table, Mapping[str, Metric], Names], Mapping[str, ClassMetric]] = no_classes
