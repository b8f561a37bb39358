"""Budgets of tasks whose metrics are no means over pictures: by resampling, with sizes and classes of objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from detected_study import NONE, detected_study

from jpegproof.analysis.budget.bounds import Question
from jpegproof.analysis.budget.pictures import kept_by_picture, lowest_kept
from jpegproof.analysis.budget.study import Budget, study_budget
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.tasks.objects import Detections, Objects

pytest.importorskip("pycocotools")
PICTURES, SIZE = 40, (100, 200)
ASKED = Question(bound=5.0, alpha=0.05)


def box(shift: float = 0.0) -> np.ndarray:
    return np.array([[10.0 + shift, 10.0, 60.0 + shift, 60.0]])


def said(shift: float = 0.0) -> Detections:
    return Detections(SIZE, box(shift).astype(np.float32), np.array([1]), np.array([0.9], dtype=np.float32))


@pytest.fixture
def found(tmp_path: Path) -> Budget:
    """At quality 95 as on the originals; at 50 one box misses; at 10 half of them."""
    one = Objects(SIZE, box(), np.array([1]), np.array([False]), np.array([2500.0]))
    truths = [one] * PICTURES
    answers = {
        (NONE, None): [said() for _ in truths],
        (NONE, 95): [said() for _ in truths],
        (NONE, 50): [said(100.0 if number < 1 else 0.0) for number in range(PICTURES)],
        (NONE, 10): [said(100.0 if number % 2 else 0.0) for number in range(PICTURES)],
    }
    folder = detected_study(tmp_path, truths, answers)
    status = study_status(folder)
    return study_budget(status.plan, Store(folder), status.finished, ASKED)


def test_a_detectors_budget_is_of_map_and_resampled(found: Budget):
    assert {(row.metric, row.quantity, row.rule) for row in found.rows} == {("mAP", "loss", "bootstrap")}
    by_quality = {row.quality: row for row in found.rows}
    assert by_quality[10].verdict == "unsafe"
    assert by_quality[10].value == pytest.approx(50, abs=26)
    assert by_quality[50].verdict == "undecided"
    # Nothing changed in 40 pictures: as much as may have been missed, 7.2 %, is more than the bound.
    assert by_quality[95].high == pytest.approx(100 * (1 - 0.05 ** (1 / PICTURES)))


def test_classes_and_sizes_of_objects_have_their_own(found: Budget):
    parts = {(row.by, row.slice) for row in found.parts}
    assert ("size", "medium") in parts
    assert any(by == "class" for by, _ in parts)
    assert {row.n for row in found.parts if row.by == "class"} == {PICTURES}


def test_a_pictures_boxes_are_kept_until_they_move(found: Budget):
    lowest = {row.picture: row.quality for row in found.pictures}
    assert (lowest["0.png"], lowest["4.png"], lowest["5.png"]) == (95, 10, 50)


def test_a_picture_is_kept_only_down_to_the_first_change():
    kept = {
        90: np.array([1.0, 1.0, 0.0, np.nan]),
        50: np.array([0.0, 1.0, 1.0, 1.0]),
        10: np.array([1.0, 1.0, 1.0, 1.0]),
    }
    assert lowest_kept(kept) == {0: 90, 1: 10, 2: None}


def test_verdicts_are_kept_or_not_and_answers_that_cannot_be_compared_have_nothing_to_keep():
    verdicts = kept_by_picture({"agreement": np.array([100.0, 0.0, np.nan])})
    assert verdicts is not None
    assert verdicts.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(verdicts[2])
    assert kept_by_picture({"distance": np.zeros(3)}) is None
