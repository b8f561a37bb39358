"""Torchvision's detectors through a study file: built, trained a step both ways, measured.

The paper's four, which are Detectron2's: test_paper_studies.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from coco_dictionaries import coco_data_set
from PIL import Image
from small_study import HERE
from small_training import thin_corrector

from jpegproof.analysis.results import study_numbers
from jpegproof.analysis.tide.study import tellable_errors
from jpegproof.correctors.default import corrector_bytes
from jpegproof.data.world_objects import WorldObjects
from jpegproof.studies.run import run_study
from jpegproof.studies.status import Status, study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import load_study

#: torchvision's heads know these ids, whatever the data set; the world's are the first ten of them.
COCO_IDS = range(1, 91)
ONE_STEP = {"steps": 1, "batch": 1, "learning_rate": 1e-4, "augment": "none", "precision": "float32"}

#: At torchvision's own size a picture would take seconds.
OWN = """
import torchvision


def mask_rcnn():
    return torchvision.models.detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=11, min_size=64, max_size=96
    )


def retinanet():
    return torchvision.models.detection.retinanet_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=11, min_size=64, max_size=96
    )
"""
MODELS: Mapping[str, dict[str, Any]] = {
    "mobilenet": {"from": "torchvision:fasterrcnn_mobilenet_v3_large_320_fpn", "weights": "random"},
    "own_mask_rcnn": {"from": "own.py:mask_rcnn", "task": "instance_segmentation"},
    "own_retinanet": {"from": "own.py:retinanet", "task": "detection"},
}


def coco_folder(folder: Path, split: str) -> Path:
    """Two generated pictures in COCO's layout, with boxes and masks."""
    world = WorldObjects(split, 2)
    (folder / "images").mkdir(parents=True)
    for number in range(2):
        Image.fromarray(np.asarray(world.pixels(number))).save(folder / "images" / f"{number:06d}.png")
    truths = [world.target(number) for number in range(2)]
    (folder / "instances.json").write_text(json.dumps(coco_data_set(truths, COCO_IDS)))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """What a study file needs beside it; taken away afterwards, since fine-tuned networks are large."""
    coco_folder(tmp_path / "measured", "val")
    coco_folder(tmp_path / "training", "train")
    (tmp_path / "own.py").write_text(OWN)
    corrector = thin_corrector(awake=True)
    start = corrector_bytes(corrector.network.state_dict(), corrector.network)
    (tmp_path / "start.safetensors").write_bytes(start)
    yield tmp_path
    shutil.rmtree(tmp_path)


def studied(folder: Path, model: dict[str, Any]) -> Status:
    """Runs the study file of a model."""
    training = {**ONE_STEP, "data": "training", "model": "detector"}
    content = {
        "name": "published",
        "data": {"measured": {"path": "measured"}, "training": {"path": "training"}},
        "models": {"detector": {"data": "measured", **model}},
        "correctors": {"start": {"from": "jpegproof", "weights": "start.safetensors"}},
        "trainings": {
            "targeted": {**training, "objective": "task_targeted", "start": "start"},
            "tuned": {**training, "objective": "supervised_fine_tuning"},
        },
        "compression": {"qualities": [10]},
        "mitigations": [
            "none",
            {"mitigation": "task_targeted", "corrector": "targeted"},
            {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
        ],
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    run_study(load_study(folder / "study.yaml"), folder / "out", HERE, allow_code=True)
    return study_status(folder / "out")


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_published_detector_is_trained_both_ways_and_measured_through_a_study_file(name: str, folder: Path):
    status = studied(folder, MODELS[name])
    assert status.done == status.total
    store = Store(folder / "out")
    numbers = study_numbers(status.plan, store, status.finished)
    assert not numbers.skips
    found = {(row.mitigation, row.quality, row.metric): row for row in numbers.results}
    metrics = ["mAP", "mask_mAP"] if name.endswith("mask_rcnn") else ["mAP"]
    for metric in metrics:
        for mitigation in ("none", "task_targeted", "supervised_fine_tuning"):
            assert found[mitigation, 10, metric].value is not None
            assert found[mitigation, 10, metric].n == 2
    assert {row.metric for row in numbers.classes} == set(metrics)
    errors = tellable_errors(status.plan, store, status.finished, resamples=0)
    assert {row.kind for row in errors.rows} == ({"boxes", "masks"} if len(metrics) == 2 else {"boxes"})
    for artifact in (folder / "out" / "artifacts").glob("*.json"):
        ((_, loss),) = json.loads(artifact.read_text())["losses"]
        assert np.isfinite(loss)
        assert loss > 0
    assert len(list((folder / "out" / "artifacts").glob("*.safetensors"))) == 2
