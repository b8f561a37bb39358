"""A detector's metrics from stored predictions."""

from __future__ import annotations

import pyarrow as pa

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.detection.evaluation import AveragePrecision, Evaluation
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.analysis.detection.own_detections import own_objects
from jpegproof.tasks.detection_columns import DETECTION_SCHEMA, TRUTH_SCHEMA, detections_of, objects_of

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


def _metrics(answers: pa.Table, reference: pa.Table, kind: Kind, before: str) -> dict[str, AveragePrecision]:
    found, truth = detections_of(answers), objects_of(reference)
    metrics: dict[str, AveragePrecision] = {}
    if any(item is not None and (kind == "boxes" or item.masks is not None) for item in truth):
        metrics |= Evaluation(match_pictures(truth, found, kind)).metrics()
    own = (None if item is None else own_objects(item, kind) for item in detections_of(reference))
    metrics["agreement"] = Evaluation(match_pictures(own, found, kind)).metrics()["mAP"]
    return {before + name: metric for name, metric in metrics.items()}
