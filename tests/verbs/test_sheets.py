"""The verb `sheets`: what is drawn is what was measured, chosen by rule; one clear message for each mistake."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_study import HERE, make_pictures
from small_training import thin_corrector
from tiny_segmenters import SEGMENTER_FILE

import jpegproof
from jpegproof.analysis.by_picture import columns_of_scores, picture_scores
from jpegproof.analysis.stored import read_cells
from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import DataError, JpegproofError, ModelError, StoreError, UnknownNameError
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.verbs.sheets import Sheets

PICTURES = 5
SHORT = {"steps": 1, "batch": 2, "learning_rate": 0.01, "precision": "float32", "data": "training", "model": "patches"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of a segmenter and, beside it, a classifier that cannot be drawn."""
    root = tmp_path_factory.mktemp("sheets")
    (root / "patches.py").write_text(SEGMENTER_FILE)
    corrector = thin_corrector(awake=True)
    (root / "start.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    content = {
        "name": "patches",
        "data": {
            "world": {"world": "val", "size": PICTURES, "task": "semantic_segmentation"},
            "training": {"world": "train", "size": 4, "task": "semantic_segmentation"},
            "classes": {"world": "val", "size": 2},
        },
        "models": {
            "patches": {"from": "patches.py:build", "data": "world", "task": "semantic_segmentation"},
            "classifier": {"from": "jpegproof:world-mobile", "data": "classes"},
        },
        "correctors": {"start": {"from": "jpegproof", "weights": "start.safetensors"}},
        "trainings": {
            "targeted": {**SHORT, "objective": "task_targeted", "start": "start"},
            "tuned": {**SHORT, "objective": "supervised_fine_tuning"},
        },
        "compression": {"qualities": [5, 50]},
        "mitigations": [
            "none",
            {"mitigation": "off_the_shelf", "corrector": "start"},
            {"mitigation": "task_targeted", "corrector": "targeted", "models": ["patches"]},
            {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
        ],
    }
    run_study(with_absolute_paths(StudySpec.model_validate(content), root), root / "out", HERE, allow_code=True)
    return root / "out"


def draw(folder: Path, **options: Any) -> Sheets:
    return jpegproof.sheets(folder, "patches", allow_code=True, device="cpu", threads=1, **options)


def test_a_sheet_shows_the_scores_of_the_stored_predictions(folder: Path):
    done = draw(folder, quality=5)
    assert len(done.files) == 3
    status = study_status(folder)
    columns = columns_of_scores("semantic_segmentation")
    for edge_number, edge in enumerate(status.plan.edges):
        if edge.model != "patches":
            continue
        for quality, compression in [(None, 0), (5, 1)]:
            if not status.plan.cells_of(edge_number, compression):  # a corrector does nothing to an original
                continue
            stored = read_cells(Store(folder), status.plan.cells_of(edge_number, compression), columns)
            names = stored.column("picture").to_pylist()
            wanted = dict(zip(names, picture_scores("semantic_segmentation", stored).values, strict=True))
            own = [row for row in done.rows if (row.mitigation, row.quality) == (edge.mitigation, quality)]
            assert len(own) == (3 if quality or edge.mitigation == "none" else 0)
            for row in own:
                assert row.value == pytest.approx(wanted[row.picture], abs=1e-9)


def test_pictures_are_those_that_the_rules_name(folder: Path):
    done = draw(folder, quality=5)
    status = study_status(folder)
    columns = columns_of_scores("semantic_segmentation")
    scores = {
        edge.mitigation: picture_scores(
            "semantic_segmentation", read_cells(Store(folder), status.plan.cells_of(number, 1), columns)
        ).values
        for number, edge in enumerate(status.plan.edges)
        if edge.model == "patches"
    }
    gains = scores["task_targeted"] - scores["none"]
    ranked = sorted(range(PICTURES), key=lambda row: (-gains[row], row))
    named = {row.rule: row.picture for row in done.rows}
    expected = dict(zip(("largest_gain", "median", "least_gain"), (ranked[0], ranked[2], ranked[-1]), strict=True))
    assert named == {rule: f"val/{row:06d}" for rule, row in expected.items()}
    assert {row.rule: row.gain for row in done.rows}["median"] == pytest.approx(gains[ranked[2]])


def test_a_named_picture_is_drawn_with_the_cures_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]):
    asked = ["--model", "patches", "--quality", "50", "--cure", "supervised_fine_tuning", "--picture", "val/000003"]
    assert main(["sheets", str(folder), "--allow-code", "--threads", "1", *asked]) == 0
    said = capsys.readouterr().out
    assert "val/000003 (named)" in said
    with (folder / "sheets" / "sheets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["mitigation"] for row in rows] == ["none", "supervised_fine_tuning", "none"]
    assert [row["quality"] for row in rows] == ["50", "50", ""]
    with Image.open(folder / "sheets" / rows[0]["sheet"]) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    assert (pixels != 255).mean() > 0.3, "an empty sheet"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"quality": 40}, UnknownNameError, "quality 40 is not in the study; it has 5, 50"),
        ({"cures": ["task_targetted"]}, UnknownNameError, "'task_targetted' is not among those of patches"),
        ({"pictures": ["val/000009"]}, UnknownNameError, "'val/000009' is not among those of world"),
        ({"count": 0}, DataError, "use 1 or more"),
    ],
)
def test_a_mistake_is_said(folder: Path, options, error, said):
    with pytest.raises(error, match=said):
        draw(folder, **options)


