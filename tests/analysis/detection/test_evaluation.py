"""COCO's metrics equal those of COCO's own evaluation, also where pictures are drawn several times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from coco_oracles import (
    faster_metrics,
    precision_by_class,
    pycocotools_evaluation,
    pycocotools_metrics,
    summary,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_detections import MadeUp, made_up

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.detection.evaluation import METRICS, Evaluation, average_precision
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.tasks.objects import Detections, Objects

TOLERANCE = 1e-9


def ours(truths: Sequence[Any], answers: Sequence[Any], kind: Kind = "boxes", weights: Any = None) -> dict[str, float]:
    if weights is not None:
        weights = np.asarray(weights)[None]
    values = average_precision(match_pictures(truths, answers, kind), weights)
    return {name: float(value[0]) for name, value in values.items()}


def picture(boxes: Sequence[Sequence[float]], crowd: Sequence[bool] | None = None, label: int = 1) -> Objects:
    corners = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    flags = np.zeros(len(corners), bool) if crowd is None else np.array(crowd)
    return Objects((500, 500), corners, np.full(len(corners), label), flags, areas)


def found(boxes: Sequence[Sequence[float]], scores: Sequence[float], label: int = 1) -> Detections:
    corners = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    return Detections((500, 500), corners, np.full(len(corners), label), np.array(scores, dtype=np.float32))


HERE, THERE, AWAY = [10, 10, 110, 110], [200, 200, 300, 300], [400, 400, 450, 450]


# Against the oracles


@settings(max_examples=60, deadline=None)
@given(made_up(masked=False))
def test_boxes_are_scored_as_by_pycocotools(made: MadeUp):
    truths, answers = made.draw()
    assert ours(truths, answers) == pytest.approx(
        pycocotools_metrics(truths, answers, "boxes"), abs=TOLERANCE, nan_ok=True
    )


@settings(max_examples=25, deadline=None)
@given(made_up(masked=True))
def test_masks_are_scored_as_by_pycocotools(made: MadeUp):
    truths, answers = made.draw()
    assert ours(truths, answers, "masks") == pytest.approx(
        pycocotools_metrics(truths, answers, "masks"), abs=TOLERANCE, nan_ok=True
    )


@settings(max_examples=25, deadline=None)
@given(made_up(masked=False))
def test_boxes_are_scored_as_by_faster_coco_eval(made: MadeUp):
    truths, answers = made.draw()
    assert ours(truths, answers) == pytest.approx(faster_metrics(truths, answers, "boxes"), abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("masked", [False, True])
def test_all_three_agree_on_crowds_ties_and_pictures_without_annotations(masked: bool):
    kind: Kind = "masks" if masked else "boxes"
    truths, answers = MadeUp(5, 24, objects=5, classes=4, scores=3, crowds=0.3, masked=masked).draw()
    blank = Objects(
        truths[0].size, np.zeros((0, 4)), np.zeros(0, int), np.zeros(0, bool), np.zeros(0), () if masked else None
    )
    bare = [number for number, answer in enumerate(answers) if len(answer)][:2]  # what is found there is wrong
    truths = [blank if number in bare else truth for number, truth in enumerate(truths)]
    crowds = np.concatenate([truth.crowd for truth in truths])
    scores = np.concatenate([answer.scores for answer in answers])
    assert 5 < crowds.sum() < len(crowds) - 5
    assert len(set(scores.tolist())) == 3
    assert len(bare) == 2
    theirs = pycocotools_metrics(truths, answers, kind)
    assert ours(truths, answers, kind) == pytest.approx(theirs, abs=1e-6)
    assert faster_metrics(truths, answers, kind) == pytest.approx(theirs, abs=1e-6)
    assert 0 < theirs["mAP"] < theirs["AP50"] < 100


@settings(max_examples=60, deadline=None)
@given(made_up(masked=False), st.data())
def test_a_picture_drawn_several_times_counts_as_if_the_data_set_held_it_so_often(made: MadeUp, data: st.DataObject):
    truths, answers = made.draw()
    count = len(truths)
    weights = data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count).filter(any))
    rows = np.repeat(np.arange(count), weights)
    expected = pycocotools_metrics([truths[row] for row in rows], [answers[row] for row in rows], "boxes")
    assert ours(truths, answers, weights=weights) == pytest.approx(expected, abs=TOLERANCE, nan_ok=True)


@pytest.mark.parametrize("masked", [False, True])
def test_a_whole_data_set_is_scored_as_by_both_libraries(masked: bool):
    truths, answers = MadeUp(1, 60, 9, 5, 40, 0.1, masked).draw()
    kind: Kind = "masks" if masked else "boxes"
    evaluation = pycocotools_evaluation(truths, answers, kind)
    metrics = ours(truths, answers, kind)
    assert metrics == pytest.approx(summary(evaluation), abs=TOLERANCE)
    assert metrics == pytest.approx(faster_metrics(truths, answers, kind), abs=1e-6)
    assert 10 < metrics["mAP"] < metrics["AP50"] < 90
    theirs = precision_by_class(evaluation)
    whole = Evaluation(match_pictures(truths, answers, kind))
    by_class = dict(zip(whole.classes.tolist(), whole.precision_by_class(np.ones((1, 60)))[0], strict=True))
    known = {label: value for label, value in theirs.items() if np.isfinite(value)}
    assert by_class == pytest.approx(known, abs=TOLERANCE)
    assert len(known) == 5


# What can be told by hand


def test_what_is_right_scores_a_hundred_and_what_is_missed_none():
    truths = [picture([HERE, THERE]), picture([AWAY])]
    perfect = [found([HERE, THERE], [0.9, 0.8]), found([AWAY], [0.1])]
    assert ours(truths, perfect)["mAP"] == pytest.approx(100)
    assert ours(truths, [found([], []), found([], [])])["mAP"] == 0
    assert ours(truths, [found([AWAY], [0.9]), found([HERE], [0.9])])["AP50"] == 0


def test_a_false_alarm_before_the_only_object_halves_the_precision_and_one_after_it_costs_nothing():
    truths = [picture([HERE])]
    assert ours(truths, [found([THERE, HERE], [0.9, 0.8])])["mAP"] == pytest.approx(50)
    assert ours(truths, [found([HERE, THERE], [0.9, 0.8])])["mAP"] == pytest.approx(100)


def test_a_second_detection_of_an_object_is_a_false_alarm_but_not_in_a_crowd():
    twice = [found([HERE, HERE, THERE], [0.9, 0.8, 0.7])]
    # Precision 1 up to recall 1/2 (51 of 101 places), then 2/3.
    assert ours([picture([HERE, THERE])], twice)["mAP"] == pytest.approx(100 * (51 + 50 * 2 / 3) / 101)
    assert ours([picture([HERE, THERE], [True, False])], twice)["mAP"] == pytest.approx(100)


def test_a_picture_without_objects_can_only_cost():
    alone = ours([picture([HERE])], [found([HERE], [0.5])])
    empty = picture([])
    assert ours([picture([HERE]), empty], [found([HERE], [0.5]), found([], [])]) == pytest.approx(alone, nan_ok=True)
    assert ours([picture([HERE]), empty], [found([HERE], [0.5]), found([HERE], [0.9])])["mAP"] == pytest.approx(50)


def test_where_nothing_is_to_be_found_there_is_no_number():
    crowd = [picture([HERE], [True])]
    for truths, answers in [([], []), ([picture([])], [found([HERE], [0.9])]), (crowd, [found([HERE], [0.9])])]:
        assert all(np.isnan(value) for value in ours(truths, answers).values())
        assert set(ours(truths, answers)) == set(METRICS)


def test_of_a_class_only_the_best_hundred_detections_of_a_picture_count():
    truths = [picture([HERE])]
    alarms = [[300 + step, 300, 340 + step, 340] for step in range(100)]
    late = found([*alarms, HERE], [0.9] * 100 + [0.1])
    assert ours(truths, [late])["mAP"] == 0
    other = Detections(late.size, late.boxes, np.where(np.arange(101) < 100, 2, 1), late.scores)
    assert ours(truths, [other])["mAP"] == pytest.approx(100)


def test_equal_scores_stand_in_the_order_given():
    truths = [picture([HERE]), picture([THERE])]
    right_first = [found([HERE, AWAY], [0.5, 0.5]), found([THERE], [0.5])]
    wrong_first = [found([AWAY, HERE], [0.5, 0.5]), found([THERE], [0.5])]
    assert ours(truths, right_first)["mAP"] > ours(truths, wrong_first)["mAP"]
    assert ours(truths[::-1], right_first[::-1])["mAP"] > ours(truths, right_first)["mAP"]


# Pictures that do not count


def test_pictures_without_labels_or_answers_do_not_count_whatever_their_weight():
    truths = [picture([HERE]), None, picture([THERE])]
    answers = [found([AWAY, HERE], [0.9, 0.8]), found([HERE], [0.9]), None]
    metric = Evaluation(match_pictures(truths, answers)).metrics()["mAP"]
    assert metric.usable.tolist() == [True, False, False]
    values = metric.values(np.array([[1, 0, 0], [1, 5, 7], [0, 1, 1]]))
    assert values == pytest.approx([50, 50, np.nan], nan_ok=True)


def test_a_class_that_a_resample_misses_is_left_out_of_its_mean():
    truths = [picture([HERE], label=1), picture([HERE], label=2)]
    answers = [found([HERE], [0.9], label=1), found([AWAY], [0.9], label=2)]
    evaluation = Evaluation(match_pictures(truths, answers))
    weights = np.array([[1, 1], [1, 0], [0, 2]])
    assert evaluation.metrics()["mAP"].values(weights) == pytest.approx([50, 100, 0])
    by_class = evaluation.precision_by_class(weights)
    assert evaluation.classes.tolist() == [1, 2]
    assert by_class[:, 0] == pytest.approx([100, 100, np.nan], nan_ok=True)
    assert by_class[:, 1] == pytest.approx([0, np.nan, 0], nan_ok=True)


def test_a_class_is_held_by_the_pictures_in_which_something_of_it_is_to_be_found():
    truths = [picture([HERE, THERE], label=7), picture([HERE], label=7), picture([HERE, AWAY], [True, False], label=3)]
    answers: list[Detections | None] = [found([HERE], [0.9])] * 3
    evaluation = Evaluation(match_pictures(truths, answers))
    assert evaluation.classes.tolist() == [3, 7]
    assert evaluation.holding.tolist() == [1, 2]
    assert Evaluation(match_pictures(truths, [None, *answers[1:]])).holding.tolist() == [1, 1]


def test_sizes_that_are_not_asked_for_have_no_metric():
    evaluation = Evaluation(match_pictures([picture([HERE])], [found([HERE], [0.9])]), ["all", "small"])
    assert list(evaluation.metrics()) == ["mAP", "AP50", "AP75", "mAP_small"]


def test_resamples_do_not_depend_on_those_beside_them():
    truths, answers = MadeUp(3, 30).draw()
    evaluation = Evaluation(match_pictures(truths, answers))
    weights = np.random.default_rng(0).multinomial(30, np.full(30, 1 / 30), size=100)
    metric = evaluation.metrics()["mAP_small"]
    together = metric.values(weights)
    assert len(set(together)) > 50
    assert [metric.values(weights[row : row + 1])[0] for row in range(0, 100, 7)] == list(together[::7])
    # The same array with other numbers in it is not taken for the one before.
    before = metric.values(weights).copy()
    weights[:] = weights[::-1].copy()
    assert list(metric.values(weights)) == list(before[::-1])


@pytest.mark.parametrize("weights", [np.ones((1, 2)), np.ones(3), [[0.5, 1, 1]], [[-1, 1, 1]]])
def test_weights_that_cannot_be_counts_of_these_pictures_are_refused(weights: Any):
    evaluation = Evaluation(match_pictures([None] * 3, [None] * 3))
    with pytest.raises(ValueError, match="weights"):
        evaluation.precision_by_threshold(np.asarray(weights))
