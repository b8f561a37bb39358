"""The verb ``demo``: the main job on the embedded world, from the damage to every cure, in minutes and offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jpegproof.exceptions import JpegproofError
from jpegproof.studies.engine import find_hands
from jpegproof.studies.result_store import folder_to_write
from jpegproof.studies.run import Progress
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.verbs.mended_report import run_and_report
from jpegproof.verbs.report import Report

MODEL = "world-classifier"

#: Numbers that fit five minutes on two cores.
TEST_PICTURES = 1000
TRAINING_PICTURES = 4000
QUALITIES = (10, 30, 50, 90)


def demo(
    out: str | Path = "demo",
    *,
    pictures: int = TEST_PICTURES,
    device: str = "auto",
    workers: int | None = 1,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measures what JPEG costs a small classifier on generated pictures, trains every cure, and reports on all.

    A task-targeted corrector is trained live and without labels, the model distils itself, is fine-tuned, and is
    trained on for as long without any JPEG (the control). Same seed, same numbers.

    Args:
        out: the results folder; what is finished there is not done again.
        pictures: generated test pictures.
        device, workers, threads, progress: as in `study`.

    Raises:
        JpegproofError: the folder or the device cannot be used.
    """
    if pictures < 1:
        raise JpegproofError(f"{pictures} pictures cannot be measured; use 1 or more")
    spec = with_absolute_paths(StudySpec.model_validate(demo_study(pictures)), Path.cwd())
    folder = folder_to_write(out, "demo")
    return run_and_report(spec, folder, find_hands(device, workers, threads), progress=progress)


def demo_study(pictures: int) -> dict[str, Any]:
    """The demo as a study file would say it."""
    of_model = {"data": "training", "model": MODEL, "batch": 64, "learning_rate": 1e-3, "qualities": "8:60"}
    return {
        "name": "demo",
        "data": {
            "world": {"world": "test", "size": pictures},
            "training": {"world": "train", "size": TRAINING_PICTURES},
        },
        "models": {MODEL: {"from": f"jpegproof:{MODEL}", "data": "world"}},
        "correctors": {"block-restorer": {"from": "jpegproof"}},
        "trainings": {
            # Small, first for pixels: what two cores can train in two minutes. Nearly all damage is at low quality.
            "restored": {
                "objective": "restore_pixels",
                "data": "training",
                "width": 64,
                "depth": 4,
                "steps": 120,
                "batch": 32,
                "learning_rate": 2e-3,
                "qualities": "8:60",
            },
            "targeted": {
                "objective": "task_targeted",
                "start": "restored",
                "data": "training",
                "model": MODEL,
                "steps": 350,
                "batch": 32,
                "learning_rate": 6e-4,
                "qualities": "8:60",
            },
            "distilled": {**of_model, "objective": "self_distilled", "steps": 200},
            "fine-tuned": {**of_model, "objective": "supervised_fine_tuning", "steps": 200},
            "control": {**of_model, "objective": "control", "steps": 200},
            "statistics": {**of_model, "objective": "statistics_only", "steps": 40},
            "both": {**of_model, "objective": "self_distilled", "corrector": "targeted", "steps": 80},
        },
        "compression": {"qualities": list(QUALITIES)},
        "mitigations": [
            "none",
            {"mitigation": "control", "tuned": "control"},
            {"mitigation": "statistics_only", "tuned": "statistics"},
            {"mitigation": "supervised_fine_tuning", "tuned": "fine-tuned"},
            {"mitigation": "self_distilled", "tuned": "distilled"},
            {"mitigation": "off_the_shelf", "corrector": "block-restorer"},
            {"mitigation": "task_targeted", "corrector": "targeted"},
            {"mitigation": "both", "corrector": "targeted", "tuned": "both"},
        ],
    }
