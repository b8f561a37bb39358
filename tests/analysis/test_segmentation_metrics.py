"""Semantic segmentation's metrics against confusion matrices counted another way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parity_fixtures import parity_folder
from segmented_pictures import changed, random_maps, stored_answers

from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.segmentation import iou_of_classes, segmentation_metrics
from jpegproof.data.ade20k import ade20k_classes
from jpegproof.data.label_code import LabelCode
from jpegproof.tasks.class_map import ClassMap, count_classes
from jpegproof.tasks.label_map import ClassNumbers

CLASSES = 5
ONCE = np.ones((1, 8))


def confusion(said: Sequence[ClassNumbers], true: Sequence[ClassNumbers], classes: int = CLASSES) -> np.ndarray:
    """(classes, classes) pixels by true and by said class, counted pixel by pixel."""
    table = np.zeros((classes, classes), dtype=np.int64)
    for answer, label in zip(said, true, strict=True):
        np.add.at(table, (label[label >= 0], answer[label >= 0]), 1)
    return table


def official_miou(table: np.ndarray) -> float:
    """As CSAILVision/semantic-segmentation-pytorch states it: of all classes, with 1e-10 in each denominator."""
    right = np.diag(table)
    return 100.0 * float(np.mean(right / (table.sum(axis=0) + table.sum(axis=1) - right + 1e-10)))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 1.0]), st.integers(1, CLASSES))
def test_metrics_equal_an_independent_confusion_matrix(seed: int, share: float, used: int):
    true = random_maps(8, CLASSES, seed, used=used)
    said = changed(true, share, CLASSES, seed + 1)
    before = changed(true, share / 2, CLASSES, seed + 2)
    answers = stored_answers(said, true, before)
    metrics = segmentation_metrics(answers, answers)
    table, own = confusion(said, true), confusion(said, before)
    assert metrics["mIoU"].values(ONCE)[0] == pytest.approx(official_miou(table), abs=1e-9)
    assert metrics["pixel_accuracy"].values(ONCE)[0] == pytest.approx(100 * np.trace(table) / table.sum(), abs=1e-9)
    assert metrics["pixel_agreement"].values(ONCE)[0] == pytest.approx(100 * np.trace(own) / own.sum(), abs=1e-9)
    union = own.sum(axis=0) + own.sum(axis=1) - np.diag(own)
    expected = 100 * np.mean(np.diag(own)[union > 0] / union[union > 0])
    assert metrics["agreement"].values(ONCE)[0] == pytest.approx(expected, abs=1e-9)


def test_a_weight_is_how_often_the_picture_is_there():
    true = random_maps(8, CLASSES, 0)
    said = changed(true, 0.4, CLASSES, 1)
    before = changed(true, 0.2, CLASSES, 2)
    weights = np.array([[2, 0, 1, 0, 3, 1, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1]])
    metrics = segmentation_metrics(stored_answers(said, true, before), stored_answers(said, true, before))
    answers = stored_answers(said, true, before)
    classes = iou_of_classes(answers, answers, metrics, {})["IoU"]
    for row, times in enumerate(weights):
        repeated = [place for place, often in enumerate(times) for _ in range(often)]
        often_said, often_true, often_before = ([maps[place] for place in repeated] for maps in (said, true, before))
        table = stored_answers(often_said, often_true, often_before)
        alone = np.ones((1, len(repeated)))
        for name, metric in segmentation_metrics(table, table).items():
            assert metrics[name].values(weights)[row] == pytest.approx(metric.values(alone)[0], abs=1e-9)
        of_these = iou_of_classes(table, table, segmentation_metrics(table, table), {})["IoU"]
        expected = dict(zip(of_these.names, of_these.values(alone)[0], strict=True))
        found = dict(zip(classes.names, classes.values(weights)[row], strict=True))
        assert expected
        assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)


def test_a_class_that_is_nowhere_counts_0_against_the_label_and_not_against_the_own_map():
    true = random_maps(8, 4, 0)
    answers = stored_answers(changed(true, 0.0, 4, 0), true, classes=8)
    metrics = segmentation_metrics(answers, answers)
    assert metrics["mIoU"].values(ONCE)[0] == pytest.approx(50.0)
    assert metrics["agreement"].values(ONCE)[0] == 100.0
    assert metrics["pixel_agreement"].values(ONCE)[0] == 100.0


def test_the_accuracy_counts_pixels_and_not_pictures():
    true = [np.zeros((10, 10), np.int16), np.zeros((1, 1), np.int16)]
    said = [np.zeros((10, 10), np.int16), np.ones((1, 1), np.int16)]
    answers = stored_answers(said, true)
    assert segmentation_metrics(answers, answers)["pixel_accuracy"].values(np.ones((1, 2)))[0] == pytest.approx(
        100 * 100 / 101
    )


def test_skipped_pictures_and_those_without_a_label_count_for_nothing():
    true = random_maps(8, CLASSES, 0)
    said = changed(true, 0.3, CLASSES, 1)
    known = [None if place == 5 else numbers for place, numbers in enumerate(true)]
    answers = stored_answers(said, known, skipped=[2])
    metrics = segmentation_metrics(answers, answers)
    assert np.flatnonzero(~metrics["mIoU"].usable).tolist() == [2, 5]
    assert np.flatnonzero(~metrics["agreement"].usable).tolist() == [2]
    kept = [place for place in range(8) if place not in (2, 5)]
    table = confusion([said[place] for place in kept], [true[place] for place in kept])
    assert metrics["mIoU"].values(ONCE)[0] == pytest.approx(official_miou(table), abs=1e-9)


def test_without_labels_there_is_agreement_alone():
    said = changed(random_maps(4, CLASSES, 0), 0.0, CLASSES, 0)
    answers = stored_answers(said, [None] * 4)
    assert set(segmentation_metrics(answers, answers)) == {"agreement", "pixel_agreement"}
    assert iou_of_classes(answers, answers, segmentation_metrics(answers, answers), {}) == {}


def test_where_every_picture_was_skipped_nothing_can_be_computed():
    answers = stored_answers(random_maps(3, CLASSES, 0, void=0), [None] * 3, skipped=[0, 1, 2])
    for metric in segmentation_metrics(answers, answers).values():
        assert Resamples(0).interval(metric).value is None


def test_a_picture_without_any_labelled_pixel_makes_no_number():
    void = np.full((3, 3), -1, np.int16)
    answers = stored_answers([np.zeros((3, 3), np.int16)], [void])
    metrics = segmentation_metrics(answers, answers)
    assert np.isnan(metrics["mIoU"].values(np.ones((1, 1)))).all()
    assert np.isnan(metrics["pixel_accuracy"].values(np.ones((1, 1)))).all()


def test_each_class_has_its_own_number_and_their_mean_is_that_of_all():
    true = random_maps(8, CLASSES, 3)
    said = changed(true, 0.5, CLASSES, 4)
    answers = stored_answers(said, true)
    metrics = segmentation_metrics(answers, answers)
    classes = iou_of_classes(answers, answers, metrics, dict(enumerate("abcde")))["IoU"]
    table = confusion(said, true)
    right = np.diag(table)
    expected = 100 * right / (table.sum(axis=0) + table.sum(axis=1) - right)
    assert list(classes.names) == list("abcde")
    assert classes.holding.tolist() == [sum(number in one for one in true) for number in range(CLASSES)]
    assert classes.values(ONCE)[0].tolist() == pytest.approx(expected.tolist(), abs=1e-9)
    assert classes.values(ONCE).mean() == pytest.approx(metrics["mIoU"].values(ONCE)[0])


def test_a_class_that_is_labelled_nowhere_has_no_number_of_its_own():
    true = random_maps(8, 4, 0)
    answers = stored_answers(changed(true, 0.0, 4, 0), true, classes=5)
    classes = iou_of_classes(answers, answers, segmentation_metrics(answers, answers), {0: "a"})["IoU"]
    assert list(classes.names) == ["a", "1", "2", "3"]
    assert classes.values(ONCE)[0, 0] == 100.0


def test_answers_of_different_numbers_of_classes_are_not_counted_together():
    import pyarrow as pa

    true = random_maps(2, CLASSES, 0)
    said = changed(true, 0, CLASSES, 0)
    tables = [stored_answers(said, true, classes=classes) for classes in (5, 6)]
    with pytest.raises(ValueError, match=r"\[5, 6\]"):
        segmentation_metrics(pa.concat_tables(tables), tables[0])


@pytest.mark.parametrize("name", ["mobilenetv2dilated-c1_deepsup", "resnet50-upernet"])
def test_counts_and_metrics_are_those_of_the_official_evaluation(name: str):
    official = np.load(parity_folder() / f"ade20k-{name}.npz")
    said = official["ms/argmax"].astype(np.int16)
    true = LabelCode.of(ade20k_classes(), [0], first=1).classes_of(official["ms/label"])
    counts = count_classes(ClassMap(said, 150), true)
    assert np.array_equal(counts.intersection, official["ms/intersection"])
    assert np.array_equal(counts.predicted + counts.labelled - counts.intersection, official["ms/union"])
    assert counts.labelled.sum() == official["ms/pixels"]
    answers = stored_answers([said], [true], classes=150)
    metrics = segmentation_metrics(answers, answers)
    ious = official["ms/intersection"] / (official["ms/union"] + 1e-10)
    assert metrics["mIoU"].values(np.ones((1, 1)))[0] == pytest.approx(100 * ious.mean(), abs=1e-9)
    assert metrics["pixel_accuracy"].values(np.ones((1, 1)))[0] == pytest.approx(
        100 * float(official["ms/acc"]), abs=1e-6
    )
