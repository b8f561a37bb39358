"""The F1 score of single pictures: counted by hand, and by a loop of our own on made-up scenes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from detected_scenes import SIZE, detections, objects, scenes

from jpegproof.analysis.by_picture import columns_of_scores, picture_scores, reference_columns_of_scores
from jpegproof.analysis.detection.confident import judge, standard_of
from jpegproof.analysis.detection.overlaps import overlaps
from jpegproof.tasks.detection import Detection
from jpegproof.tasks.objects import Detections, Objects

LEFT, RIGHT, FAR = [0.0, 0, 40, 40], [60.0, 0, 100, 40], [60.0, 50, 100, 90]


def tables(
    truths: list[Objects | None], said: list[Detections], before: list[Detections] | None = None, masks: bool = False
) -> tuple[pa.Table, pa.Table]:
    """Stored answers, and stored answers on the originals with the truth beside them."""
    task = Detection(masks)
    found = []
    for answer, kept in ((said, False), (before or said, True)):
        columns = {**task.record(answer, truths, answer)[0], **(task.keep(answer, truths) if kept else {})}
        schema = pa.unify_schemas([task.schema, task.reference_schema])
        found.append(
            pa.table({name: pa.array(list(values), schema.field(name).type) for name, values in columns.items()})
        )
    return found[0], found[1]


def f1(truth: Objects | None, answer: Detections, confidence: float = 0.5, before: Detections | None = None) -> float:
    scores = picture_scores("detection", *tables([truth], [answer], [before or answer]), confidence)
    return scores.values[0]


@pytest.mark.parametrize(
    ("boxes", "labels", "scores", "wanted"),
    [
        ([LEFT, RIGHT], [1, 2], [0.9, 0.8], 100.0),
        ([LEFT], [1], [0.9], 100 * 2 / 3),  # one right, one missed
        ([LEFT, RIGHT, FAR], [1, 2, 1], [0.9, 0.8, 0.7], 80.0),  # two right, one of nothing
        ([LEFT, RIGHT], [1, 1], [0.9, 0.8], 50.0),  # one of another class: wrong, and its object missed
        ([LEFT, LEFT], [1, 1], [0.9, 0.8], 50.0),  # the second finds nothing that is left
        ([LEFT, RIGHT], [1, 2], [0.9, 0.49], 100 * 2 / 3),  # one is not confident
        ([], [], [], 0.0),
        ([[0.0, 0, 20, 40]], [1], [0.9], 100 * 2 / 3),  # an overlap of just 0.5 is enough
        ([[0.0, 0, 19, 40]], [1], [0.9], 0.0),
    ],
)
def test_two_objects_are_scored_as_one_would_count(boxes, labels, scores, wanted):
    assert f1(objects([LEFT, RIGHT], [1, 2]), detections(boxes, labels, scores)) == pytest.approx(wanted)


def test_a_picture_without_objects_is_right_when_nothing_is_said_of_it():
    nothing = objects([], [])
    assert f1(nothing, detections([], [], [])) == 100.0
    assert f1(nothing, detections([LEFT], [1], [0.9])) == 0.0
    assert f1(nothing, detections([LEFT], [1], [0.4])) == 100.0


def test_what_lies_in_a_crowd_is_neither_right_nor_wrong():
    crowd = objects([LEFT, RIGHT], [1, 1], crowd=[True, False])
    inside = [[0.0, 0, 20, 20], [20.0, 20, 40, 40], RIGHT]
    answer = detections(inside, [1, 1, 1], [0.9, 0.8, 0.7])
    assert f1(crowd, answer) == 100.0
    judged = judge(answer, standard_of(crowd, answer, 0.5), 0.5)
    assert judged.ignored.tolist() == [True, True, False]
    assert judged.right.tolist() == [False, False, True]
    assert judged.missed == 0


def test_without_a_label_the_confident_detections_on_the_original_are_what_is_true():
    before = detections([LEFT, RIGHT, FAR], [1, 2, 1], [0.9, 0.8, 0.2])
    answer = detections([LEFT, FAR], [1, 1], [0.9, 0.8])
    scores = picture_scores("detection", *tables([None], [answer], [before]))
    assert scores.metric == "F1_agreement"
    assert scores.values[0] == pytest.approx(50.0)  # one right, one wrong, one missed
    assert f1(None, answer, 0.1, before) == pytest.approx(80.0)


def test_of_some_labelled_pictures_only_these_have_a_score():
    truths = [objects([LEFT], [1]), None]
    answers = [detections([LEFT], [1], [0.9])] * 2
    scores = picture_scores("detection", *tables(truths, answers))
    assert scores.metric == "F1"
    assert scores.values[0] == 100.0
    assert np.isnan(scores.values[1])


@pytest.mark.parametrize("masks", [False, True])
@pytest.mark.parametrize("confidence", [0.0, 0.5])
def test_scores_are_those_of_a_loop_that_counts(masks, confidence):
    truths, said = scenes(3, pictures=25, masks=masks)
    task = "instance_segmentation" if masks else "detection"
    scores = picture_scores(task, *tables(list(truths), said, masks=masks), confidence)
    assert scores.metric == ("mask_F1" if masks else "F1")
    for truth, answer, score in zip(truths, said, scores.values, strict=True):
        right, wrong, missed = counted(truth, answer, confidence, masks)
        assert score == pytest.approx(200 * right / (2 * right + wrong + missed) if right + wrong + missed else 100.0)
        judged = judge(answer, standard_of(truth, answer, confidence), confidence)
        assert (judged.right.sum(), judged.missed) == (right, missed)
        assert (~judged.right & ~judged.ignored).sum() == wrong


def counted(truth: Objects, answer: Detections, confidence: float, masks: bool) -> tuple[int, int, int]:
    shared = overlaps(truth, answer, "masks" if masks else "boxes")
    free, right, wrong = set(np.flatnonzero(~truth.crowd).tolist()), 0, 0
    for row in np.flatnonzero(answer.scores >= confidence):
        same = [place for place in range(len(truth)) if truth.labels[place] == answer.labels[row]]
        near = [place for place in same if shared[row, place] >= 0.5]
        takes = [place for place in near if place in free]
        if takes:
            free.remove(max(takes, key=lambda place: shared[row, place]))
            right += 1
        elif not any(truth.crowd[place] for place in near):
            wrong += 1
    return right, wrong, len(free)


def test_masks_are_compared_where_the_truth_has_some_and_boxes_otherwise():
    answer = detections([LEFT], [1], [0.9], masks=True)
    square = objects([LEFT], [1])
    ellipse = objects([LEFT], [1], masks=True)
    assert standard_of(square, answer, 0.5).kind == "boxes"
    assert standard_of(ellipse, answer, 0.5).kind == "masks"
    assert standard_of(ellipse, detections([LEFT], [1], [0.9]), 0.5).kind == "boxes"
    assert picture_scores("instance_segmentation", *tables([square], [answer], masks=True)).metric == "F1"
    both = picture_scores("instance_segmentation", *tables([ellipse, square], [answer] * 2, masks=True))
    assert both.metric == "mask_F1"
    assert np.isnan(both.values[1])
    unknown = picture_scores("instance_segmentation", *tables([None], [answer], masks=True))
    assert (unknown.metric, unknown.values[0]) == ("mask_F1_agreement", 100.0)


def test_a_hundred_of_more_detections_are_counted_the_best():
    boxes = [
        [float(place % 12) * 10, float(place // 12) * 9, place % 12 * 10 + 8.0, place // 12 * 9 + 8.0]
        for place in range(110)
    ]
    answer = Detections(
        SIZE, np.array(boxes, np.float32), np.ones(110, np.int64), np.linspace(0.99, 0.6, 110, dtype=np.float32)
    )
    judged = judge(answer, standard_of(objects(boxes, [1] * 110), answer, 0.5), 0.5)
    assert judged.rows.tolist() == list(range(100))
    assert (judged.right.sum(), judged.missed) == (100, 10)


def test_only_the_columns_that_are_named_are_read():
    answers, reference = tables([objects([LEFT], [1])], [detections([LEFT], [1], [0.9])])
    read = answers.select(columns_of_scores("detection")), reference.select(reference_columns_of_scores("detection"))
    assert picture_scores("detection", *read).values[0] == 100.0
