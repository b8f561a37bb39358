"""A detector's metrics from stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.by_class import class_labels
from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.detection.evaluation import AveragePrecision, Evaluation
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.analysis.detection.own_detections import own_objects
from jpegproof.tasks.detection_columns import DETECTION_SCHEMA, TRUTH_SCHEMA, each_detections, each_objects

#: The stored columns that the metrics are made of; those of the truth only the originals' file has.
COLUMNS = tuple(DETECTION_SCHEMA.names)
REFERENCE_COLUMNS = (*COLUMNS, *TRUTH_SCHEMA.names)


def box_metrics(answers: pa.Table, reference: pa.Table) -> dict[str, AveragePrecision]:
    """Detection's metrics, in percent: COCO's of the boxes where there is truth, and ``agreement``.

    Args:
        answers: the stored answers on some compression, one row per picture.
        reference: the model's stored answers on the originals with the truth beside them, the same pictures in the
            same order.

    Returns:
        ``mAP``, ``AP50``, ``AP75``, ``mAP_small``, ``mAP_medium``, ``mAP_large``; ``agreement`` is the boxes' mAP with
        the model's own detections on the originals, of score 0.5 or more, taken for the truth.
    """
    return _metrics(answers, reference, "boxes", "")


def box_and_mask_metrics(answers: pa.Table, reference: pa.Table) -> dict[str, AveragePrecision]:
    """Those of `box_metrics`, and the same of the masks with ``mask_`` before their names."""
    return {**_metrics(answers, reference, "boxes", ""), **_metrics(answers, reference, "masks", "mask_")}


@dataclass(frozen=True, slots=True, eq=False)
class ClassPrecision:
    """The mAP of each class that has something to be found; a `ClassMetric`.

    Attributes:
        evaluation: of the answers.
        called: the data set's names by category id; a class without one goes by its id.
    """

    evaluation: Evaluation
    called: Mapping[int, str]
    is_share = False

    @property
    def names(self) -> Sequence[str]:
        return class_labels(self.evaluation.classes.tolist(), self.called)

    @property
    def usable(self) -> NDArray[np.bool_]:
        return self.evaluation.usable

    @property
    def holding(self) -> NDArray[np.int64]:
        return self.evaluation.holding

    def values(self, weights: NDArray[Any]) -> NDArray[np.float64]:
        return self.evaluation.precision_by_class(weights)


def precision_of_classes(
    answers: pa.Table, reference: pa.Table, metrics: Mapping[str, Any], names: Mapping[int, str]
) -> dict[str, ClassPrecision]:
    """``mAP`` and ``mask_mAP`` of each class, where `box_metrics` or `box_and_mask_metrics` has found them."""
    del answers, reference  # matched already
    found = {name: metrics[name] for name in ("mAP", "mask_mAP") if name in metrics}
    return {name: ClassPrecision(metric.evaluation, names) for name, metric in found.items()}


def _metrics(answers: pa.Table, reference: pa.Table, kind: Kind, before: str) -> dict[str, AveragePrecision]:
    metrics: dict[str, AveragePrecision] = {}
    stated = reference.column("true_boxes" if kind == "boxes" else "true_masks")
    if stated.null_count < len(stated):
        matches = match_pictures(each_objects(reference), each_detections(answers), kind)
        metrics |= Evaluation(matches).metrics()
    own = (None if item is None else own_objects(item, kind) for item in each_detections(reference))
    agreement = Evaluation(match_pictures(own, each_detections(answers), kind), ["all"])
    metrics["agreement"] = agreement.metrics()["mAP"]
    return {before + name: metric for name, metric in metrics.items()}
