"""Evidence that is let go is gathered again, once, and only where something new is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from detected_scenes import scenes
from detected_study import CURE, NONE, detected_study

from jpegproof.analysis import columns as columns_of_a_study
from jpegproof.analysis.detection.evaluation import Evaluation
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.recalled import Recalled, Shelf
from jpegproof.analysis.results import study_numbers
from jpegproof.analysis.task_metrics import Metric
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store


def gatherer(name: str, heard: list[str]) -> Callable[[], Mapping[str, Metric]]:
    def gather() -> Mapping[str, Metric]:
        heard.append(name)
        return {}

    return gather


def test_the_two_that_were_asked_for_last_are_at_hand():
    heard: list[str] = []
    first, second, third = (gatherer(name, heard) for name in ("first", "second", "third"))
    shelf = Shelf(room=2)
    for gather in (first, second, first, third, first, second):
        shelf.metrics(gather)
    assert heard == ["first", "second", "third", "second"]
    shelf.clear()
    shelf.metrics(second)
    assert heard[-1] == "second"
    assert len(heard) == 5


def test_a_recalled_metric_is_the_metric():
    truths, answers = scenes(0, pictures=12)
    metric = Evaluation(match_pictures(truths, answers)).metrics()["mAP"]
    recalled = Recalled(metric, "mAP", lambda: {"mAP": metric}, Shelf())
    assert recalled.usable is metric.usable
    assert Resamples(0).interval(recalled) == Resamples(0).interval(metric)


def test_differences_over_fewer_pictures_are_worked_out_from_evidence_gathered_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    truths, said = scenes(0, pictures=16)
    worse, cured = scenes(0, pictures=16, recall=0.4)[1], [None, *scenes(0, pictures=16, recall=0.6)[1][1:]]
    folder = detected_study(tmp_path, truths, {(NONE, None): said, (NONE, 10): worse, (CURE, 10): cured})
    again: list[object] = []
    gather = columns_of_a_study._metrics
    monkeypatch.setattr(columns_of_a_study, "_metrics", lambda *given: again.append(given[1]) or gather(*given))
    status = study_status(folder)
    numbers = study_numbers(status.plan, Store(folder), status.finished)
    found = {(row.first_mitigation, row.second_mitigation, row.metric): row for row in numbers.comparisons}
    row = found["none", "off_the_shelf", "mAP"]
    first, second = (Evaluation(match_pictures(truths[1:], item[1:])).metrics()["mAP"] for item in (worse, cured))
    once = np.ones((1, 15))
    assert row.n == 15
    assert row.difference == pytest.approx((second.values(once) - first.values(once))[0])
    # The cure's own pictures are the fifteen; what is without it, and the originals, are asked for anew, and once.
    assert 0 < len(again) <= 4


def test_where_the_same_pictures_count_everywhere_nothing_is_gathered_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    truths, said = scenes(0, pictures=8)
    folder = detected_study(tmp_path, truths, {(NONE, None): said, (NONE, 10): said, (CURE, 10): said})
    monkeypatch.setattr(columns_of_a_study, "_metrics", lambda *given: pytest.fail("gathered twice"))
    status = study_status(folder)
    assert study_numbers(status.plan, Store(folder), status.finished).comparisons
