"""Detectors in studies: measured, cured in every way, and compared picture set by picture set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_study import make_pictures, prediction_files, run_here
from small_training import thin_corrector

from jpegproof.correctors.default import corrector_bytes
from jpegproof.data.world_objects import CATEGORIES
from jpegproof.exceptions import ModelError
from jpegproof.studies.engine import Hands
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.verbs.report import report

#: One box a cell of 16 pixels, its class told by the colour there; dense answers, losses and a batch norm.
DETECTOR = """
import torch


class Cells(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.look = torch.nn.Conv2d(3, 4, 16, stride=16)
        self.norm = torch.nn.BatchNorm2d(4)
        self.say = torch.nn.Conv2d(4, 11, 1)

    def dense(self, pictures):
        seen = self.say(torch.tanh(self.norm(self.look(torch.stack(list(pictures))) * 8)))
        return {"logits": seen.flatten(2).transpose(1, 2)}

    def forward(self, pictures, targets=None):
        logits = self.dense(pictures)["logits"]
        if self.training:
            wanted = torch.zeros_like(logits)
            return {"objects": torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)}
        height, width = pictures[0].shape[-2:]
        y, x = torch.meshgrid(torch.arange(height // 16), torch.arange(width // 16), indexing="ij")
        corners = torch.stack([x, y, x + 1, y + 1], -1).reshape(-1, 4) * 16.0
        best = logits[..., 1:].sigmoid().max(-1)
        return [
            {"boxes": corners, "labels": labels + 1, "scores": scores}
            for scores, labels in zip(best.values, best.indices)
        ]


def build(strange=False):
    torch.manual_seed(3)
    network = Cells()
    if strange:
        network.dense = lambda pictures: {"logits": torch.zeros(1, 2, 2)}
    return network
"""
SHORT = {"steps": 2, "batch": 2, "learning_rate": 0.01, "precision": "float32", "data": "training", "model": "cells"}


def content(folder: Path, **changes: Any) -> dict[str, Any]:
    (folder / "cells.py").write_text(DETECTOR)
    corrector = thin_corrector(awake=True)
    (folder / "start.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return {
        "name": "cells",
        "data": {
            "world": {"world": "val", "size": 6, "task": "detection"},
            "training": {"world": "train", "size": 5, "task": "detection"},
        },
        "models": {"cells": {"from": "cells.py:build", "task": "detection", "data": "world"}},
        "correctors": {"start": {"from": "jpegproof", "weights": "start.safetensors"}},
        "trainings": {
            "targeted": {**SHORT, "objective": "task_targeted", "start": "start"},
            "tuned": {**SHORT, "objective": "supervised_fine_tuning"},
            "distilled": {**SHORT, "objective": "self_distilled"},
            "control": {**SHORT, "objective": "control"},
            "statistics": {**SHORT, "objective": "statistics_only"},
        },
        "compression": {"qualities": [5, 50]},
        "mitigations": [
            "none",
            {"mitigation": "off_the_shelf", "corrector": "start"},
            {"mitigation": "gated", "corrector": "start"},
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


def test_every_cure_of_a_detector_is_measured_and_compared(tmp_path: Path):
    run_here(spec(tmp_path), tmp_path / "out")
    results = report(tmp_path / "out")
    assert not results.missing_cells
    found = {(row.mitigation, row.metric, row.quality): row for row in results.results}
    for mitigation in ("none", "task_targeted", "supervised_fine_tuning", "self_distilled", "statistics_only", "gated"):
        for metric in ("mAP", "AP50", "agreement"):
            assert found[mitigation, metric, 5].value is not None
    assert found["none", "agreement", 5].n == 6
    assert ("none", "agreement", None) not in found
    assert {row.task for row in results.results} == {"detection"}
    pairs = {(row.first_mitigation, row.second_mitigation, row.metric) for row in results.comparisons}
    assert ("none", "task_targeted", "mAP") in pairs
    assert ("reference", "none", "mAP") in pairs
    assert ("reference", "none", "agreement") not in pairs
    assert {"agreement", "mAP"} <= {row.metric for row in results.gaps}
    page = results.page.read_text()
    assert "ean average precision" in page
    # What goes wrong, and each class, are told without asking for them.
    assert {row.mitigation for row in results.errors if row.quality == 5} == {row.mitigation for row in results.results}
    assert {(row.first_mitigation, row.second_mitigation) for row in results.error_comparisons} >= {
        ("reference", "none"),
        ("none", "task_targeted"),
    }
    assert "What goes wrong" in page
    assert {row.slice for row in results.classes} <= set(CATEGORIES.values())
    assert "Classes that lose most" in page
    for name in ("classes.csv", "classes_comparisons.csv", "errors.csv", "errors_comparisons.csv"):
        assert (tmp_path / "out" / name).is_file()
    assert {path.name for path in (tmp_path / "out" / "figures").glob("errors-*-q*.png")} == {
        "errors-world-cells-boxes-q5.png"
    }


def test_a_rerun_and_two_processes_change_no_byte(tmp_path: Path):
    rows = ["none", {"mitigation": "task_targeted", "corrector": "targeted"}]
    run_here(spec(tmp_path, mitigations=rows), tmp_path / "one")
    run_study(spec(tmp_path, mitigations=rows), tmp_path / "two", Hands("cpu", workers=2, threads=1), allow_code=True)
    assert prediction_files(tmp_path / "one") == prediction_files(tmp_path / "two")


def test_the_truth_is_stored_once_beside_the_answers_on_the_originals(tmp_path: Path):
    import pyarrow.parquet as pq

    run_here(spec(tmp_path, mitigations=["none"]), tmp_path / "out")
    names = [set(pq.read_schema(path).names) for path in (tmp_path / "out" / "predictions").glob("*/*.parquet")]
    assert sum("true_boxes" in columns for columns in names) == 1
    assert all("boxes" in columns for columns in names)


def test_a_set_of_classes_gives_a_detector_agreement_alone(tmp_path: Path):
    make_pictures(tmp_path / "pictures", height=64, width=64)
    data = {"pictures": {"path": "pictures"}}
    models = {"cells": {"from": "cells.py:build", "task": "detection"}}
    run_here(spec(tmp_path, data=data, models=models, trainings={}, mitigations=["none"]), tmp_path / "out")
    results = report(tmp_path / "out")
    assert {row.metric for row in results.results} == {"agreement"}
    assert results.errors == results.classes == []
    assert not (tmp_path / "out" / "errors.csv").exists()


def test_fine_tuning_a_detector_on_classes_is_refused(tmp_path: Path):
    make_pictures(tmp_path / "pictures", height=64, width=64)
    data = {"world": {"world": "val", "size": 2, "task": "detection"}, "training": {"path": "pictures"}}
    rows = ["none", {"mitigation": "supervised_fine_tuning", "tuned": "tuned"}]
    with pytest.raises(ModelError, match="holds labels of classification"):
        run_here(spec(tmp_path, data=data, mitigations=rows), tmp_path / "out")


def test_a_detector_through_which_nothing_can_be_trained_says_so(tmp_path: Path):
    models = {"cells": {"from": "cells.py:build", "task": "detection", "data": "world", "arguments": {"strange": True}}}
    rows = ["none", {"mitigation": "task_targeted", "corrector": "targeted"}]
    with pytest.raises(ModelError, match="carries no gradient"):
        run_here(spec(tmp_path, models=models, mitigations=rows), tmp_path / "out")


def test_other_boxes_are_another_truth_and_other_cells(tmp_path: Path):
    from jpegproof.data.world_objects import WorldObjects

    objects = WorldObjects("val", 1).target(0)
    assert objects.describe() == WorldObjects("val", 1).target(0).describe()
    assert objects.describe() != objects.mirrored().describe()
