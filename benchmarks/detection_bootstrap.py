"""What intervals of detection metrics cost: matching once, then resamples by picture weights.

    python -m benchmarks.detection_bootstrap [--pictures 5000] [--masks] [--out docs/results/detection_bootstrap.json]

Synthetic pictures with about seven objects of 80 classes and 100 detections each, in the proportions of COCO's
validation set (the commonest class has a third of the objects). In the same run, for a few resamples: pycocotools and
faster-coco-eval, which match once too and accumulate each resample anew. Beside the seconds on the clock stand those of
all cores together (cpu): on a busy machine only these can be compared. Peak memory is the process's own, told after
each stage and before the other libraries are loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, fields
from io import StringIO
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from jpegproof.analysis.detection.coco_rules import AREAS, Kind
from jpegproof.analysis.detection.evaluation import Evaluation
from jpegproof.analysis.detection.matches import Matches, match_pictures
from jpegproof.tasks.masks import coco_masks
from jpegproof.tasks.objects import Detections, Objects

SIZE = (480, 640)
CLASSES = 80
DETECTIONS = 100
#: Resamples of the other libraries: one of pycocotools takes tens of seconds.
THEIRS = 2


def picture(number: int, masked: bool) -> tuple[Objects, Detections]:
    """Picture and answer of a number."""
    random = np.random.Generator(np.random.PCG64([7, number]))
    share = 1.0 / np.arange(1, CLASSES + 1)
    share[0] *= 2.5
    count = min(int(random.geometric(1 / 8)) - 1, 60)
    boxes = some_boxes(random, count)
    labels = random.choice(CLASSES, count, p=share / share.sum()) + 1
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) * 0.7
    truth = Objects(SIZE, boxes, labels, random.random(count) < 0.01, areas, some_masks(boxes) if masked else None)

    rows = np.repeat(np.arange(count), random.integers(0, 6, count))[:DETECTIONS]
    sides = (boxes[rows, 2:] - boxes[rows, :2]).repeat(2, axis=0).reshape(-1, 4)
    near = boxes[rows] + random.normal(0, 0.08, (len(rows), 4)) * sides
    found = np.concatenate([near, some_boxes(random, DETECTIONS - len(rows))])
    found = np.clip(found, 0, [SIZE[1], SIZE[0], SIZE[1], SIZE[0]]).astype(np.float32)
    guesses = random.choice(CLASSES, DETECTIONS - len(rows), p=share / share.sum()) + 1
    scores = np.concatenate([random.beta(3, 2, len(rows)), random.beta(1, 6, DETECTIONS - len(rows))])
    order = np.argsort(-scores)
    found = found[order]
    named = np.concatenate([labels[rows], guesses])[order]
    masks = some_masks(found) if masked else None
    return truth, Detections(SIZE, found, named, scores[order].astype(np.float32), masks)


def some_boxes(random: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    """Boxes of COCO's mix of sizes."""
    sides = np.exp(random.normal(4.2, 1.0, (count, 1)) + random.normal(0, 0.3, (count, 2)))
    sides = np.clip(sides, 4, [SIZE[1] - 1, SIZE[0] - 1])
    corners = random.random((count, 2)) * ([SIZE[1], SIZE[0]] - sides)
    return np.concatenate([corners, corners + sides], axis=1)


def some_masks(boxes: npt.NDArray[Any]) -> tuple[bytes, ...]:
    """The ellipses within boxes, as polygons of 24 corners."""
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    centres, radii = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    corners = (centres[:, None] + radii[:, None] * circle).reshape(len(boxes), 2 * len(turn))
    return tuple(mask["counts"] for mask in coco_masks().frPyObjects(corners.tolist(), *SIZE)) if len(boxes) else ()


