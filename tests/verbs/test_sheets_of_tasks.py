"""The verb `sheets` for every task: what it shows is what the study has stored."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_study import HERE, make_pictures
from small_training import thin_corrector

import jpegproof
from jpegproof.analysis.by_picture import columns_of_scores, picture_scores, reference_columns_of_scores
from jpegproof.analysis.stored import read_cells
from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import DataError, StoreError, UnknownNameError
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.verbs.sheets import Sheets

pytestmark = pytest.mark.slow

MODELS = {
    "world-mobile": "pictures",
    "world-detector": "objects",
    "world-segmenter": "objects",
    "world-semantic-segmenter": "maps",
    "world-fake-detector": "pairs",
    "world-patch-fake-detector": "pairs",
}
METRICS = {
    "world-mobile": "true_label_log_probability",
    "world-detector": "F1",
    "world-segmenter": "mask_F1",
    "world-semantic-segmenter": "mIoU",
    "world-fake-detector": "truth_score",
    "world-patch-fake-detector": "truth_score",
}
UNLABELLED = {
    "world-mobile": "distance",
    "world-detector": "F1_agreement",
    "world-segmenter": "mask_F1_agreement",
    "world-semantic-segmenter": "agreement",
    "world-patch-fake-detector": "score_agreement",
}


def ran(root: Path, **content: Any) -> Path:
    corrector = thin_corrector(awake=True)
    (root / "thin.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    whole = {
        "name": "small",
        "correctors": {"thin": {"from": "jpegproof", "weights": "thin.safetensors"}},
        "compression": {"qualities": [10, 60]},
        "mitigations": ["none", {"mitigation": "off_the_shelf", "corrector": "thin"}],
        **content,
    }
    run_study(with_absolute_paths(StudySpec.model_validate(whole), root), root / "out", HERE)
    return root / "out"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of a model of each kind, on single saves and along a chain."""
    tasks = {"objects": "detection", "maps": "semantic_segmentation", "pairs": "forensics"}
    data: dict[str, Any] = {name: {"world": "val", "size": 4, "task": task} for name, task in tasks.items()}
    return ran(
        tmp_path_factory.mktemp("tasks"),
        data={"pictures": {"world": "val", "size": 4}, **data},
        models={name: {"from": f"jpegproof:{name}", "data": data} for name, data in MODELS.items()},
        compression={"qualities": [10, 60], "chains": {"post": [{"save": 90}, {"save": 20}]}},
    )


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of the same models on pictures of which nothing is known."""
    root = tmp_path_factory.mktemp("unlabelled")
    make_pictures(root / "pictures", count=4, height=96, width=96)
    return ran(
        root,
        data={"pictures": {"path": "pictures", "layout": "folder"}},
        models={name: {"from": f"jpegproof:{name}"} for name in UNLABELLED},
    )


def draw(folder: Path, model: str | None = None, **options: Any) -> Sheets:
    return jpegproof.sheets(folder, model, device="cpu", threads=1, **options)


def stored_scores(folder: Path, model: str, compression: int, mitigation: str, confidence: float) -> tuple[str, Any]:
    """The metric, and each picture's score by its name, from the prediction files."""
    status = study_status(folder)
    plan, store, task = status.plan, Store(folder), status.plan.tasks[model]
    first = plan.reference_edge(model)
    (edge,) = (n for n, one in enumerate(plan.edges) if (one.model, one.mitigation) == (model, mitigation))
    answers = read_cells(store, plan.cells_of(edge, compression), columns_of_scores(task))
    reference = read_cells(store, plan.cells_of(first, 0), reference_columns_of_scores(task))
    scores = picture_scores(task, answers, reference, confidence)
    return scores.metric, dict(zip(answers.column("picture").to_pylist(), scores.values, strict=True))


