"""Semantic segmenters in studies: measured, cured in every way, by class counts that add up."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from small_study import make_pictures, prediction_files, run_here
from small_training import thin_corrector
from tiny_segmenters import SEGMENTER_FILE

from jpegproof.analysis import results
from jpegproof.analysis.results import study_numbers
from jpegproof.analysis.segmentation import segmentation_metrics
from jpegproof.correctors.default import corrector_bytes
from jpegproof.data.world_maps import WorldMaps
from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.studies.engine import Hands
from jpegproof.studies.plan import load_plan
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.tasks.batch import Batch
from jpegproof.verbs.report import report

SHORT = {"steps": 2, "batch": 2, "learning_rate": 0.01, "precision": "float32", "data": "training", "model": "patches"}
CURES = ("off_the_shelf", "task_targeted", "supervised_fine_tuning", "self_distilled", "control", "statistics_only")


def content(folder: Path, **changes: Any) -> dict[str, Any]:
    (folder / "patches.py").write_text(SEGMENTER_FILE)
    corrector = thin_corrector(awake=True)
    (folder / "start.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return {
        "name": "patches",
        "data": {
            "world": {"world": "val", "size": 6, "task": "semantic_segmentation"},
            "training": {"world": "train", "size": 5, "task": "semantic_segmentation"},
        },
        "models": {"patches": {"from": "patches.py:build", "data": "world", "task": "semantic_segmentation"}},
        "correctors": {"start": {"from": "jpegproof", "weights": "start.safetensors"}},
        "trainings": {
            "targeted": {**SHORT, "objective": "task_targeted", "start": "start"},
            "tuned": {**SHORT, "objective": "supervised_fine_tuning"},
            "distilled": {**SHORT, "objective": "self_distilled"},
            "control": {**SHORT, "objective": "control", "augment": "dihedral"},
            "statistics": {**SHORT, "objective": "statistics_only"},
        },
        "compression": {"qualities": [5, 50]},
        "mitigations": [
            "none",
            {"mitigation": "off_the_shelf", "corrector": "start"},
            {"mitigation": "task_targeted", "corrector": "targeted"},
            {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
            {"mitigation": "self_distilled", "tuned": "distilled"},
            {"mitigation": "control", "tuned": "control"},
            {"mitigation": "statistics_only", "tuned": "statistics"},
        ],
        **changes,
    }


def spec(folder: Path, **changes: Any) -> StudySpec:
    return with_absolute_paths(StudySpec.model_validate(content(folder, **changes)), folder)


def metrics(out: Path) -> dict[Any, float | None]:
    """The values of a study's row without a cure, by metric and quality; without the report, which takes longer."""
    status = study_status(out)
    results = study_numbers(status.plan, Store(out), status.finished).results
    return {(row.metric, row.quality): row.value for row in results if row.mitigation == "none"}


def model_with(**changes: Any) -> dict[str, Any]:
    return {"patches": {"from": "patches.py:build", "data": "world", **changes}}


@pytest.mark.slow
def test_every_cure_of_a_segmenter_is_measured_and_compared(tmp_path: Path):
    run_here(spec(tmp_path), tmp_path / "out")
    results = report(tmp_path / "out")
    assert not results.missing_cells
    found = {(row.mitigation, row.metric, row.quality): row for row in results.results}
    for mitigation in ("none", *CURES):
        for metric in ("mIoU", "pixel_accuracy", "agreement", "pixel_agreement"):
            assert found[mitigation, metric, 5].value is not None
            assert found[mitigation, metric, 5].n == 6
    assert ("none", "agreement", None) not in found
    assert found["control", "agreement", None].value is not None
    assert {row.task for row in results.results} == {"semantic_segmentation"}
    pairs = {(row.first_mitigation, row.second_mitigation, row.metric) for row in results.comparisons}
    assert ("none", "task_targeted", "mIoU") in pairs
    assert ("reference", "none", "mIoU") in pairs
    assert ("reference", "none", "pixel_agreement") not in pairs
    assert {"agreement", "mIoU", "pixel_accuracy"} <= {row.metric for row in results.gaps}
    page = results.page.read_text()
    assert "Mean IoU" in page
    assert "Pixel accuracy" in page
    assert not (tmp_path / "out" / "blocks.csv").exists()


