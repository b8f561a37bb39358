"""The shipped segmenter on the embedded world: our figures are those of pycocotools, faster-coco-eval and tidecv."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from coco_oracles import faster_metrics, pycocotools_metrics
from tidecv_reference import tidecv_costs

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.detection.evaluation import Evaluation
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.analysis.tide.costs import find_costs
from jpegproof.analysis.tide.faults import MAIN, SPECIAL
from jpegproof.data.world_objects import WorldObjects
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.objects import Detections, Objects

pytestmark = pytest.mark.slow

PICTURES = 80


@cache
def truths() -> list[Objects]:
    return [WorldObjects("val", PICTURES).target(index) for index in range(PICTURES)]


@cache
def answers(quality: int | None) -> list[Detections]:
    model, pictures, found = find_model("jpegproof:world-segmenter"), WorldObjects("val", PICTURES), []
    for index in range(PICTURES):
        pixels = pictures.pixels(index)
        if quality is not None:
            pixels = decode(encode(pixels, Compression(quality=quality))).pixels
        with torch.inference_mode():
            found += model.task.answer(model.network, Batch.of([model.preparation.normalise(pixels)]))
    return found


@pytest.mark.parametrize("kind", ["boxes", "masks"])
@pytest.mark.parametrize("quality", [None, 50, 10])
def test_the_world_is_scored_as_by_both_libraries(quality: int | None, kind: Kind):
    once = np.ones((1, PICTURES))
    evaluation = Evaluation(match_pictures(truths(), answers(quality), kind))
    ours = {name: float(metric.values(once)[0]) for name, metric in evaluation.metrics().items()}
    assert ours["mAP"] > 5
    assert ours == pytest.approx(pycocotools_metrics(truths(), answers(quality), kind), abs=1e-6, nan_ok=True)
    assert ours == pytest.approx(faster_metrics(truths(), answers(quality), kind), abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_faults_in_the_world_cost_what_tidecv_says(kind: Kind):
    ours, theirs = find_costs(truths(), answers(10), kind), tidecv_costs(truths(), answers(10), kind)
    assert {fault: ours.counts[fault] for fault in MAIN} == theirs["counts"]
    assert ours.ap == pytest.approx(theirs["ap"], abs=1e-6)
    for fault in (*MAIN, *SPECIAL):
        assert ours.rises[fault] == pytest.approx(theirs["rises"][fault], abs=1e-6)
