"""Numbers are views of stored predictions: checked against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jpegproof.analysis.classification import classification_metrics
from jpegproof.analysis.file_sizes import Sizes
from jpegproof.analysis.results import study_numbers
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.studies.cells import Cells
from jpegproof.studies.plan import Cell, DataFacts, Edge, Plan, Shard
from jpegproof.studies.predictions import prediction_bytes
from jpegproof.studies.store import Store
from jpegproof.tasks.classification import Classification

NONE, CURE = Edge("net", "none", "identity"), Edge("net", "off_the_shelf", "cure")
#: Per cell and picture: the best two classes and the log-probability of the label, or None where it was skipped.
LABELS = [0, 1, 2, 3]
ANSWERS = {
    (0, 0): [([0, 1], -0.1), ([1, 0], -0.2), ([3, 2], -1.0), None],
    (0, 1): [([0, 1], -0.3), ([0, 1], -2.0), ([3, 2], -1.0), None],
    (1, 1): [([0, 1], -0.2), ([1, 0], -0.4), ([2, 3], -0.5), None],
}


@pytest.fixture
def study(tmp_path):
    """A plan of two shards with predictions written by hand, and its store."""
    shards = (Shard("photos", (0, 1), "a"), Shard("photos", (2, 3), "b"))
    cells = []
    store = Store(tmp_path)
    store.begin()
    for shard in (0, 1):
        for number, (edge, compression) in enumerate(ANSWERS):
            cells.append(Cell(shard, compression, edge, f"{shard}{number}" * 16))
            mine = ANSWERS[edge, compression][2 * shard : 2 * shard + 2]
            rows = [row for row, answer in enumerate(mine) if answer]
            columns = {
                "top": [mine[row][0] for row in rows],
                "label": [LABELS[2 * shard + row] for row in rows],
                "label_log_probability": [mine[row][1] for row in rows],
                "distance": [0.5 for _ in rows],
                "logits": [[0.0, 0.0] for _ in rows],
            }
            if compression:
                del columns["logits"]
            content = prediction_bytes(
                Classification(),
                [f"{2 * shard + row}.jpg" for row in (0, 1)],
                [None if answer else "cut off" for answer in mine],
                [1000 * (row + 1) if compression and mine[row] else None for row in (0, 1)],
                columns,
                rows,
                with_reference=not compression,
                areas=[4000, 4000],
            )
            store.put_once(cells[-1].name, content)
    plan = Plan(
        "by hand",
        0,
        "source",
        {"photos": DataFacts("classification", 4, ())},
        {"net": "classification"},
        (NONE, CURE),
        (ORIGINAL, Compression(quality=10)),
        shards,
        Cells.of(cells),
    )
    return plan, store, frozenset(cell.name for cell in cells)


def value(numbers, metric, mitigation, quality):
    (row,) = [
        row for row in numbers.results if (row.metric, row.mitigation, row.quality) == (metric, mitigation, quality)
    ]
    return row


def test_metrics_are_what_counting_gives(study):
    numbers = study_numbers(*study)
    assert value(numbers, "top1", "none", None).value == pytest.approx(100 * 2 / 3)
    assert value(numbers, "top1", "none", 10).value == pytest.approx(100 * 1 / 3)
    assert value(numbers, "top1", "off_the_shelf", 10).value == pytest.approx(100.0)
    assert value(numbers, "agreement", "none", 10).value == pytest.approx(100 * 2 / 3)
    assert value(numbers, "agreement", "off_the_shelf", 10).value == pytest.approx(100 * 2 / 3)
    log_probability = value(numbers, "true_label_log_probability", "none", 10)
    assert log_probability.value == pytest.approx(-1.1, abs=1e-6)


def test_skipped_pictures_are_counted_and_listed_once(study):
    numbers = study_numbers(*study)
    assert {(row.n, row.n_skipped) for row in numbers.results} == {(3, 1)}
    assert [(skip.picture, skip.reason) for skip in numbers.skips] == [("3.jpg", "cut off")]


def test_bytes_per_image_are_those_of_the_pictures_used(study):
    numbers = study_numbers(*study)
    assert value(numbers, "top1", "none", 10).bytes_per_image == pytest.approx((1000 + 2000 + 1000) / 3)
    assert value(numbers, "top1", "none", None).bytes_per_image is None


def test_predictions_from_before_pixels_were_counted_have_no_bits_per_pixel_and_mean_the_same(study):
    plan, store, _ = study
    known = study_numbers(*study).results
    [bits] = {row.bits_per_pixel for row in known} - {None}
    assert bits == pytest.approx(8 * 4000 / 12_000)
    assert {row.bits_per_pixel for row in known if row.quality is None} == {None}
    for cell in plan.cells:
        table = pq.read_table(BytesIO(store.get(cell.name))).drop_columns(["pixels", "file_bytes"])
        table = table.replace_schema_metadata(None)  # they had no digest either
        pq.write_table(table, store.path(cell.name))
    assert [replace(row, bits_per_pixel=None) for row in known] == study_numbers(*study).results


def test_bits_per_pixel_are_all_bits_over_all_pixels():
    sizes, pixels = pa.array([1000, 500, None], pa.int64()), pa.array([4000, 1000, 77], pa.int64())
    table = pa.table({"bytes": sizes, "pixels": pixels})
    assert Sizes.of(table).bits_per_pixel == pytest.approx(8 * 1500 / 5000)
    assert Sizes.of(table.slice(2)).bits_per_pixel is None
    unknown = table.set_column(1, "pixels", pa.array([4000, None, 77], pa.int64()))
    assert Sizes.of(unknown).bits_per_pixel is None


def test_a_reference_does_not_agree_with_itself_in_the_results(study):
    metrics = {row.metric for row in study_numbers(*study).results if row.quality is None}
    assert metrics == {"top1", "true_label_log_probability"}


def test_edges_are_compared_with_the_originals_and_with_each_other(study):
    found = {
        (row.first_mitigation, row.second_mitigation): row.difference
        for row in study_numbers(*study).comparisons
        if row.metric == "top1"
    }
    assert found == {
        ("reference", "none"): pytest.approx(-100 / 3),
        ("reference", "off_the_shelf"): pytest.approx(100 / 3),
        ("none", "off_the_shelf"): pytest.approx(200 / 3),
    }


def test_a_column_counts_only_once_all_its_cells_are_there(study):
    plan, store, finished = study
    lost = next(cell for cell in plan.cells if cell.edge == 1)
    numbers = study_numbers(plan, store, finished - {lost.name})
    assert {row.mitigation for row in numbers.results} == {"none"}
    reference = plan.original(1, 0)
    assert study_numbers(plan, store, finished - {reference.name}).results == []


def table(top, labels, distance=0.0):
    count = len(top)
    return pa.table(
        {
            "top": pa.array(top, pa.list_(pa.int32())),
            "label": pa.array(labels, pa.int32()),
            "label_log_probability": pa.array([None if label is None else -1.0 for label in labels], pa.float32()),
            "distance": pa.array([distance] * count, pa.float32()),
        }
    )


def test_without_labels_agreement_and_distance_are_all_there_is():
    unlabelled = table([[0, 1, 2, 3, 4]], [None])
    assert set(classification_metrics(unlabelled, unlabelled)) == {"agreement", "distance"}


def test_a_model_of_fewer_than_five_classes_has_no_top5():
    few, many = table([[0, 1, 2]], [2]), table([[4, 3, 0, 1, 2]], [2])
    assert "top5" not in classification_metrics(few, few)
    assert classification_metrics(many, many)["top5"] == [100.0]
    assert classification_metrics(many, many)["top1"] == [0.0]


def test_pictures_that_were_skipped_count_for_nothing():
    answers, reference = table([[0, 1], None], [0, None]), table([None, [1, 0]], [None, 1])
    metrics = classification_metrics(answers, reference)
    assert np.isnan(metrics["agreement"]).all()
    assert np.isnan(metrics["top1"]).tolist() == [False, True]


def test_each_class_has_its_numbers_and_its_losses(study):
    numbers = study_numbers(*study)
    found = {(row.slice, row.mitigation, row.quality): row for row in numbers.classes}
    assert {row.metric for row in numbers.classes} == {"top1"}
    # Without names they go by their labels; the picture of label 3 was skipped.
    assert {key[0] for key in found} == {"0", "1", "2"}
    assert [found[label, "none", 10].value for label in ("0", "1", "2")] == [100, 0, 0]
    assert [found[label, "off_the_shelf", 10].value for label in ("0", "1", "2")] == [100, 100, 100]
    assert {row.n for row in numbers.classes} == {1}
    # One picture a class: no interval, so nothing to compare.
    assert numbers.class_comparisons == []


def test_what_a_cure_gains_is_told_block_by_block_where_a_set_has_blocks(study):
    plan, store, finished = study
    assert study_numbers(*study).blocks == []
    blocked = replace(plan, data={"photos": replace(plan.data["photos"], block=2)})
    numbers = study_numbers(blocked, store, finished)
    gains = [row for row in numbers.blocks if row.metric == "top1"]
    assert [(row.block, row.first, row.last, row.untreated, row.value, row.gain, row.n) for row in gains] == [
        (1, "0.jpg", "1.jpg", 50.0, 100.0, 50.0, 2),
        (2, "2.jpg", "3.jpg", 0.0, 100.0, 100.0, 1),
    ]
    assert {(row.mitigation, row.quality) for row in numbers.blocks} == {("off_the_shelf", 10)}
    assert value(numbers, "top1", "none", 10).value == value(study_numbers(*study), "top1", "none", 10).value
    [wider] = [row for row in numbers.comparisons if row.metric == "top1" and row.first_mitigation == "none"]
    assert (wider.ci_low, wider.ci_high) == (50.0, 100.0)


def test_losses_are_split_by_what_the_best_cure_recovers(study):
    found = {row.metric: row for row in study_numbers(*study).fixable if row.by == "all"}
    assert set(found) >= {"top1", "agreement"}
    assert "distance" not in found
    assert found["top1"].loss == pytest.approx(100 / 3)
    assert found["agreement"].loss == pytest.approx(100 / 3)
    for row in found.values():
        assert row.recovered + row.remaining == pytest.approx(row.loss)
        assert row.n == 3
