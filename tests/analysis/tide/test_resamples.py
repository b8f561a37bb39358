"""Image weights: what a resample says is what the data set would say that it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from detected_scenes import detections, objects, scenes

from jpegproof.analysis.tide.costs import costs_of, find_costs, resampled_costs
from jpegproof.analysis.tide.evidence import gather_evidence
from jpegproof.analysis.tide.faults import FAULTS

BOX, ELSEWHERE = [10.0, 10, 50, 50], [80.0, 60, 120, 90]


def test_a_picture_that_weighs_three_is_a_picture_that_is_there_three_times():
    true, said = scenes(5, pictures=10)
    weights = np.random.default_rng(0).integers(1, 4, (3, 10))
    found = resampled_costs(gather_evidence(true, said, "boxes", 0.5, 0.1), weights.astype(np.float64))
    for row, numbers in zip(weights, found, strict=True):
        copies = np.repeat(np.arange(10), row)
        repeated = find_costs([true[copy] for copy in copies], [said[copy] for copy in copies])
        expected = [repeated.ap, *(repeated.rises[fault] for fault in FAULTS)]
        assert numbers.tolist() == pytest.approx(expected, abs=1e-9)


def test_resamples_worked_out_in_chunks_are_the_same(monkeypatch: pytest.MonkeyPatch):
    from jpegproof.analysis.tide import average_precision

    evidence = gather_evidence(*scenes(5, pictures=10), "boxes", 0.5, 0.1)
    weights = np.random.default_rng(0).integers(0, 4, (7, 10)).astype(np.float64)
    whole = resampled_costs(evidence, weights)
    monkeypatch.setattr(average_precision, "_CHUNK_BYTES", 1)
    assert np.array_equal(resampled_costs(evidence, weights), whole)


def test_a_class_that_a_resample_misses_does_not_pull_it_down():
    # Class 2 is true in the second picture, and said wrongly in the first.
    true = [objects([BOX], [1]), objects([BOX], [2])]
    said = [detections([BOX, ELSEWHERE], [1, 2], [0.9, 0.8]), detections([BOX], [2], [0.9])]
    evidence = gather_evidence(true, said, "boxes", 0.5, 0.1)
    assert costs_of(evidence).ap == pytest.approx(100)
    assert resampled_costs(evidence, np.array([[2.0, 0.0], [0.0, 2.0]]))[:, 0].tolist() == pytest.approx([100, 100])


def test_no_resamples_are_no_numbers():
    evidence = gather_evidence(*scenes(0, pictures=2), "boxes", 0.5, 0.1)
    assert resampled_costs(evidence, np.zeros((0, 2))).shape == (0, 9)