def test_a_model_that_is_not_there_or_cannot_be_drawn_is_said(folder: Path):
    with pytest.raises(UnknownNameError, match=r"model 'patch' is not in the study\. Did you mean 'patches'"):
        jpegproof.sheets(folder, "patch")
    with pytest.raises(DataError, match="classification are not scored"):
        jpegproof.sheets(folder, "classifier")


def test_code_of_the_study_runs_only_when_it_is_allowed(folder: Path):
    with pytest.raises(ModelError, match="--allow-code"):
        jpegproof.sheets(folder, "patches")


def test_a_folder_without_a_study_or_with_an_unfinished_one_is_said(folder: Path, tmp_path: Path):
    with pytest.raises(StoreError, match="holds no study"):
        jpegproof.sheets(tmp_path)
    for name in ("plan.json", "study.yaml"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(StoreError, match="'targeted' is not done"):
        draw(tmp_path)
    with pytest.raises(StoreError, match="are not finished; run the study again, or name the pictures"):
        draw(tmp_path, cures=["off_the_shelf"])
    done = draw(tmp_path, cures=["off_the_shelf"], pictures=["val/000001"])
    assert len(done.files) == 1


def test_one_picture_that_cannot_be_used_is_said_by_name(tmp_path: Path):
    make_pictures(tmp_path / "pictures", count=3)
    (tmp_path / "patches.py").write_text(SEGMENTER_FILE)
    content = {
        "name": "broken",
        "data": {"pictures": {"path": "pictures", "layout": "folder"}},
        "models": {"patches": {"from": "patches.py:build", "data": "pictures", "task": "semantic_segmentation"}},
        "compression": {"qualities": [5]},
        "mitigations": ["none"],
    }
    (tmp_path / "pictures" / "class0" / "broken.png").write_bytes(b"no picture")
    spec = with_absolute_paths(StudySpec.model_validate(content), tmp_path)
    run_study(spec, tmp_path / "out", HERE, allow_code=True)
    with pytest.raises(DataError, match=r"class0/broken\.png: cannot be shown"):
        draw(tmp_path / "out", pictures=["class0/broken.png"])
    with pytest.raises(DataError, match="no cure by whose gains"):
        draw(tmp_path / "out")
    done = draw(tmp_path / "out", pictures=["class0/000.png"])
    assert [row.metric for row in done.rows] == ["agreement", "agreement"]
    assert done.rows[-1].value == 100.0


def test_a_study_of_several_models_asks_for_a_name(folder: Path, tmp_path: Path):
    assert jpegproof.sheets(folder, allow_code=True, threads=1).rows[0].model == "patches"  # the only one to draw
    with pytest.raises(JpegproofError):
        jpegproof.sheets(tmp_path / "nowhere")
