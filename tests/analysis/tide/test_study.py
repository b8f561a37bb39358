"""Rows of a study: from stored predictions, whole columns alone, with messages for what cannot be done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from detected_scenes import scenes
from detected_study import CURE, NONE, detected_study

from jpegproof.analysis.tide.costs import find_costs
from jpegproof.analysis.tide.faults import FAULTS, MAIN
from jpegproof.analysis.tide.study import study_errors, tellable_errors
from jpegproof.exceptions import DataError, StoreError, UnknownNameError
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store

TRUE, SAID = scenes(0, pictures=20)
OTHER = scenes(0, pictures=20, recall=0.4)[1]


def rows_of(folder: Path, **options: Any) -> Any:
    status = study_status(folder)
    return study_errors(status.plan, Store(folder), status.finished, **{"resamples": 0, **options}).rows


def test_each_edge_and_quality_gets_the_costs_of_its_stored_answers(tmp_path: Path):
    answers = {(NONE, None): SAID, (NONE, 10): OTHER, (CURE, 10): SAID}
    rows = rows_of(detected_study(tmp_path, TRUE, answers))
    assert len(rows) == 3 * 9
    found = {(row.mitigation, row.corrector, row.quality, row.error): row for row in rows}
    for (edge, quality), said in answers.items():
        costs = find_costs(TRUE, said)
        assert found[*edge, quality, "none"].value == pytest.approx(costs.ap)
        for fault in FAULTS:
            row = found[*edge, quality, fault.value]
            assert (row.value, row.count) == (pytest.approx(costs.rises[fault]), costs.counts[fault])
            assert row.share == (pytest.approx(costs.shares[fault]) if fault in MAIN else None)
            assert (row.kind, row.model, row.dataset, row.n, row.n_skipped) == ("boxes", "finder", "scenes", 20, 0)


def test_skipped_pictures_and_pictures_without_truth_do_not_count(tmp_path: Path):
    said, true = [None, *SAID[1:]], [*TRUE[:19], None]
    rows = rows_of(detected_study(tmp_path, true, {(NONE, None): SAID, (NONE, 10): said}))
    assert {(row.quality, row.n, row.n_skipped) for row in rows} == {(None, 19, 1), (10, 18, 2)}
    expected = find_costs(true[1:19], said[1:19])
    assert next(row.value for row in rows if row.quality == 10) == pytest.approx(expected.ap)


def test_an_unfinished_column_has_no_rows(tmp_path: Path):
    rows = rows_of(detected_study(tmp_path, TRUE, {(NONE, None): SAID, (NONE, 10): SAID, (NONE, 20): []}))
    assert {row.quality for row in rows} == {None, 10}


def test_without_finished_originals_there_is_a_message(tmp_path: Path):
    folder = detected_study(tmp_path, TRUE, {(NONE, None): [], (NONE, 10): SAID})
    with pytest.raises(StoreError, match="run the study again"):
        rows_of(folder)


def test_unlabelled_pictures_are_answered_with_what_is_missing(tmp_path: Path):
    with pytest.raises(DataError, match="no boxes to compare with"):
        rows_of(detected_study(tmp_path, [None] * 20, {(NONE, None): SAID}))


def test_a_study_without_a_detector_is_named(tmp_path: Path):
    folder = detected_study(tmp_path, TRUE, {(NONE, None): SAID}, task="classification")
    with pytest.raises(DataError, match="has no detector: its models do classification"):
        rows_of(folder)
    with pytest.raises(DataError, match="finder does classification"):
        rows_of(folder, model="finder")


def test_a_mistyped_model_is_answered_with_the_nearest(tmp_path: Path):
    with pytest.raises(UnknownNameError, match="Did you mean 'finder'"):
        rows_of(detected_study(tmp_path, TRUE, {(NONE, None): SAID}), model="fnder")


def test_an_instance_segmenter_is_told_by_boxes_and_by_masks(tmp_path: Path):
    true, said = scenes(6, pictures=8, masks=True)
    folder = detected_study(tmp_path, true, {(NONE, None): said}, task="instance_segmentation")
    rows = rows_of(folder)
    assert [row.value for row in rows if row.error == "none"] == pytest.approx(
        [find_costs(true, said, "boxes").ap, find_costs(true, said, "masks").ap]
    )
    assert {row.kind for row in rows_of(folder, kind="masks")} == {"masks"}


def test_masks_of_a_detector_that_draws_none_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="draws no masks; ask for boxes"):
        rows_of(detected_study(tmp_path, TRUE, {(NONE, None): SAID}), kind="masks")


def test_masks_where_the_data_set_has_boxes_alone_are_refused(tmp_path: Path):
    said = scenes(0, pictures=20, masks=True)[1]
    folder = detected_study(tmp_path, TRUE, {(NONE, None): said}, task="instance_segmentation")
    with pytest.raises(DataError, match="has boxes and no masks"):
        rows_of(folder)
    assert rows_of(folder, kind="boxes")


def test_intervals_hold_the_value_and_are_the_same_every_time(tmp_path: Path):
    folder = detected_study(tmp_path, TRUE, {(NONE, None): SAID})
    rows = rows_of(folder, resamples=60)
    assert rows == rows_of(folder, resamples=60)
    ap = rows[0]
    assert ap.ci_low < ap.value < ap.ci_high
    assert all(row.ci_low <= row.ci_high for row in rows)
    assert all(row.ci_low is None for row in rows_of(folder, resamples=0))


def differences(folder: Path, resamples: int = 40) -> Any:
    status = study_status(folder)
    found = study_errors(status.plan, Store(folder), status.finished, resamples=resamples)
    return found, {(row.first_mitigation, row.second_mitigation, row.quality, row.error): row for row in found[1]}


def test_cures_are_compared_with_none_and_all_edges_with_the_originals(tmp_path: Path):
    answers = {(NONE, None): SAID, (NONE, 10): OTHER, (CURE, 10): SAID, (NONE, 20): SAID}
    (rows, _), found = differences(detected_study(tmp_path, TRUE, answers))
    value = {(row.mitigation, row.quality, row.error): row.value for row in rows}
    assert {key[:3] for key in found} == {
        ("reference", "none", 10),
        ("reference", "none", 20),
        ("reference", "off_the_shelf", 10),
        ("none", "off_the_shelf", 10),
    }
    for error in ("none", "missed", "false_negatives"):
        row = found["none", "off_the_shelf", 10, error]
        assert row.difference == pytest.approx(value["off_the_shelf", 10, error] - value["none", 10, error])
        assert row.ci_low < row.difference < row.ci_high
        assert row.difference == pytest.approx(-found["reference", "none", 10, error].difference)
        assert row.n == 20
    assert found["none", "off_the_shelf", 10, "none"].told_apart
    same = found["reference", "off_the_shelf", 10, "missed"]
    # The same answers in the same resamples: that the pictures differ does not blur it.
    assert (same.difference, same.ci_low, same.ci_high, same.told_apart) == (0, 0, 0, False)


def test_only_pictures_that_count_for_both_edges_are_compared(tmp_path: Path):
    with_gaps, cured = [None, *OTHER[1:]], [*SAID[:19], None]
    answers = {(NONE, None): SAID, (NONE, 10): with_gaps, (CURE, 10): cured}
    (rows, _), found = differences(detected_study(tmp_path, TRUE, answers))
    row = found["none", "off_the_shelf", 10, "none"]
    both = slice(1, 19)
    expected = find_costs(TRUE[both], SAID[both]).ap - find_costs(TRUE[both], OTHER[both]).ap
    assert row.n == 18
    assert row.difference == pytest.approx(expected)
    assert next(row.n for row in rows if row.mitigation == "off_the_shelf") == 19


def test_without_resamples_nothing_is_compared(tmp_path: Path):
    answers = {(NONE, None): SAID, (NONE, 10): OTHER, (CURE, 10): SAID}
    assert differences(detected_study(tmp_path, TRUE, answers), resamples=0)[0].comparisons == []


def test_what_cannot_be_told_is_left_out_of_a_report(tmp_path: Path):
    def told(folder: Path) -> Any:
        status = study_status(folder)
        return tellable_errors(status.plan, Store(folder), status.finished, resamples=0).rows

    labelled = detected_study(tmp_path / "labelled", TRUE, {(NONE, None): SAID, (NONE, 10): OTHER})
    assert told(labelled) == rows_of(labelled)
    assert told(detected_study(tmp_path / "none", [None] * 20, {(NONE, None): SAID})) == []
    assert told(detected_study(tmp_path / "other", TRUE, {(NONE, None): SAID}, task="classification")) == []
    assert told(detected_study(tmp_path / "unfinished", TRUE, {(NONE, None): [], (NONE, 10): SAID})) == []
    said = scenes(0, pictures=20, masks=True)[1]
    boxes = detected_study(tmp_path / "boxes", TRUE, {(NONE, None): said}, task="instance_segmentation")
    assert {row.kind for row in told(boxes)} == {"boxes"}


def test_frames_of_a_video_are_resampled_in_blocks(tmp_path: Path):
    folder = detected_study(tmp_path, TRUE, {(NONE, None): SAID})
    plan = study_status(folder).plan

    def ends(block: int) -> tuple[float | None, float | None, float | None]:
        blocked = replace(plan, data={"scenes": replace(plan.data["scenes"], block=block)})
        ap = study_errors(blocked, Store(folder), study_status(folder).finished, resamples=20).rows[0]
        return ap.value, ap.ci_low, ap.ci_high

    alone, blocked, whole = ends(1), ends(5), ends(20)
    assert alone[0] == blocked[0] == whole[0]
    assert alone[1:] != blocked[1:]
    assert whole[1:] == (None, None)
