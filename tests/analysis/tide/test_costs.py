"""Each kind of fault is told from the others, and what tidecv cannot answer has an answer."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
from detected_scenes import detections, objects, scenes

from jpegproof.analysis.tide.costs import find_costs
from jpegproof.analysis.tide.faults import FAULTS, MAIN, Fault
from jpegproof.exceptions import DataError

BOX, BESIDE, ELSEWHERE = [10.0, 10, 50, 50], [24.0, 10, 64, 50], [80.0, 60, 120, 90]
NOTHING: Any = ([], [], [])


def occurring(costs: Any) -> dict[Fault, int]:
    return {fault: costs.counts[fault] for fault in MAIN if costs.counts[fault]}


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (([BOX], [2], [0.9]), Fault.CLASSIFICATION),
        (([BESIDE], [1], [0.9]), Fault.LOCALISATION),
        (([BESIDE], [2], [0.9]), Fault.BOTH),
        (([BOX, BOX], [1, 1], [0.9, 0.8]), Fault.DUPLICATE),
        (([BOX, ELSEWHERE], [1, 1], [0.8, 0.9]), Fault.BACKGROUND),
        (NOTHING, Fault.MISSED),
    ],
)
def test_each_kind_of_fault_is_told_from_the_others(said: Any, fault: Fault):
    costs = find_costs([objects([BOX], [1])], [detections(*said)])
    # Wrong in both name and place accounts for no object: that one is missed besides.
    expected = {fault: 1, **({Fault.MISSED: 1} if fault is Fault.BOTH else {})}
    assert occurring(costs) == expected


@pytest.mark.parametrize(
    ("said", "fault", "ap", "rise"),
    [
        (([BOX], [2], [0.9]), Fault.CLASSIFICATION, 0.0, 100.0),
        (([BESIDE], [1], [0.9]), Fault.LOCALISATION, 0.0, 100.0),
        (([BOX, BOX], [1, 1], [0.9, 0.8]), Fault.DUPLICATE, 100.0, 0.0),
        (([BOX, ELSEWHERE], [1, 1], [0.8, 0.9]), Fault.BACKGROUND, 50.0, 50.0),
        (NOTHING, Fault.MISSED, 0.0, 100.0),
    ],
)
def test_mending_the_only_fault_leaves_nothing_to_mend(said: Any, fault: Fault, ap: float, rise: float):
    costs = find_costs([objects([BOX], [1])], [detections(*said)])
    assert costs.ap == pytest.approx(ap)
    assert costs.rises[fault] == pytest.approx(rise)
    assert all(costs.rises[other] == 0 for other in MAIN if other is not fault)


def test_of_two_badly_placed_detections_the_better_one_is_mended_and_the_other_goes():
    worse = [26.0, 10, 66, 50]
    costs = find_costs([objects([BOX], [1])], [detections([worse, BESIDE], [1, 1], [0.6, 0.9])])
    assert occurring(costs) == {Fault.LOCALISATION: 2}
    assert costs.rises[Fault.LOCALISATION] == pytest.approx(100)


def test_a_detection_in_a_crowd_region_is_neither_right_nor_wrong():
    true = objects([BOX, [70.0, 50, 128, 96]], [1, 1], crowd=[False, True])
    costs = find_costs([true], [detections([ELSEWHERE, BOX], [1, 1], [0.9, 0.8])])
    assert costs.ap == pytest.approx(100)
    assert costs.counts[Fault.FALSE_POSITIVES] == 0


def test_a_crowd_of_another_class_excuses_nothing():
    true = objects([BOX, [70.0, 50, 128, 96]], [1, 2], crowd=[False, True])
    costs = find_costs([true], [detections([ELSEWHERE, BOX], [1, 1], [0.9, 0.8])])
    assert costs.ap == pytest.approx(50)


@pytest.mark.parametrize(
    ("true", "said", "ap", "rises"),
    [
        (([], []), NOTHING, 100.0, {}),
        (([], []), ([BOX], [1], [0.9]), 0.0, {Fault.BACKGROUND: 100.0}),
        (([BOX], [1]), NOTHING, 0.0, {Fault.MISSED: 100.0, Fault.FALSE_NEGATIVES: 100.0}),
    ],
    ids=["nothing to find, nothing found", "nothing to find", "nothing found"],
)
def test_where_tidecv_divides_by_zero_there_is_an_answer(true: Any, said: Any, ap: float, rises: dict[Fault, float]):
    costs = find_costs([objects(*true)], [detections(*said)])
    assert costs.ap == ap
    assert {fault: rise for fault, rise in costs.rises.items() if rise} == rises


def test_shares_are_parts_of_what_all_main_kinds_cost():
    costs = find_costs(*scenes(0, pictures=12))
    assert sum(costs.shares.values()) == pytest.approx(100)
    total = sum(costs.rises[fault] for fault in MAIN)
    assert costs.shares[Fault.MISSED] == pytest.approx(100 * costs.rises[Fault.MISSED] / total)


def test_shares_of_a_faultless_detector_are_nothing_and_not_a_crash():
    costs = find_costs([objects([BOX], [1])], [detections([BOX], [1], [0.9])])
    assert set(costs.shares.values()) == {0.0}


def test_a_picture_without_detections_or_truth_does_not_count():
    true, said = scenes(1, pictures=8)
    alone = find_costs(true[:5], said[:5])
    beside = find_costs([*true[:5], None, true[6]], [*said[:5], said[5], None])
    assert beside.pictures == 5
    assert (beside.ap, beside.rises, beside.counts) == (alone.ap, alone.rises, alone.counts)


def test_no_picture_that_counts_is_no_crash():
    costs = find_costs([None], [detections(*NOTHING)])
    assert costs.pictures == 0
    assert all(np.isfinite(costs.rises[fault]) for fault in FAULTS)


@pytest.mark.parametrize("masks", [False, True])
def test_what_was_given_is_left_as_it_was(masks: bool):
    true, said = scenes(2, pictures=6, masks=masks)
    before = copy.deepcopy((true, said))
    find_costs(true, said, "masks" if masks else "boxes")
    for old, new in zip([*before[0], *before[1]], [*true, *said], strict=True):
        for field in dataclasses.fields(old):
            assert np.array_equal(getattr(old, field.name), getattr(new, field.name))


def test_boxes_can_be_compared_where_there_are_no_masks_and_masks_cannot():
    true, said = scenes(1, pictures=4)
    assert find_costs(true, said, "boxes").pictures == 4
    with pytest.raises(DataError, match="no masks"):
        find_costs(true, said, "masks")


def test_masks_of_two_sizes_are_refused():
    true, said = scenes(1, pictures=6, masks=True)
    shrunk = [dataclasses.replace(item, size=(48, 64)) for item in said]
    with pytest.raises(DataError, match="as it is stored"):
        find_costs(true, shrunk, "masks")


@pytest.mark.parametrize("thresholds", [(0.1, 0.5), (0.5, 0.5), (1.5, 0.1), (0.5, 0.0)])
def test_thresholds_that_mean_nothing_are_refused(thresholds: tuple[float, float]):
    with pytest.raises(ValueError, match="thresholds"):
        find_costs([], [], "boxes", *thresholds)


def test_truths_and_detections_of_different_pictures_are_refused():
    with pytest.raises(ValueError, match="2 pictures have truths and 1"):
        find_costs([None, None], [None])
