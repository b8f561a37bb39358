"""A study's losses, split while its columns are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from detected_scenes import scenes
from detected_study import CURE, NONE, detected_study

from jpegproof.analysis.fixable import FixableRow
from jpegproof.analysis.results import Numbers, study_numbers
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store

TRUE, SAID = scenes(2, pictures=24)
WEAK = scenes(2, pictures=24, recall=0.4)[1]
WORSE = ("task_targeted", "harmful")
WORST = scenes(3, pictures=24, recall=0.1)[1]


def numbers_of(folder: Path, answers: dict) -> Numbers:
    status = study_status(detected_study(folder, TRUE, answers))
    return study_numbers(status.plan, Store(folder), status.finished)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Numbers:
    answers = {(NONE, None): SAID, (NONE, 10): WEAK, (CURE, 10): SAID, (WORSE, 10): WORST, (NONE, 50): WEAK}
    return numbers_of(tmp_path_factory.mktemp("study"), {**answers, (CURE, 50): WEAK})


def rows(numbers: Numbers, **wanted: object) -> list[FixableRow]:
    return [row for row in numbers.fixable if all(getattr(row, name) == value for name, value in wanted.items())]


def test_a_cure_that_undoes_the_damage_recovers_all_of_it(numbers: Numbers):
    for row in rows(numbers, quality=10, metric="mAP", by="all"):
        assert row.loss > 10
        assert row.recovered == pytest.approx(row.loss)
        assert row.remaining == pytest.approx(0, abs=1e-9)
        assert (row.chosen_first, row.chosen_second) == ("off_the_shelf (default)",) * 2
        assert row.cures == 2
        assert (row.remaining_low, row.remaining_high) == (pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))


def test_a_cure_that_changes_nothing_recovers_nothing(numbers: Numbers):
    (row,) = rows(numbers, quality=50, metric="mAP", by="all")
    assert (row.recovered, row.chosen_first, row.cures) == (0, "none", 1)
    assert row.remaining == row.loss


def test_the_loss_is_that_of_the_comparisons(numbers: Numbers):
    losses = {
        (row.metric, row.quality): row
        for row in numbers.comparisons
        if (row.first_mitigation, row.second_mitigation) == ("reference", "none")
    }
    compared = [row for row in numbers.fixable if (row.metric, row.quality) in losses and row.by != "class"]
    assert {row.metric for row in compared} == {"mAP", "AP50", "AP75", "mAP_small", "mAP_medium"}
    for row in compared:
        lost = losses[row.metric, row.quality]
        assert (row.loss, row.loss_low, row.loss_high) == pytest.approx((-lost.difference, -lost.ci_high, -lost.ci_low))


def test_sizes_and_classes_have_rows_of_their_own(numbers: Numbers):
    assert {row.metric for row in rows(numbers, by="size", quality=10)} == {"mAP_small", "mAP_medium"}  # none is large
    classes = rows(numbers, by="class", quality=10)
    assert {row.slice for row in classes} == {row.slice for row in numbers.classes}
    assert {row.metric for row in classes} == {"mAP"}
    for row in classes:
        assert row.recovered == pytest.approx(row.loss)


def test_agreement_is_lost_from_a_hundred(numbers: Numbers):
    (row,) = rows(numbers, metric="agreement", quality=10)
    (agreement,) = [n for n in numbers.results if (n.metric, n.quality, n.mitigation) == ("agreement", 10, "none")]
    assert agreement.value is not None
    assert row.loss == pytest.approx(100 - agreement.value)


def test_what_one_cure_could_not_use_counts_for_no_edge(tmp_path: Path):
    kept = [None if place == 3 else answer for place, answer in enumerate(SAID)]
    some = numbers_of(tmp_path / "a", {(NONE, None): SAID, (NONE, 10): WEAK, (CURE, 10): kept})
    left = numbers_of(
        tmp_path / "b",
        {
            (NONE, None): kept,
            (NONE, 10): [None if place == 3 else answer for place, answer in enumerate(WEAK)],
            (CURE, 10): kept,
        },
    )
    for metric in ("mAP", "mAP_small", "agreement"):
        (one,), (other,) = rows(some, metric=metric, by=by(metric)), rows(left, metric=metric, by=by(metric))
        assert one.n == other.n == 23
        assert (one.loss, one.recovered, one.recovered_low) == pytest.approx(
            (other.loss, other.recovered, other.recovered_low)
        )


def by(metric: str) -> str:
    return "size" if metric.endswith("small") else "all"


def test_without_a_cure_there_is_nothing_to_split(tmp_path: Path):
    assert numbers_of(tmp_path, {(NONE, None): SAID, (NONE, 10): WEAK}).fixable == []


def test_a_compression_whose_cures_are_not_finished_has_no_rows(tmp_path: Path):
    found = numbers_of(tmp_path, {(NONE, None): SAID, (NONE, 10): WEAK, (CURE, 10): [], (NONE, 50): WEAK})
    assert found.fixable == []
    assert np.isfinite([row.value for row in found.results if row.value is not None]).all()