def test_the_numbers_are_those_of_a_confusion_matrix_counted_outside(tmp_path: Path):
    run_here(spec(tmp_path, mitigations=["none"]), tmp_path / "out")
    pictures, table = WorldMaps("val", 6), np.zeros((11, 11))
    model = find_model(f"{tmp_path / 'patches.py'}:build")
    for index in range(6):
        pixels = decode(encode(pictures.pixels(index), Compression("jpeg", 5, "4:2:0"))).pixels
        framed, geometry = model.preparation.frame(pixels)
        batch = Batch((model.preparation.normalise(framed),), (geometry,), (None,))
        said, true = model.task.answer(model.network, batch)[0].numbers, pictures.target(index).read()
        table += np.bincount(11 * true.ravel().astype(int) + said.ravel(), minlength=121).reshape(11, 11)
    right = np.diag(table)
    expected = 100 * np.mean(right / (table.sum(axis=0) + table.sum(axis=1) - right + 1e-10))
    assert metrics(tmp_path / "out")["mIoU", 5] == pytest.approx(expected, abs=1e-9)


def test_a_rerun_two_processes_and_a_later_quality_change_no_byte(tmp_path: Path):
    rows = ["none", {"mitigation": "task_targeted", "corrector": "targeted"}]
    run_here(spec(tmp_path, mitigations=rows, compression={"qualities": [50]}), tmp_path / "one")
    run_here(spec(tmp_path, mitigations=rows), tmp_path / "one")  # its answers on the originals come from the store
    run_study(spec(tmp_path, mitigations=rows), tmp_path / "two", Hands("cpu", workers=2, threads=1), allow_code=True)
    assert prediction_files(tmp_path / "one") == prediction_files(tmp_path / "two")


def test_results_do_not_depend_on_shards_order_or_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from jpegproof.studies import plan

    whole = spec(tmp_path, mitigations=["none"])
    run_here(whole, tmp_path / "whole")
    monkeypatch.setattr(plan, "SHARD_PICTURES", 2)
    cut = spec(tmp_path, mitigations=["none"])
    run_here(cut, tmp_path / "cut")
    assert len(load_plan(tmp_path / "cut" / "plan.json").shards) == 3
    expected = metrics(tmp_path / "whole")
    assert metrics(tmp_path / "cut") == expected
    batched = spec(tmp_path, mitigations=["none"], models=model_with(batch_size=3))
    run_here(batched, tmp_path / "batched")
    assert metrics(tmp_path / "batched") == pytest.approx(expected, rel=1e-4)


def test_pictures_of_many_sizes_are_measured_and_learned_from_together(tmp_path: Path):
    random = np.random.default_rng(0)
    for number, size in enumerate([(40, 60), (60, 40), (48, 48), (60, 40)]):
        for kind, folder in (("RGB", "pictures"), ("L", "labels")):
            coarse = Image.fromarray(random.integers(0, 3, (4, 4), dtype=np.uint8)).resize(
                (size[1], size[0]), Image.Resampling.NEAREST
            )
            path = tmp_path / folder / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            (coarse if kind == "L" else coarse.point(lambda value: 80 * value).convert("RGB")).save(path)
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    data = {"world": {"path": "pictures", "labels": "labels", "classes": "classes.txt", "folds": 2}}
    trainings = {"tuned": {**SHORT, "data": "world", "batch": 4, "objective": "supervised_fine_tuning"}}
    rows = ["none", {"mitigation": "supervised_fine_tuning", "tuned": "tuned"}]
    models = model_with(arguments={"classes": 3}, batch_size=4)
    run_here(spec(tmp_path, data=data, models=models, trainings=trainings, mitigations=rows), tmp_path / "out")
    status = study_status(tmp_path / "out")
    results = study_numbers(status.plan, Store(tmp_path / "out"), status.finished)
    assert {(row.metric, row.n) for row in results.results if row.mitigation == "supervised_fine_tuning"} == {
        (metric, 4) for metric in ("mIoU", "pixel_accuracy", "agreement", "pixel_agreement")
    }
    assert not results.skips


