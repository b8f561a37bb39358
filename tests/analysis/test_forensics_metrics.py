"""The metrics of detectors of fakes, against counts and a definition spelt out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from jpegproof.analysis.forensics import forensics_metrics
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.ranked_precision import PicturePrecision
from jpegproof.tasks.forensics import Forensics

TASK = Forensics()


def table(answer: Sequence[torch.Tensor], labels: Sequence[int | None], before: Sequence[torch.Tensor]) -> pa.Table:
    columns, faults = TASK.record(list(answer), list(labels), list(before))
    assert not any(faults)
    return pa.table({field.name: pa.array(columns[field.name], type=field.type) for field in TASK.schema})


def nothing_of(stored: pa.Table) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(stored.schema.names)], schema=stored.schema)


def precision_spelt_out(scores: Sequence[float], sought: Sequence[bool]) -> float:
    """Over every score as a threshold: precision there, times the recall that it adds."""
    total, before, area = sum(sought), 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        said = [wanted for score, wanted in zip(scores, sought, strict=True) if score >= threshold]
        recall, precision = sum(said) / total, sum(said) / len(said)
        area += (recall - before) * precision
        before = recall
    return 100 * area


def patches(count: int, seed: int, spread: float = 3.0) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    shapes = [(2, 3), (4, 4), (1, 5)]
    return [torch.randn(*shapes[number % 3], generator=random) * spread for number in range(count)]


LABELS = [number % 3 == 0 for number in range(40)]
ANSWER, BEFORE = patches(40, 0), patches(40, 1)
STORED = table(ANSWER, [int(label) for label in LABELS], BEFORE)
REFERENCE = table(BEFORE, [int(label) for label in LABELS], BEFORE)
ONCE = np.ones((1, 40))


def test_accuracies_are_those_of_a_count():
    metrics: Any = forensics_metrics(STORED, REFERENCE)
    verdicts = [float(logits.sigmoid().mean()) > 0.5 for logits in ANSWER]
    own = [float(logits.sigmoid().mean()) > 0.5 for logits in BEFORE]
    right = [verdict == label for verdict, label in zip(verdicts, LABELS, strict=True)]
    assert metrics["accuracy"].tolist() == [100.0 * item for item in right]
    for name, kind in (("real_accuracy", False), ("fake_accuracy", True)):
        wanted = [100.0 * item for item, label in zip(right, LABELS, strict=True) if label == kind]
        assert metrics[name][np.isfinite(metrics[name])].tolist() == wanted
    kept = [one == other for one, other in zip(verdicts, own, strict=True)]
    assert metrics["agreement"].tolist() == [100.0 * item for item in kept]
    assert 0 < sum(kept) < 40
    assert np.allclose(metrics["distance"], [float((a - b).abs().mean()) for a, b in zip(ANSWER, BEFORE, strict=True)])


def test_patches_count_by_how_many_a_picture_has():
    metrics: Any = forensics_metrics(STORED, REFERENCE)
    weights = np.random.default_rng(0).integers(0, 3, (5, 40)).astype(float)
    for name, verdicts in (
        ("patch_accuracy", [(logits > 0) == label for logits, label in zip(ANSWER, LABELS, strict=True)]),
        ("patch_agreement", [(a > 0) == (b > 0) for a, b in zip(ANSWER, BEFORE, strict=True)]),
    ):
        for row, found in zip(weights, metrics[name].values(weights), strict=True):
            repeated = [item.flatten() for item, times in zip(verdicts, row, strict=True) for _ in range(int(times))]
            assert found == pytest.approx(100 * float(torch.cat(repeated).float().mean()))


def test_average_precision_of_pictures_is_the_definition_spelt_out_with_ties_and_weights():
    random = np.random.default_rng(0)
    scores, sought = random.integers(0, 12, 60) / 12, random.random(60) < 0.4
    scores[[3, 30]] = np.nan
    metric = PicturePrecision(scores, sought)
    weights = random.integers(0, 3, (7, 60)).astype(float)
    for row, found in zip(weights, metric.values(weights), strict=True):
        drawn = [place for place in range(60) for _ in range(int(row[place])) if np.isfinite(scores[place])]
        assert found == pytest.approx(precision_spelt_out(scores[drawn].tolist(), sought[drawn].tolist()))
    assert metric.usable.sum() == 58


def test_a_resample_without_anything_to_be_found_has_no_precision():
    metric = PicturePrecision(np.array([0.9, 0.1]), np.array([True, False]))
    assert np.isnan(metric.values(np.array([[0.0, 2.0], [0.0, 0.0]]))).all()
    assert metric.values(np.array([[1.0, 2.0], [2.0, 0.0]])).tolist() == [100.0, 100.0]


@pytest.mark.parametrize(("name", "kind"), [("AP_fake", True), ("AP_real", False)])
def test_both_kinds_can_be_what_is_to_be_found(name: str, kind: bool):
    metrics: Any = forensics_metrics(STORED, REFERENCE)
    scores = [float(score) * (1 if kind else -1) for score in STORED["score"].to_pylist()]
    wanted = precision_spelt_out(scores, [label == kind for label in LABELS])
    assert metrics[name].values(ONCE)[0] == pytest.approx(wanted)


def test_average_precision_of_patches_is_near_that_of_their_logits():
    metrics: Any = forensics_metrics(STORED, REFERENCE)
    weights = np.random.default_rng(1).integers(0, 3, (3, 40)).astype(float)
    for row, found in zip(weights, metrics["patch_AP_real"].values(weights), strict=True):
        drawn = [place for place in range(40) for _ in range(int(row[place]))]
        logits = [-value for place in drawn for value in ANSWER[place].flatten().tolist()]
        sought = [not LABELS[place] for place in drawn for _ in range(ANSWER[place].numel())]
        assert found == pytest.approx(precision_spelt_out(logits, sought), abs=0.2)


def test_many_resamples_at_once_are_as_one_by_one(monkeypatch: pytest.MonkeyPatch):
    metrics: Any = forensics_metrics(STORED, REFERENCE)
    weights = np.random.default_rng(2).integers(0, 3, (9, 40)).astype(float)
    whole = {name: metrics[name].values(weights) for name in ("AP_fake", "patch_AP_real")}
    monkeypatch.setattr("jpegproof.analysis.ranked_precision._CHUNK_BYTES", 2 * 8 * 40)
    for name, wanted in whole.items():
        assert np.allclose(metrics[name].values(weights), wanted)


def test_a_detector_that_always_answers_rightly_scores_a_hundred():
    answer = [torch.full((2, 2), 4.0 if label else -4.0) for label in LABELS]
    stored = table(answer, [int(label) for label in LABELS], answer)
    metrics: Any = forensics_metrics(stored, stored)
    assert metrics.pop("distance").tolist() == [0.0] * 40
    for metric in metrics.values():
        values = metric[np.isfinite(metric)] if isinstance(metric, np.ndarray) else metric.values(ONCE)
        assert set(values.tolist()) == {100.0}


def test_intervals_of_average_precision_hold_the_value():
    metrics: Any = forensics_metrics(STORED, REFERENCE)
    for name in ("AP_fake", "patch_AP_real"):
        interval = Resamples(0, resamples=50).interval(metrics[name])
        assert interval.n == 40
        assert interval.value == metrics[name].values(ONCE)[0]
        low, high = interval.low, interval.high
        assert low is not None
        assert high is not None
        assert low < metrics[name].values(ONCE)[0] < high


def test_a_detector_of_whole_pictures_has_no_metrics_of_patches():
    answer = [torch.tensor([[value]]) for value in (2.0, -1.0, 0.5, -3.0)]
    stored = table(answer, [1, 0, 0, 1], answer)
    assert set(forensics_metrics(stored, stored)) == {
        "accuracy",
        "real_accuracy",
        "fake_accuracy",
        "AP_fake",
        "AP_real",
        "agreement",
        "distance",
    }


def test_without_labels_or_of_one_kind_there_is_what_can_be_told():
    answer = patches(4, 0)
    unlabelled = table(answer, [None] * 4, answer)
    assert set(forensics_metrics(unlabelled, unlabelled)) == {"agreement", "patch_agreement", "distance"}
    fakes = table(answer, [1] * 4, answer)
    assert {"accuracy", "fake_accuracy", "patch_accuracy"} <= set(forensics_metrics(fakes, fakes))
    assert not {"real_accuracy", "AP_fake", "AP_real", "patch_AP_real"} & set(forensics_metrics(fakes, fakes))


def test_skipped_pictures_count_for_nothing():
    answers = pa.concat_tables([nothing_of(STORED), STORED])
    metrics: Any = forensics_metrics(answers, pa.concat_tables([nothing_of(REFERENCE), REFERENCE]))
    without: Any = forensics_metrics(STORED, REFERENCE)
    weights = np.hstack([np.full((1, 1), 7.0), ONCE])
    for name, metric in metrics.items():
        if isinstance(metric, np.ndarray):
            assert np.isnan(metric[0])
            assert np.array_equal(metric[1:], without[name], equal_nan=True)
        else:
            assert not metric.usable[0]
            assert metric.values(weights)[0] == pytest.approx(without[name].values(ONCE)[0])


def test_a_score_of_a_half_is_no_verdict_of_fake():
    answer = [torch.zeros(1, 1), torch.full((1, 1), 1e-3)]
    stored = table(answer, [0, 1], answer)
    metrics: Any = forensics_metrics(stored, stored)
    assert metrics["accuracy"].tolist() == [100.0, 100.0]
