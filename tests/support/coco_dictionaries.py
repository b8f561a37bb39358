"""Objects and detections as the dictionaries of COCO's own format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jpegproof.tasks.objects import Detections, Objects


def coco_data_set(truths: Sequence[Objects], categories: Sequence[int]) -> dict[str, Any]:
    """A data set in the instances format; picture i has the id i + 1."""
    images = [
        {"id": number + 1, "height": truth.size[0], "width": truth.size[1], "file_name": f"{number:06d}.png"}
        for number, truth in enumerate(truths)
    ]
    annotations: list[dict[str, Any]] = []
    for number, truth in enumerate(truths):
        for row in range(len(truth)):
            annotation = {
                "id": len(annotations) + 1,
                "image_id": number + 1,
                "category_id": int(truth.labels[row]),
                "bbox": _xywh(truth.boxes[row]),
                "area": float(truth.areas[row]),
                "iscrowd": int(truth.crowd[row]),
            }
            if truth.masks is not None:
                annotation["segmentation"] = _segmentation(truth, row)
            annotations.append(annotation)
    named = [{"id": int(label), "name": f"class {label}"} for label in categories]
    return {"info": {}, "images": images, "annotations": annotations, "categories": named}


def coco_results(answers: Sequence[Detections], kind: str) -> list[dict[str, Any]]:
    """Results for `coco_data_set`: of masks without boxes, whose areas pycocotools would prefer."""
    results = []
    for number, answer in enumerate(answers):
        for row in range(len(answer)):
            thing = (
                {"bbox": _xywh(answer.boxes[row])} if kind == "boxes" else {"segmentation": _segmentation(answer, row)}
            )
            label, score = int(answer.labels[row]), float(answer.scores[row])
            results.append({"image_id": number + 1, "category_id": label, "score": score, **thing})
    return results


def _xywh(box: Any) -> list[float]:
    left, top, right, bottom = map(float, box)
    return [left, top, right - left, bottom - top]


def _segmentation(things: Objects | Detections, row: int) -> dict[str, Any]:
    assert things.masks is not None
    return {"size": list(things.size), "counts": things.masks[row].decode("ascii")}