def test_own_maps_are_stored_once_beside_the_answers_on_the_originals(tmp_path: Path):
    run_here(spec(tmp_path, mitigations=["none"]), tmp_path / "out")
    tables = [pq.read_table(path) for path in (tmp_path / "out" / "predictions").glob("*/*.parquet")]
    assert sum("own_map" in table.column_names for table in tables) == 1
    for table in tables:
        assert len(table) == 6
        assert pa.types.is_list(table.schema.field("intersection").type)
        assert segmentation_metrics(table, table)["mIoU"].usable.all()


def test_pictures_without_labels_give_agreement_alone(tmp_path: Path):
    make_pictures(tmp_path / "pictures", height=64, width=64)
    data = {"world": {"path": "pictures"}}
    run_here(spec(tmp_path, data=data, trainings={}, mitigations=["none"]), tmp_path / "out")
    assert {metric for metric, _ in metrics(tmp_path / "out")} == {"agreement", "pixel_agreement"}


def test_another_number_of_classes_is_refused(tmp_path: Path):
    models = model_with(arguments={"classes": 12})
    with pytest.raises(ModelError, match="has 11 classes but the model answers with 12"):
        run_here(spec(tmp_path, models=models, mitigations=["none"]), tmp_path / "out")


def test_a_preparation_that_crops_is_refused(tmp_path: Path):
    models = model_with(arguments={"crop": True})
    with pytest.raises(ModelError, match="crops or pads"):
        run_here(spec(tmp_path, models=models, mitigations=["none"]), tmp_path / "out")


def test_fine_tuning_a_segmenter_on_boxes_is_refused(tmp_path: Path):
    data = {
        "world": {"world": "val", "size": 2, "task": "semantic_segmentation"},
        "training": {"world": "train", "size": 2, "task": "detection"},
    }
    rows = ["none", {"mitigation": "supervised_fine_tuning", "tuned": "tuned"}]
    with pytest.raises(ModelError, match="holds labels of instance_segmentation"):
        run_here(spec(tmp_path, data=data, mitigations=rows), tmp_path / "out")


@pytest.mark.slow
def test_blocks_of_pictures_are_resampled_together_and_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_pictures(tmp_path / "pictures", count=7, height=64, width=64)
    rows = ["none", {"mitigation": "off_the_shelf", "corrector": "start"}]

    def run(out: str, **options: Any) -> Any:
        data = {"world": {"path": "pictures", "layout": "folder", **options}}
        run_here(spec(tmp_path, data=data, trainings={}, mitigations=rows), tmp_path / out)
        return report(tmp_path / out)

    alone, blocked = run("alone"), run("blocked", blocks=3)
    assert load_plan(tmp_path / "blocked" / "plan.json").data["world"].block == 3
    assert prediction_files(tmp_path / "alone") == prediction_files(tmp_path / "blocked")
    assert [row.value for row in alone.results] == [row.value for row in blocked.results]
    assert [row.ci_low for row in alone.results] != [row.ci_low for row in blocked.results]
    assert "intervals over blocks of 3 pictures" in blocked.page.read_text()
    assert "over blocks" not in alone.page.read_text()
    assert "blocks of 3 pictures" in (tmp_path / "blocked" / "tables" / "gaps.md").read_text()
    assert not alone.blocks
    gains = [row for row in blocked.blocks if (row.metric, row.quality) == ("pixel_agreement", 5)]
    assert [(row.block, row.n, row.first, row.last) for row in gains] == [
        (1, 3, "class0/000.png", "class0/006.png"),
        (2, 3, "class1/001.png", "class2/002.png"),
        (3, 1, "class2/005.png", "class2/005.png"),
    ]
    assert all(row.gain == row.value - row.untreated and row.mitigation == "off_the_shelf" for row in gains)
    with (tmp_path / "blocked" / "blocks.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(blocked.blocks) == 2 * 2 * 3
    monkeypatch.setattr(results, "MOST_BLOCKS", 2)
    assert not report(tmp_path / "blocked").blocks, "no table tells so many blocks one by one"
