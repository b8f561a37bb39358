"""A real detector on real photographs: our figures, pycocotools' on the same answers, and those measured elsewhere."""

from __future__ import annotations

import importlib.util
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import Any

import numpy as np
import pytest
import torch
from coco_oracles import faster_metrics, precision_by_class, pycocotools_evaluation, summary
from pycocotools.coco import COCO
from real_photographs import real_folder

from jpegproof.analysis.detection.evaluation import Evaluation, average_precision
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.analysis.detection.own_detections import own_objects
from jpegproof.data.coco import CocoPictures
from jpegproof.data.find import open_pictures
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.tasks.objects import Detections

pytestmark = [pytest.mark.real, pytest.mark.slow]

#: mAP of NanoDet on the 64 photographs by quality, as pycocotools measured it where the photographs come from.
MEASURED = {None: 37.8, 90: 38.6, 70: 37.6, 50: 38.7, 30: 38.7, 10: 28.9}


@cache
def photographs() -> CocoPictures:
    pictures = open_pictures(real_folder() / "coco")
    assert isinstance(pictures, CocoPictures)
    return pictures


@cache
def nanodet() -> Any:
    found = importlib.util.spec_from_file_location("nanodet", real_folder() / "nanodet" / "nanodet.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.load_nanodet()


@cache
def answers(quality: int | None) -> list[Detections]:
    pictures, detections = photographs(), []
    for number in range(len(pictures)):
        pixels = pictures.pixels(number)
        if quality is not None:
            pixels = decode(encode(pixels, Compression(quality=quality))).pixels
        with torch.inference_mode():
            (answer,) = nanodet()([torch.from_numpy(pixels).permute(2, 0, 1) / 255])
        parts = (answer[name].numpy() for name in ("boxes", "labels", "scores"))
        detections.append(Detections(pictures.target(number).size, *parts))
    return detections


def test_the_photographs_are_those_that_were_annotated():
    pictures = photographs()
    names = [pictures.name(number) for number in range(len(pictures))]
    targets = [pictures.target(number) for number in range(len(pictures))]
    assert (len(pictures), sum(map(len, targets)), sum(target.crowd.sum() for target in targets)) == (64, 430, 7)
    empty = [name for name, target in zip(names, targets, strict=True) if not len(target)]
    assert empty == ["000000000250.jpg", "000000000508.jpg"]
    assert len(pictures.categories) == 80
    with redirect_stdout(StringIO()):
        theirs: Any = COCO(str(real_folder() / "coco" / "instances.json"))
    masks = [mask for target in targets for mask in target.masks or ()]
    annotations = [item for key in sorted(theirs.imgs) for item in theirs.imgToAnns[key]]
    assert masks == [theirs.annToRLE(item)["counts"] for item in annotations]
    assert [area for target in targets for area in target.areas] == [item["area"] for item in annotations]
    grey = names.index("000000000086.jpg")
    assert pictures.pixels(grey).shape == (*targets[grey].size, 3)


@pytest.mark.parametrize("quality", MEASURED)
def test_a_real_detector_scores_what_was_measured_elsewhere(quality: int | None):
    truths = [photographs().target(number) for number in range(len(photographs()))]
    values = average_precision(match_pictures(truths, answers(quality)))
    assert float(values["mAP"][0]) == pytest.approx(MEASURED[quality], abs=0.1)


@pytest.mark.parametrize("quality", [None, 30, 10])
def test_a_real_detector_scores_as_by_both_libraries(quality: int | None):
    truths = [photographs().target(number) for number in range(len(photographs()))]
    evaluation = Evaluation(match_pictures(truths, answers(quality)))
    once = np.ones((1, len(truths)))
    ours = {name: float(metric.values(once)[0]) for name, metric in evaluation.metrics().items()}
    theirs = pycocotools_evaluation(truths, answers(quality), "boxes")
    assert ours == pytest.approx(summary(theirs), abs=1e-6)
    assert ours == pytest.approx(faster_metrics(truths, answers(quality), "boxes"), abs=1e-6)
    by_class = dict(zip(evaluation.classes.tolist(), evaluation.precision_by_class(once)[0], strict=True))
    known = {label: value for label, value in precision_by_class(theirs).items() if np.isfinite(value)}
    assert by_class == pytest.approx(known, abs=1e-6)


def test_agreement_falls_with_quality():
    own = [own_objects(answer) for answer in answers(None)]
    agreement = [float(average_precision(match_pictures(own, answers(quality)))["mAP"][0]) for quality in (90, 50, 10)]
    assert 100 > agreement[0] > agreement[1] > agreement[2] > 20
