"""Agreement: a second answer against the model's own on the original."""

from __future__ import annotations

import numpy as np
import pytest
from coco_oracles import pycocotools_metrics
from made_up_detections import MadeUp

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.detection.evaluation import average_precision
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.analysis.detection.own_detections import own_objects
from jpegproof.tasks.masks import decode_mask
from jpegproof.tasks.objects import Detections

KINDS: list[Kind] = ["boxes", "masks"]


def answers(seed: int = 0) -> list[Detections]:
    return MadeUp(seed, 40, 6, 3, 1000, 0.0, masked=True).draw()[1]


def test_only_confident_detections_are_taken_for_objects():
    answer = next(answer for answer in answers() if len(answer) > 5)
    scores = np.array([0.9, 0.5, 0.4999, 0.1], dtype=np.float32)
    answer = Detections(answer.size, answer.boxes[:4], answer.labels[:4], scores, (answer.masks or ())[:4])
    own = own_objects(answer)
    assert own.boxes.tolist() == answer.boxes[:2].tolist()
    assert own.labels.tolist() == answer.labels[:2].tolist()
    assert own.masks == (answer.masks or ())[:2]
    assert not own.crowd.any()


def test_areas_are_those_of_what_is_compared():
    answer = next(answer for answer in answers() if len(answer) > 5)
    boxes, masks = own_objects(answer, "boxes"), own_objects(answer, "masks")
    left, top, right, bottom = boxes.boxes.T
    assert boxes.areas.tolist() == ((right - left) * (bottom - top)).tolist()
    assert masks.areas.tolist() == [decode_mask(mask, masks.size).sum() for mask in masks.masks or ()]
    assert (boxes.areas != masks.areas).any()


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_agrees_wholly_with_itself(kind: Kind):
    confident = [answer for answer in answers() if (answer.scores >= 0.5).any()]
    own = [own_objects(answer, kind) for answer in confident]
    exact = [
        Detections(truth.size, truth.boxes.astype(np.float32), truth.labels, answer.scores[: len(truth)], truth.masks)
        for truth, answer in zip(own, confident, strict=True)
    ]
    values = average_precision(match_pictures(own, exact, kind))
    assert float(values["mAP"][0]) == pytest.approx(100, abs=2)  # near-duplicates may take each other's place


@pytest.mark.parametrize("kind", KINDS)
def test_agreement_is_the_map_against_the_own_detections(kind: Kind):
    truths, first = MadeUp(5, 40, 6, 3, 1000, 0.0, masked=True).draw()
    random = np.random.default_rng(0)
    second = []
    for answer in first:
        rows = np.sort(random.permutation(len(answer))[: len(answer) * 3 // 4])
        assert answer.masks is not None
        masks = tuple(answer.masks[row] for row in rows)
        second.append(Detections(answer.size, answer.boxes[rows], answer.labels[rows], answer.scores[rows], masks))
    own = [own_objects(answer, kind) for answer in first]
    values = average_precision(match_pictures(own, second, kind))
    expected = pycocotools_metrics(own, second, kind)
    assert {name: float(value[0]) for name, value in values.items()} == pytest.approx(expected, abs=1e-9)
    assert 30 < expected["mAP"] < 95
    assert len(truths) == len(own)


def test_where_no_detection_was_confident_there_is_no_agreement():
    unsure = Detections((9, 9), np.ones((1, 4), np.float32), np.ones(1, np.int64), np.full(1, 0.4, np.float32))
    assert np.isnan(average_precision(match_pictures([own_objects(unsure)], [unsure]))["mAP"][0])


def test_without_masks_there_is_no_agreement_of_masks():
    boxes = Detections((9, 9), np.ones((1, 4), np.float32), np.ones(1, np.int64), np.ones(1, np.float32))
    with pytest.raises(ValueError, match="the Detections hold boxes alone"):
        own_objects(boxes, "masks")
