"""Which cures are worth their time, on points made by hand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speeds import result, speed

from jpegproof.analysis.frontier import find_offers, on_frontier, wanted_quality


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], []),
        ([(1.0, 1.0)], [True]),
        ([(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)], [True, True, True]),
        ([(1.0, 3.0), (2.0, 2.0), (0.5, 2.5)], [True, True, False]),
        # Equal in one number and worse in the other is beaten; equal in both is not.
        ([(2.0, 5.0), (1.0, 5.0)], [True, False]),
        ([(2.0, 5.0), (2.0, 4.0)], [True, False]),
        ([(2.0, 5.0), (2.0, 5.0)], [True, True]),
        # What lacks a number is nowhere, and beats nobody.
        ([(9.0, None), (1.0, 1.0), (None, 9.0)], [False, True, False]),
        ([(None, None)], [False]),
    ],
)
def test_a_point_is_on_the_frontier_unless_another_is_no_worse_and_once_better(points, expected):
    assert on_frontier(points) == expected


@given(st.lists(st.tuples(st.integers(0, 5).map(float), st.integers(0, 5).map(float)), min_size=1, max_size=12))
def test_whatever_is_beaten_is_beaten_by_something_on_the_frontier(points):
    best = [point for point, chosen in zip(points, on_frontier(points), strict=True) if chosen]
    assert best
    for point, chosen in zip(points, on_frontier(points), strict=True):
        beaters = [b for b in best if b[0] >= point[0] and b[1] >= point[1] and b != point]
        assert bool(beaters) != chosen


def test_an_offer_is_a_speed_beside_the_metric_of_the_same_edge_at_the_lowest_quality():
    speeds = [speed(100.0), speed(20.0, "off_the_shelf", "default"), speed(90.0, "control")]
    results = [
        result(1.0, codec="webp", quality=5),  # of which nobody has timed anything
        result(60.0),
        result(70.0, quality=50),
        result(80.0, quality=None),
        result(66.0, "off_the_shelf", "default"),
        result(99.0, "off_the_shelf", "other"),
        result(58.0, "control"),
        result(5.0, metric="top5"),
    ]
    offers = find_offers(speeds, results)
    assert [(o.mitigation, o.images_per_second, o.value, o.quality, o.metric, o.optimal) for o in offers] == [
        ("none", 100.0, 60.0, 10, "top1", True),
        ("off_the_shelf", 20.0, 66.0, 10, "top1", True),
        ("control", 90.0, 58.0, 10, "top1", False),
    ]
    assert (offers[0].ci_low, offers[0].ci_high) == (59.0, 61.0)


def test_another_quality_can_be_asked_for_and_a_missing_number_is_an_offer_without_a_value():
    speeds = [speed(100.0), speed(20.0, "off_the_shelf", "default")]
    offers = find_offers(speeds, [result(60.0), result(70.0, quality=50)], quality=50)
    assert [(o.value, o.optimal) for o in offers] == [(70.0, True), (None, False)]
    assert find_offers(speeds, [result(60.0)], quality=50) == []


def test_where_there_are_no_labels_the_metric_is_the_first_that_has_a_number():
    (offer,) = find_offers(
        [speed(1.0)], [result(None), result(75.0, metric="agreement"), result(3.0, metric="distance")]
    )
    assert (offer.metric, offer.value) == ("agreement", 75.0)


def test_parts_trainings_chains_slices_and_foreign_models_are_no_offers():
    speeds = [speed(1.0, stage="decode"), speed(1.0, phase="training"), speed(1.0, model="other")]
    assert find_offers(speeds, [result(60.0)]) == []
    elsewhere = [result(60.0, chain="sent"), result(60.0, slice="dogs"), result(60.0, quality=None)]
    assert find_offers([speed(1.0)], elsewhere) == []


def test_models_of_one_data_set_compete_in_the_second_mark_alone():
    speeds = [speed(100.0), speed(50.0, model="slow")]
    results = [result(60.0), result(55.0, model="slow")]
    offers = find_offers(speeds, results)
    assert [(o.optimal, o.optimal_of_all) for o in offers] == [(True, True), (True, False)]


def test_other_machines_and_batches_do_not_compete():
    speeds = [speed(100.0), speed(50.0, batch=8), speed(9000.0, device="cuda"), speed(150.0, threads=2)]
    assert all(offer.optimal and offer.optimal_of_all for offer in find_offers(speeds, [result(60.0)]))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"cpu, threads: 1": {"metric quality": 30}}, 30),
        ({"cpu, threads: 1": {"metric quality": 30}, "cuda, threads: 1": {"metric quality": 50}}, 50),
        ({"cpu, threads: 1": {"metric quality": None}}, None),
        ({"cpu, threads: 1": {}}, None),
        ([], None),
    ],
)
def test_the_quality_that_the_user_asked_for_last_is_kept_for_reports(tmp_path, facts, expected):
    assert wanted_quality(tmp_path / "none.json") is None
    (tmp_path / "throughput.json").write_text(json.dumps(facts))
    assert wanted_quality(tmp_path / "throughput.json") == expected