def held_to_what_is_stored(
    folder: Path, done: Sheets, model: str, metric: str, compression: int, confidence: float = 0.5
) -> None:
    for mitigation in ("none", "off_the_shelf"):
        found, wanted = stored_scores(folder, model, compression, mitigation, confidence)
        along = [row for row in done.rows if row.mitigation == mitigation and row.quality is not None]
        assert found == metric
        assert along
        for row in along:
            assert row.metric == metric
            assert row.value == pytest.approx(wanted[row.picture], abs=1e-4)
    _, wanted = stored_scores(folder, model, 0, "none", confidence)
    for row in done.rows:
        if row.quality is None and row.mitigation == "none":
            assert row.value == pytest.approx(wanted[row.picture], abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_a_sheet_shows_the_scores_of_the_stored_predictions_of_the_pictures_that_the_rules_name(
    folder: Path, model: str
):
    done = draw(folder, model)
    assert len(done.files) == 3
    held_to_what_is_stored(folder, done, model, METRICS[model], 1)
    assert all(row.answer for row in done.rows)
    _, without = stored_scores(folder, model, 1, "none", 0.5)
    _, cured = stored_scores(folder, model, 1, "off_the_shelf", 0.5)
    gains = {name: cured[name] - without[name] for name in cured}
    ranked = sorted(gains, key=lambda name: -gains[name])  # of equal ones the earlier first
    said = {row.rule: (row.picture, row.gain) for row in done.rows}
    assert said["largest_gain"] == (ranked[0], pytest.approx(gains[ranked[0]], abs=1e-4))
    assert said["median"] == (ranked[1], pytest.approx(gains[ranked[1]], abs=1e-4))
    assert said["least_gain"] == (ranked[-1], pytest.approx(gains[ranked[-1]], abs=1e-4))


@pytest.mark.parametrize("model", UNLABELLED)
def test_without_labels_pictures_are_compared_with_the_answer_on_the_original(unlabelled: Path, model: str):
    done = draw(unlabelled, model)
    held_to_what_is_stored(unlabelled, done, model, UNLABELLED[model], 1)
    assert not [row for row in done.rows if row.mitigation == "truth"]
    (best,) = {row.value for row in done.rows if row.quality is None}
    assert best == (0 if model == "world-mobile" else 100)


@pytest.mark.parametrize("model", MODELS)
def test_every_column_has_a_picture_of_its_own_of_one_size(folder: Path, model: str):
    done = draw(folder, model, pictures=["val/000001-fake" if "fake" in model else "val/000001"])
    rows = done.rows
    assert [row.mitigation for row in rows] == ["none", "off_the_shelf", "none", "truth"]
    paths = [done.folder / row.file for row in rows]
    assert len(set(paths)) == 4
    opened = [Image.open(path) for path in paths]
    (size,) = {picture.size for picture in opened}
    assert 240 < max(size) <= 480
    assert sum(path.stat().st_size for path in paths) < 300_000
    jpeg, original = (np.asarray(opened[place].convert("RGB")).astype(int) for place in (0, 2))
    assert abs(jpeg - original).mean() > 1
    with (done.folder / "sheets.csv").open(encoding="utf-8") as file:
        listed = {row["file"] for row in csv.DictReader(file) if row["rule"] == "named" and row["model"] == model}
    assert listed == {row.file for row in rows}


def test_boxes_of_another_score_are_drawn_and_counted_when_asked_for(folder: Path):
    done = draw(folder, "world-detector", confidence=0.05)
    held_to_what_is_stored(folder, done, "world-detector", "F1", 1, 0.05)
    assert max(row.value or 0 for row in done.rows) < 60, "at 0.05 most boxes are wrong"


def test_a_save_of_a_chain_is_drawn_by_its_name(folder: Path):
    done = draw(folder, "world-detector", compression="post, save 2")
    held_to_what_is_stored(folder, done, "world-detector", "F1", 4)
    assert {(row.chain, row.quality) for row in done.rows} == {("post, save 2", 20), ("", None)}
    assert done.files[0].name == "world-detector-post-save-2-largest-gain-1.png"
    assert draw(folder, "world-detector", compression="quality 60").rows[0].quality == 60
    with pytest.raises(UnknownNameError, match=r"Did you mean 'post, save 2'\?.*quality 10; quality 60; post, save 1"):
        draw(folder, "world-detector", compression="post, save 3")


def test_every_model_is_drawn_at_once(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["sheets", str(folder), "--all", "--threads", "1"]) == 0
    said = capsys.readouterr().out
    with (folder / "sheets" / "sheets.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["rule"] != "named" and row["quality"] in ("10", "")]
    assert {row["model"] for row in rows} == set(MODELS)
    for model in MODELS:
        assert f"{model}-q10-median-1.png" in said
    assert "truth_score: none " in said


def test_models_without_a_cure_are_left_out_of_all_and_said_where_none_has_one(tmp_path: Path):
    data = {"pictures": {"world": "val", "size": 3}}
    models = {"one": {"from": "jpegproof:world-mobile"}, "two": {"from": "jpegproof:world-mobile"}}
    cured = {"mitigation": "off_the_shelf", "corrector": "thin", "models": ["two"]}
    out = ran(tmp_path, data=data, models=models, mitigations=["none", cured])
    assert {row.model for row in draw(out, every_model=True).rows} == {"two"}
    with pytest.raises(DataError, match="no cure of one by whose gains"):
        draw(out, "one")
    with pytest.raises(DataError, match="no cure of one by whose gains"):
        draw(out, every_model=True, cures=[])
    with pytest.raises(UnknownNameError, match="'gated' is not among those of the study"):
        draw(out, every_model=True, cures=["gated"])


def test_own_tables_are_drawn_though_they_have_no_quality(tmp_path: Path):
    out = ran(
        tmp_path,
        data={"pictures": {"world": "val", "size": 3}},
        models={"one": {"from": "jpegproof:world-mobile"}},
        compression={"tables": [[40] * 64]},
    )
    done = draw(out)
    assert "own-tables" in done.files[0].name
    (near,) = {row.quality for row in done.rows} - {None}
    assert f"near quality {near}" in Compression(tables=((40,) * 64,)).label
    with pytest.raises(UnknownNameError, match="it has none, and as --compression: own tables"):
        draw(out, quality=10)


def test_names_are_harmless_however_often_the_table_is_written_and_orphans_are_removed(tmp_path: Path):
    make_pictures(tmp_path / "pictures" / "x", count=3, height=96, width=96)
    (tmp_path / "pictures" / "x" / "class0" / "000.png").rename(tmp_path / "pictures" / "=<script> $\\frac$.png")
    out = ran(
        tmp_path,
        data={"pictures": {"path": "pictures", "layout": "folder"}},
        models={"one": {"from": "jpegproof:world-mobile"}},
    )
    name = "=<script> $\\frac$.png"
    before = draw(out, pictures=[name])
    draw(out, quality=60)
    draw(out)
    with (out / "sheets" / "sheets.csv").open(encoding="utf-8") as file:
        names = {row["picture"] for row in csv.DictReader(file) if row["rule"] == "named"}
    assert names == {"'" + name}
    kept = {row.file for row in draw(out, pictures=[name], cures=["none"]).rows}
    gone = {row.file for row in before.rows} - kept
    assert gone
    assert not any((out / "sheets" / file).exists() for file in gone)
    assert all((out / "sheets" / file).exists() for file in kept)


def test_a_table_that_somebody_edited_removes_nothing_outside(unlabelled: Path):
    done = draw(unlabelled, "world-mobile", pictures=["class0/000.png"])
    table = done.folder / "sheets.csv"
    outside = unlabelled / "precious.webp"
    outside.write_bytes(b"mine")
    table.write_text(table.read_text().replace(done.rows[0].file, "../precious.webp"))
    draw(unlabelled, "world-mobile", pictures=["class0/000.png"])
    assert outside.read_bytes() == b"mine"


def test_predictions_of_the_originals_that_are_missing_are_said(folder: Path, tmp_path: Path):
    status = study_status(folder)
    plan = status.plan
    for name in ("plan.json", "study.yaml"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    store = Store(tmp_path)
    store.begin()
    edges = [number for number, edge in enumerate(plan.edges) if edge.model == "world-detector"]
    for cell in (cell for edge in edges for cell in plan.cells_of(edge, 1)):
        store.put_once(cell.name, Store(folder).get(cell.name))
    with pytest.raises(StoreError, match="along the originals are not finished"):
        draw(tmp_path, "world-detector")