def resampled(pictures: int, resamples: int) -> npt.NDArray[np.float64]:
    """(resamples, pictures) weights."""
    random = np.random.Generator(np.random.PCG64(1))
    return random.multinomial(pictures, np.full(pictures, 1 / pictures), size=resamples).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the clock, and of all cores together."""

    clock: float
    cpu: float

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.clock + other.clock, self.cpu + other.cpu)

    def times(self, factor: float) -> Spent:
        return Spent(self.clock * factor, self.cpu * factor)

    def rounded(self) -> dict[str, float]:
        return {"clock": round(self.clock, 2), "cpu": round(self.cpu, 2)}


def timed(work: Callable[[], Any]) -> tuple[Spent, Any]:
    clock, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return Spent(time.perf_counter() - clock, time.process_time() - cpu), answer


def peak_memory_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def ours(pictures: int, resamples: int, kind: Kind) -> dict[str, Any]:
    """Seconds and megabytes of each stage; pictures are made one by one and not kept, as a study reads its store."""
    made_in = Spent(0, 0)

    def made() -> Iterator[tuple[Objects, Detections]]:
        nonlocal made_in
        for number in range(pictures):
            seconds, pair = timed(lambda chosen=number: picture(chosen, kind == "masks"))
            made_in = made_in + seconds
            yield pair

    # Compiled before anything is timed: from the first use on, it is kept on disk.
    few = (picture(number, kind == "masks") for number in range(9))
    Evaluation(matched(few, kind)).precision_by_threshold(np.ones((2, 9)))
    memory, seconds = {"before": peak_memory_mb()}, {}
    whole, matches = timed(lambda: matched(made(), kind))
    seconds["match"] = whole + made_in.times(-1)
    memory["matched"] = peak_memory_mb()
    seconds["rank"], evaluation = timed(lambda: Evaluation(matches))
    weights = resampled(pictures, resamples)
    for area in AREAS:
        seconds[f"resample, {area}"], _ = timed(
            lambda chosen=area: evaluation.precision_by_threshold(weights, area=chosen)
        )
    memory["resampled"] = peak_memory_mb()
    once, per_thousand = Spent(0, 0), 1000 / resamples
    of_all_sizes = sum((seconds[f"resample, {area}"] for area in AREAS), once)
    return {
        "detections": len(matches.labels),
        "objects": len(matches.true_labels),
        "mAP": round(float(evaluation.metrics()["mAP"].values(np.ones((1, pictures)))[0]), 3),
        "seconds": {name: value.rounded() for name, value in seconds.items()},
        "seconds of 1000 resamples": {
            "mAP, AP50, AP75": seconds["resample, all"].times(per_thousand).rounded(),
            "all six": of_all_sizes.times(per_thousand).rounded(),
        },
        "peak_memory_mb": memory,
        "matches_mb": round(sum(getattr(matches, field.name).nbytes for field in fields(matches)) / 2**20, 1),
    }


def matched(pairs: Iterable[tuple[Objects, Detections]], kind: Kind) -> Matches:
    """Matches that hold on to one picture at a time."""
    first, second = tee(pairs)
    return match_pictures((truth for truth, _ in first), (answer for _, answer in second), kind)


def theirs(pictures: int, kind: Kind) -> dict[str, Any]:
    """Seconds of the other libraries: matching, and a resample, which is accumulating what was matched anew."""
    pairs = [picture(number, kind == "masks") for number in range(pictures)]
    reports = {}
    for name in ("pycocotools", "faster_coco_eval"):
        seconds, evaluation = timed(lambda chosen=name: their_evaluation(chosen, pairs, kind))
        with redirect_stdout(StringIO()):
            resamples = [timed(evaluation.accumulate)[0] for _ in range(THEIRS)]
            evaluation.summarize()
        reports[name] = {
            "match": seconds.rounded(),
            "resample": min(resamples, key=lambda spent: spent.cpu).rounded(),
            "mAP": round(100 * float(evaluation.stats[0]), 3),
        }
    return reports


def their_evaluation(library: str, pairs: Sequence[tuple[Objects, Detections]], kind: Kind) -> Any:
    """A library's evaluation, matched."""
    if library == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval as Evaluator
    else:
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as Evaluator

    def described(things: Objects | Detections, row: int, number: int) -> dict[str, Any]:
        left, top, right, bottom = map(float, things.boxes[row])
        thing: dict[str, Any] = {"image_id": number + 1, "category_id": int(things.labels[row])}
        if kind == "boxes" or isinstance(things, Objects):
            thing["bbox"] = [left, top, right - left, bottom - top]
        if things.masks is not None:
            thing["segmentation"] = {"size": list(SIZE), "counts": things.masks[row]}
        return thing

    annotations, results = [], []
    for number, (truth, answer) in enumerate(pairs):
        for row in range(len(truth)):
            stated = {"id": len(annotations) + 1, "area": float(truth.areas[row]), "iscrowd": int(truth.crowd[row])}
            annotations.append({**described(truth, row, number), **stated})
        results += [
            {**described(answer, row, number), "score": float(answer.scores[row])} for row in range(len(answer))
        ]
    with redirect_stdout(StringIO()):
        true: Any = COCO()
        true.dataset = {
            "info": {},
            "images": [{"id": number + 1, "height": SIZE[0], "width": SIZE[1]} for number in range(len(pairs))],
            "categories": [{"id": label + 1, "name": str(label + 1)} for label in range(CLASSES)],
            "annotations": annotations,
        }
        true.createIndex()
        evaluation: Any = Evaluator(true, true.loadRes(results), "bbox" if kind == "boxes" else "segm")
        evaluation.separate_eval = True  # faster-coco-eval: a resample accumulates, and does not match anew
        evaluation.evaluate()
    return evaluation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--masks", action="store_true", help="compare masks instead of boxes")
    parser.add_argument("--alone", action="store_true", help="leave the other libraries out")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    kind: Kind = "masks" if arguments.masks else "boxes"
    report: dict[str, Any] = {
        "pictures": arguments.pictures,
        "resamples": arguments.resamples,
        "kind": kind,
        "cores": len(os.sched_getaffinity(0)),
        "ours": ours(arguments.pictures, arguments.resamples, kind),
    }
    if not arguments.alone:
        report["theirs"] = theirs(arguments.pictures, kind)
        # Of the same numbers: their resamples work out all sizes.
        whole = report["ours"]["seconds of 1000 resamples"]["all six"]["cpu"] / 1000
        report["cpu of a resample, theirs over ours"] = {
            name: round(their["resample"]["cpu"] / whole) for name, their in report["theirs"].items()
        }
    print(json.dumps(report, indent=1))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
