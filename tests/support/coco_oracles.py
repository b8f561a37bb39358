"""What other people's evaluations say: pycocotools and faster-coco-eval."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
from coco_dictionaries import coco_data_set, coco_results

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.tasks.objects import Detections, Objects

#: The first six numbers of their summaries.
NAMES = ("mAP", "AP50", "AP75", "mAP_small", "mAP_medium", "mAP_large")


def pycocotools_evaluation(truths: Sequence[Objects], answers: Sequence[Detections], kind: Kind) -> Any:
    """pycocotools' own evaluation, matched and accumulated."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return _evaluated(COCO, COCOeval, truths, answers, kind)


def pycocotools_metrics(truths: Sequence[Objects], answers: Sequence[Detections], kind: Kind) -> dict[str, float]:
    """pycocotools' summary in percent; NaN where it says -1."""
    return summary(pycocotools_evaluation(truths, answers, kind))


def faster_metrics(truths: Sequence[Objects], answers: Sequence[Detections], kind: Kind) -> dict[str, float]:
    """faster-coco-eval's summary in percent; NaN where it says -1."""
    from faster_coco_eval import COCO, COCOeval_faster

    return summary(_evaluated(COCO, COCOeval_faster, truths, answers, kind))


def summary(evaluation: Any) -> dict[str, float]:
    """Of an evaluation that has been accumulated: percent; NaN where it says -1."""
    with redirect_stdout(StringIO()):
        evaluation.summarize()
    values = [float(value) for value in evaluation.stats[: len(NAMES)]]
    return {name: 100 * value if value >= 0 else np.nan for name, value in zip(NAMES, values, strict=True)}


def precision_by_class(evaluation: Any) -> dict[int, float]:
    """Of an evaluation that has been accumulated: percent by category id; NaN where it says -1."""
    table = evaluation.eval["precision"][:, :, :, 0, -1]
    means = [100 * values.mean() if (values > -1).all() else np.nan for values in np.moveaxis(table, 2, 0)]
    return dict(zip(map(int, evaluation.params.catIds), means, strict=True))


def _evaluated(
    data_set: Any, evaluator: Any, truths: Sequence[Objects], answers: Sequence[Detections], kind: Kind
) -> Any:
    labels = {int(label) for thing in (*truths, *answers) for label in thing.labels}
    with redirect_stdout(StringIO()):
        true = data_set()
        true.dataset = coco_data_set(truths, sorted(labels))
        true.createIndex()
        results = coco_results(answers, kind)
        # Neither library reads an empty list of results.
        found = true.loadRes(results) if results else data_set()
        if not results:
            found.dataset = {**true.dataset, "annotations": []}
            found.createIndex()
        evaluation = evaluator(true, found, "bbox" if kind == "boxes" else "segm")
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation
