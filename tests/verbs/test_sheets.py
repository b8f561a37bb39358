"""The verb `sheets`: what is drawn is what was measured, chosen by rule; one clear message for each mistake."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
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
from jpegproof.exceptions import DataError, ModelError, StoreError, UnknownNameError
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.verbs.sheets import Sheets

PICTURES = 5
#: Of the originals: maps are counted against them when they are stored.
NOTHING = pa.table({})
SHORT = {"steps": 1, "batch": 2, "learning_rate": 0.01, "precision": "float32", "data": "training", "model": "patches"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of a segmenter and, beside it, a classifier."""
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


def test_pictures_are_those_that_the_rules_name(folder: Path):
    done = draw(folder, quality=5)
    status = study_status(folder)
    columns = columns_of_scores("semantic_segmentation")
    scores = {
        edge.mitigation: picture_scores(
            "semantic_segmentation", read_cells(Store(folder), status.plan.cells_of(number, 1), columns), NOTHING
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
        rows = [row for row in csv.DictReader(file) if row["rule"] == "named"]
    assert [row["mitigation"] for row in rows] == ["none", "supervised_fine_tuning", "none", "truth"]
    assert [row["quality"] for row in rows] == ["50", "50", "", ""]
    with Image.open(folder / "sheets" / rows[0]["sheet"]) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    assert (pixels != 255).mean() > 0.3, "an empty sheet"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"quality": 40}, UnknownNameError, "quality 40 is not among the single saves of the study; it has 5, 50"),
        ({"cures": ["task_targetted"]}, UnknownNameError, "'task_targetted' is not among those of patches"),
        ({"pictures": ["val/000009"]}, UnknownNameError, "'val/000009' is not among those of world"),
        ({"count": 0}, DataError, "use 1 or more"),
        ({"confidence": 1.5}, DataError, "use a number from 0 to 1"),
        ({"confidence": float("nan")}, DataError, "use a number from 0 to 1"),
        ({"compression": "quality 40"}, UnknownNameError, "'quality 40' is not among those of the study.*quality 50"),
        ({"compression": "quality 5", "quality": 5}, UnknownNameError, "not both"),
        ({"every_model": True}, UnknownNameError, "name a model .patches. or draw all"),
    ],
)
def test_a_mistake_is_said(folder: Path, options, error, said):
    with pytest.raises(error, match=said):
        draw(folder, **options)


def test_a_model_that_is_not_there_is_said(folder: Path):
    with pytest.raises(UnknownNameError, match=r"model 'patch' is not in the study\. Did you mean 'patches'"):
        jpegproof.sheets(folder, "patch")
    with pytest.raises(
        UnknownNameError, match=r"has 2 models; name one of them, or draw all \(--all\): patches, class"
    ):
        jpegproof.sheets(folder)


def test_code_of_the_study_runs_only_when_it_is_allowed(folder: Path):
    with pytest.raises(ModelError, match="--allow-code"):
        jpegproof.sheets(folder, "patches")


def test_earlier_sheets_keep_their_rows_and_a_sheet_drawn_anew_has_new_ones(folder: Path):
    draw(folder, quality=5)
    draw(folder, quality=50, pictures=["val/000001"])
    draw(folder, quality=5, cures=["off_the_shelf", "none", "off_the_shelf"])
    with (folder / "sheets" / "sheets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["quality"] for row in rows if row["rule"] == "named"} == {"50", ""}
    shown = [row for row in rows if row["rule"] == "median"]
    assert [row["mitigation"] for row in shown] == ["none", "off_the_shelf", "none", "truth"]
    assert {row["sheet"] for row in rows} == {path.name for path in (folder / "sheets").glob("*.png")}


def test_more_pictures_than_there_are_thirds_are_shared_out(folder: Path):
    rules = [row.rule for row in draw(folder, quality=5, count=100).rows if row.mitigation == "truth"]
    assert rules == ["largest_gain", "median", "least_gain"]


def test_pictures_that_have_changed_since_the_study_are_not_drawn(tmp_path: Path):
    make_pictures(tmp_path / "pictures", count=3)
    (tmp_path / "patches.py").write_text(SEGMENTER_FILE)
    content = {
        "name": "changing",
        "data": {"pictures": {"path": "pictures", "layout": "folder"}},
        "models": {"patches": {"from": "patches.py:build", "data": "pictures", "task": "semantic_segmentation"}},
        "compression": {"qualities": [5]},
        "mitigations": ["none"],
    }
    spec = with_absolute_paths(StudySpec.model_validate(content), tmp_path)
    run_study(spec, tmp_path / "out", HERE, allow_code=True)
    Image.new("RGB", (60, 50)).save(tmp_path / "pictures" / "class0" / "000.png")
    with pytest.raises(StoreError, match="have changed since the study was run"):
        draw(tmp_path / "out", pictures=["class1/001.png"])


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
    with pytest.raises(DataError, match="no cure of patches by whose gains"):
        draw(tmp_path / "out")
    done = draw(tmp_path / "out", pictures=["class0/000.png"])
    assert [row.metric for row in done.rows] == ["agreement", "agreement"]
    assert done.rows[-1].value == 100.0
