"""Detectors of fakes in studies: measured, cured in every way, and given no verdict where they are unsure."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_study import prediction_files, run_here
from small_training import thin_corrector
from tiny_fake_detectors import DETECTOR_FILE, RealAndFakeFolders, make_real_and_fake

from jpegproof.analysis.results import study_numbers
from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.models.forensics.names import CNNDETECTION, FORENSICS_NETWORKS
from jpegproof.studies import workshop
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.tasks.batch import Batch
from jpegproof.verbs.report import report

SHORT = {"steps": 2, "batch": 2, "learning_rate": 0.01, "precision": "float32", "data": "training", "model": "detector"}
CURES = ("off_the_shelf", "task_targeted", "supervised_fine_tuning", "self_distilled", "control", "statistics_only")
OF_PICTURES = {"accuracy", "real_accuracy", "fake_accuracy", "AP_fake", "AP_real", "agreement", "distance"}
OF_PATCHES = {"patch_accuracy", "patch_AP_real", "patch_agreement"}


@pytest.fixture(autouse=True)
def real_and_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder of these tests holds real and fake pictures."""
    monkeypatch.setattr(workshop, "open_data", lambda spec: RealAndFakeFolders(spec.path))


def content(folder: Path, **changes: Any) -> dict[str, Any]:
    (folder / "detectors.py").write_text(DETECTOR_FILE)
    make_real_and_fake(folder / "pictures", 4)
    make_real_and_fake(folder / "training", 3, (40, 48))
    corrector = thin_corrector(awake=True)
    (folder / "start.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return {
        "name": "fakes",
        "data": {"measured": {"path": "pictures"}, "training": {"path": "training"}},
        "models": {"detector": {"from": "detectors.py:patches", "data": "measured", "task": "forensics"}},
        "correctors": {"start": {"from": "jpegproof", "weights": "start.safetensors"}},
        "trainings": {
            "targeted": {**SHORT, "objective": "task_targeted", "start": "start"},
            "tuned": {**SHORT, "objective": "supervised_fine_tuning"},
            "distilled": {**SHORT, "objective": "self_distilled"},
            "control": {**SHORT, "objective": "control", "augment": "dihedral"},
            "statistics": {**SHORT, "objective": "statistics_only"},
        },
        "compression": {"qualities": [10, 50]},
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


def values(out: Path) -> dict[Any, float | None]:
    status = study_status(out)
    assert status.done == status.total
    results = study_numbers(status.plan, Store(out), status.finished).results
    return {(row.metric, row.mitigation, row.quality): row.value for row in results}


@pytest.mark.slow
def test_every_cure_of_a_detector_of_fakes_is_measured_and_compared(tmp_path: Path):
    run_here(spec(tmp_path), tmp_path / "out")
    done = report(tmp_path / "out")
    assert not done.missing_cells
    found = {(row.mitigation, row.metric, row.quality): row for row in done.results}
    for mitigation in ("none", *CURES):
        for metric in OF_PICTURES | OF_PATCHES:
            row = found[mitigation, metric, 10]
            assert row.value is not None
            assert row.n == (4 if metric in ("real_accuracy", "fake_accuracy") else 8)
    assert ("none", "agreement", None) not in found
    assert found["control", "patch_agreement", None].value is not None
    pairs = {(row.first_mitigation, row.second_mitigation, row.metric) for row in done.comparisons}
    assert {("none", "task_targeted", "AP_fake"), ("reference", "none", "accuracy")} <= pairs
    assert ("reference", "none", "patch_agreement") not in pairs
    assert {"accuracy", "AP_real", "patch_accuracy", "agreement"} <= {row.metric for row in done.gaps}
    # A step was taken: what learned answers otherwise on the very originals.
    for mitigation in ("supervised_fine_tuning", "self_distilled", "control", "statistics_only"):
        assert (found[mitigation, "distance", None].value or 0) > 0

    with (tmp_path / "out" / "unsure.csv").open() as file:
        rows = list(csv.DictReader(file))
    # Edges with a corrector alone are not measured on the originals.
    assert len(rows) == len(done.unsure) == 6 * (7 * 2 + 5)
    whole = [row for row in done.unsure if row.band == 0]
    assert {row.coverage for row in whole} == {100.0}
    assert [row.accuracy for row in whole] == [found[row.mitigation, "accuracy", row.quality].value for row in whole]
    page = done.page.read_text()
    for text in ("Average precision of finding fakes", "Accuracy on real pictures", "Verdicts only where sure"):
        assert text in page
    assert "unsure within 0.45" in (tmp_path / "out" / "tables" / "unsure.md").read_text()


def test_the_numbers_are_those_of_the_detector_asked_outside(tmp_path: Path):
    run_here(spec(tmp_path, trainings={}, mitigations=["none"]), tmp_path / "out")
    pictures = RealAndFakeFolders(tmp_path / "pictures")
    model = find_model(f"{tmp_path / 'detectors.py'}:patches", task="forensics")
    right, patches = [], []
    for index in range(len(pictures)):
        pixels = decode(encode(pictures.pixels(index), Compression("jpeg", 10, "4:2:0"))).pixels
        with torch.inference_mode():
            (logits,) = model.task.answer(model.network, Batch.of([model.preparation.normalise(pixels)]))
        assert logits.shape == (12, 14)
        right.append((float(logits.sigmoid().mean()) > 0.5) == (pictures.target(index) == 1))
        patches.append(float(((logits > 0) == (pictures.target(index) == 1)).float().mean()))
    found = values(tmp_path / "out")
    assert found["accuracy", "none", 10] == 100 * np.mean(right)
    assert found["patch_accuracy", "none", 10] == pytest.approx(100 * np.mean(patches))


def test_what_is_resumed_is_compared_with_the_stored_answers_on_the_originals(tmp_path: Path):
    whole = spec(tmp_path, trainings={}, mitigations=["none"])
    run_here(whole, tmp_path / "whole")
    first = spec(tmp_path, trainings={}, mitigations=["none"], compression={"qualities": [50]})
    run_here(first, tmp_path / "grown")
    run_here(whole, tmp_path / "grown")
    assert prediction_files(tmp_path / "grown") == prediction_files(tmp_path / "whole")


def test_a_detector_of_whole_pictures_of_many_sizes_goes_through_a_study(tmp_path: Path):
    models = {"detector": {"from": "detectors.py:whole", "data": "measured", "task": "forensics"}}
    wanted = spec(tmp_path, trainings={}, mitigations=["none"], models=models)
    make_real_and_fake(tmp_path / "pictures", 2, (30, 44))
    run_here(wanted, tmp_path / "out")
    assert {metric for metric, _, _ in values(tmp_path / "out")} == OF_PICTURES


def test_labels_the_other_way_round_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class TurnedRound(RealAndFakeFolders):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self.class_names = ("fake", "real")

    monkeypatch.setattr(workshop, "open_data", lambda spec: TurnedRound(spec.path))
    with pytest.raises(ModelError, match="the data set has 0 fake, 1 real"):
        run_here(spec(tmp_path, trainings={}, mitigations=["none"]), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("name", FORENSICS_NETWORKS)
def test_a_published_detector_goes_through_a_study_file(tmp_path: Path, name: str):
    small: dict[str, Any] = {"crop": None} if name == CNNDETECTION else {"resize": 64, "crop": (64, 64)}
    model = {"from": f"forensics:{name}", "weights": "random", "data": "measured", "preparation": small}
    one_step = {**SHORT, "steps": 1, "augment": "none"}
    trainings = {
        "targeted": {**one_step, "objective": "task_targeted", "start": "start"},
        "tuned": {**one_step, "objective": "supervised_fine_tuning"},
        "distilled": {**one_step, "objective": "self_distilled"},
        "statistics": {**one_step, "objective": "statistics_only"},
    }
    rows = [
        "none",
        {"mitigation": "task_targeted", "corrector": "targeted"},
        {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
        {"mitigation": "self_distilled", "tuned": "distilled"},
        {"mitigation": "statistics_only", "tuned": "statistics"},
    ]
    wanted = spec(
        tmp_path,
        models={"detector": model},
        trainings=trainings,
        mitigations=rows,
        compression={"qualities": [10]},
    )
    run_here(wanted, tmp_path / "out")
    found = values(tmp_path / "out")
    metrics = OF_PICTURES | (OF_PATCHES if name != CNNDETECTION else set())
    assert {metric for metric, _, _ in found} == metrics
    for mitigation in ("none", "task_targeted", "supervised_fine_tuning", "self_distilled", "statistics_only"):
        for metric in metrics:
            value = found[metric, mitigation, 10]
            assert value is not None
            assert np.isfinite(value)
    # A step was taken: the network answers otherwise on the very originals.
    for mitigation in ("supervised_fine_tuning", "self_distilled", "statistics_only"):
        assert (found["distance", mitigation, None] or 0) > 0
