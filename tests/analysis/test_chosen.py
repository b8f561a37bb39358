"""Pictures are chosen by rule: the same ones whoever asks, and none by two rules."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch
from segmented_pictures import changed, random_maps, stored_answers

from jpegproof.analysis.by_picture import SCORED_TASKS, columns_of_scores, picture_scores
from jpegproof.analysis.chosen import _thirds
from jpegproof.exceptions import DataError
from jpegproof.tasks.classification import Classification
from jpegproof.tasks.find import TASKS
from jpegproof.tasks.forensics import Forensics

#: Of the answers on the originals, for tasks that need none.
NOTHING = pa.table({})


@pytest.mark.parametrize(
    ("ranked", "count", "wanted"),
    [
        ([9, 8, 7, 6, 5], 1, ([9], [7], [5])),
        ([9, 8, 7, 6, 5, 4], 2, ([9, 8], [7, 6], [4, 5])),
        ([9, 8, 7, 6, 5, 4], 1, ([9], [7], [4])),
        ([9, 8], 1, ([9], [], [8])),
        ([9], 3, ([9], [], [])),
        ([9, 8, 7], 2, ([9, 8], [], [7])),
    ],
)
def test_the_first_the_middle_and_the_last_are_taken_and_none_twice(ranked, count, wanted):
    found = _thirds(ranked, count)
    assert tuple(list(part) for part in found) == wanted


def test_a_pictures_score_is_the_mean_iou_over_the_classes_that_it_shows_or_is_said_to_show():
    true = random_maps(4, 5, 3, used=3)
    said = changed(true, 0.4, 5, 4)
    scores = picture_scores("semantic_segmentation", stored_answers(said, true, said), NOTHING)
    for one, other, score in zip(said, true, scores.values, strict=True):
        known = other >= 0
        overlaps = []
        for number in range(5):
            both = ((one == number) & (other == number))[known].sum()
            either = ((one == number) | (other == number))[known].sum()
            overlaps += [both / either] if either else []
        assert score == pytest.approx(100 * np.mean(overlaps), abs=1e-9)
    assert scores.metric == "mIoU"


def test_without_labels_the_score_is_agreement_with_the_answer_on_the_original():
    before = random_maps(3, 4, 0)
    answers = stored_answers(changed(before, 0.3, 4, 1), [None] * 3, before)
    scores = picture_scores("semantic_segmentation", answers, NOTHING)
    assert scores.metric == "agreement"
    assert (scores.values < 100).all()


def stored_labels(logits: torch.Tensor, labels: list[int | None], before: torch.Tensor) -> pa.Table:
    task = Classification()
    columns, _ = task.record(logits, labels, before)
    return pa.table({field.name: pa.array(list(columns[field.name]), field.type) for field in task.schema})


def test_a_classified_picture_is_scored_by_the_log_probability_of_its_label():
    before, after = torch.randn(3, 7), torch.randn(3, 7)
    scores = picture_scores("classification", stored_labels(after, [2, None, 6], before), NOTHING)
    wanted = torch.log_softmax(after, 1)
    assert scores.metric == "true_label_log_probability"
    assert scores.values[[0, 2]] == pytest.approx([wanted[0, 2].item(), wanted[2, 6].item()], abs=1e-6)
    assert np.isnan(scores.values[1])


def test_without_labels_the_nearer_answer_to_that_on_the_original_gains():
    before, after = torch.zeros(2, 3), torch.tensor([[1.0, 1, 1], [3, 0, 0]])
    near = picture_scores("classification", stored_labels(after / 2, [None, None], before), NOTHING)
    far = picture_scores("classification", stored_labels(after, [None, None], before), NOTHING)
    assert far.metric == "distance"
    assert far.values.tolist() == pytest.approx([1.0, 1.0])
    assert near.gains_over(far).tolist() == pytest.approx([0.5, 0.5])


def stored_scores(scores: list[float], labels: list[int | None]) -> pa.Table:
    task = Forensics()
    logits = [torch.tensor([[score]]).logit() for score in scores]
    columns, _ = task.record(logits, labels, logits)
    return pa.table({field.name: pa.array(list(columns[field.name]), field.type) for field in task.schema})


def test_a_detector_of_fakes_is_scored_by_what_its_score_leaves_to_the_truth():
    said = stored_scores([0.9, 0.9, 0.25], [1, 0, None])
    scores = picture_scores("forensics", said, stored_scores([0.5] * 3, [None] * 3))
    assert scores.metric == "truth_score"
    assert scores.values[:2].tolist() == pytest.approx([90.0, 10.0], abs=1e-3)
    assert np.isnan(scores.values[2])


def test_without_labels_a_detector_of_fakes_is_held_to_its_score_on_the_original():
    scores = picture_scores(
        "forensics", stored_scores([0.9, 0.2], [None, None]), stored_scores([0.7, 0.2], [None, None])
    )
    assert scores.metric == "score_agreement"
    assert scores.values.tolist() == pytest.approx([80.0, 100.0], abs=1e-3)
    assert scores.gains_over(scores).tolist() == [0.0, 0.0]


def test_tensors_that_nobody_knows_are_held_to_those_on_the_original():
    def stored(*distances: float | None) -> pa.Table:
        return pa.table({"distance": pa.array(distances, pa.float32())})

    scores, others = (picture_scores("tensors", table, stored()) for table in (stored(0.5, None), stored(0.75, 0.1)))
    assert scores.metric == "distance"
    assert scores.gains_over(others)[0] == 0.25
    assert np.isnan(scores.values[1])


def test_every_task_that_there_is_has_pictures_that_can_be_scored():
    assert set(SCORED_TASKS) == set(TASKS)
    with pytest.raises(DataError, match="not scored one by one"):
        columns_of_scores("time_travel")
