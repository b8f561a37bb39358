"""Pictures are chosen by rule: the same ones whoever asks, and none by two rules."""

from __future__ import annotations

import numpy as np
import pytest
from segmented_pictures import changed, random_maps, stored_answers

from jpegproof.analysis.by_picture import columns_of_scores, picture_scores
from jpegproof.analysis.chosen import _thirds
from jpegproof.exceptions import DataError


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
    scores = picture_scores("semantic_segmentation", stored_answers(said, true, said))
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
    scores = picture_scores("semantic_segmentation", answers)
    assert scores.metric == "agreement"
    assert (scores.values < 100).all()


def test_a_task_whose_pictures_have_no_score_of_their_own_is_refused():
    with pytest.raises(DataError, match="not scored one by one"):
        columns_of_scores("detection")
