"""Segmenters of torchvision and smp, and several scales, through a study file: built, trained both ways, measured.

The paper's seven: test_paper_studies.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from small_study import HERE
from small_training import thin_corrector

from jpegproof.analysis.results import study_numbers
from jpegproof.correctors.default import corrector_bytes
from jpegproof.studies.run import run_study
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import load_study

pytestmark = pytest.mark.slow

ONE_STEP = {"steps": 1, "batch": 2, "learning_rate": 1e-2, "augment": "none", "precision": "float32"}
ELEVEN = {"classes": 11}
MODELS: dict[str, dict[str, Any]] = {
    "several-scales": {
        "from": "ade20k:mobilenetv2dilated-c1_deepsup",
        "arguments": {**ELEVEN, "multi_scale": [48, 64]},
    },
    "lraspp": {"from": "torchvision:lraspp_mobilenet_v3_large", "arguments": ELEVEN},
    "unet": {"from": "smp:Unet", "arguments": {**ELEVEN, "encoder_name": "resnet18"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Taken away afterwards, since fine-tuned networks are large."""
    corrector = thin_corrector(awake=True)
    (tmp_path / "start.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("name", MODELS)
def test_a_published_segmenter_goes_through_a_study_file(folder: Path, name: str):
    training = {**ONE_STEP, "data": "training", "model": "segmenter"}
    content = {
        "name": "published",
        "data": {
            "measured": {"world": "val", "size": 2, "task": "semantic_segmentation"},
            "training": {"world": "train", "size": 2, "task": "semantic_segmentation"},
        },
        "models": {"segmenter": {"data": "measured", "weights": "random", **MODELS[name]}},
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
    out = folder / "out"
    run_study(load_study(folder / "study.yaml"), out, HERE)
    status = study_status(out)
    assert status.done == status.total
    results = study_numbers(status.plan, Store(out), status.finished).results
    values = {(row.metric, row.mitigation, row.quality): row.value for row in results}
    for mitigation, quality in [("none", None), ("none", 10), ("task_targeted", 10), ("supervised_fine_tuning", 10)]:
        for metric in ("mIoU", "pixel_accuracy"):
            value = values[metric, mitigation, quality]
            assert value is not None
            assert np.isfinite(value)
            assert 0 <= value <= 100
    # A step was taken: the fine-tuned network answers otherwise on the very originals.
    assert (values["pixel_agreement", "supervised_fine_tuning", None] or 0) < 100
