"""The verb `explain`: sheets and numbers of what a model looks at; one clear message for each mistake."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_study import HERE, MODEL_FILE, make_pictures
from small_training import thin_corrector
from tiny_segmenters import SEGMENTER_FILE

import jpegproof
from jpegproof.analysis.explanations.measures import MEASURES, compare_gradients, compare_maps
from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import DataError, JpegproofError, ModelError, StoreError, UnknownNameError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.probes.explanations.grad_cam import explain_score
from jpegproof.probes.explanations.subject import find_subject
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import load_study, with_absolute_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.batch import Batch
from jpegproof.verbs.explain import Explanations

SHORT = {"steps": 1, "batch": 2, "learning_rate": 0.01, "precision": "float32", "data": "own", "model": "tiny"}

MODELS_FILE = """
import sys

import torch
from jpegproof import wrap

sys.path.insert(0, SUPPORT)
from tiny_detectors import tiny_retinanet


class Sum(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.say = torch.nn.Linear(3, 3)

    def forward(self, pictures):
        return self.say(pictures.mean((2, 3)))


def flat():
    torch.manual_seed(0)
    return wrap(Sum())


def finder():
    return wrap(tiny_retinanet(), task="detection")


class Whole(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.look = torch.nn.Conv2d(3, 1, 3)

    def forward(self, pictures):
        return self.look(pictures).mean((2, 3))


def fakes():
    torch.manual_seed(0)
    return wrap(Whole(), task="forensics")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of a classifier with every cure of the paper, and of models of the other tasks."""
    root = tmp_path_factory.mktemp("explain")
    make_pictures(root / "pictures")
    make_pictures(root / "own", count=7, height=40)
    (root / "pictures" / "class1" / "broken.png").write_bytes(b"no picture")
    (root / "tiny.py").write_text(MODEL_FILE)
    (root / "patches.py").write_text(SEGMENTER_FILE)
    support = str(Path(__file__).parents[1] / "support")
    (root / "others.py").write_text(MODELS_FILE.replace("SUPPORT", repr(support)))
    corrector = thin_corrector(awake=True)
    (root / "start.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    content = {
        "name": "explained",
        "seed": 3,
        "data": {
            "pictures": {"path": "pictures"},
            "maps": {"world": "val", "size": 4, "task": "semantic_segmentation"},
            "plain": {"path": "pictures", "layout": "folder"},
            "own": {"path": "own"},
        },
        "models": {
            "tiny": {"from": "tiny.py:build", "data": "pictures"},
            "patches": {"from": "patches.py:build", "data": "maps", "task": "semantic_segmentation"},
            "finder": {"from": "others.py:finder", "data": "plain", "task": "detection"},
            "flat": {"from": "others.py:flat", "data": "pictures"},
            "fakes": {"from": "others.py:fakes", "data": "plain", "task": "forensics"},
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
            {"mitigation": "task_targeted", "corrector": "targeted", "models": ["tiny"]},
            {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
        ],
    }
    run_study(with_absolute_paths(StudySpec.model_validate(content), root), root / "out", HERE, allow_code=True)
    return root / "out"


def explain(folder: Path, model: str = "tiny", **options: Any) -> Explanations:
    return jpegproof.explain(folder, model, allow_code=True, device="cpu", threads=1, **options)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_numbers_are_those_of_networks_asked_by_hand(folder: Path):
    done = explain(folder, count=0, qualities=[5])
    spec = load_study(folder / "study.yaml")
    workshop = Workshop(spec, allow_code=True)
    model, held = workshop.model("tiny"), workshop.pictures("pictures")
    values = []
    for number in range(len(held)):
        if "broken" in held.name(number):
            continue
        original = held.pixels(number)
        clean, jpeg = (
            Batch.of([model.preparation.normalise(model.preparation.frame(pixels)[0])])
            for pixels in (original, decode(encode(original, Compression(quality=5))).pixels)
        )
        subject = find_subject(model, clean, None, None)
        assert done.layer == "features"
        one, other = (explain_score(model.network, batch, subject.score, "features") for batch in (jpeg, clean))
        values.append({**compare_maps(one.cam, other.cam), **compare_gradients(one.gradient, other.gradient)})
    for measure in MEASURES:
        (row,) = [row for row in done.rows if (row.mitigation, row.measure, row.quality) == ("none", measure, 5)]
        counted = [value[measure] for value in values if np.isfinite(value[measure])]
        assert row.n == len(counted) > 0
        assert row.n_skipped == 7 - row.n  # the broken picture among them
        assert row.value == pytest.approx(np.mean(counted), rel=1e-5)


def test_every_edge_and_quality_has_its_rows_and_cured_networks_the_originals_too(folder: Path):
    done = explain(folder, count=0)
    told = {(row.mitigation, row.quality) for row in done.rows}
    cures = ("none", "off_the_shelf", "task_targeted", "supervised_fine_tuning")
    assert told == {(cure, quality) for cure in cures for quality in (5, 50)} | {("supervised_fine_tuning", None)}
    assert len(done.rows) == len(told) * len(MEASURES)
    assert {(row.mitigation, row.quality) for row in done.comparisons} == {
        (cure, quality) for cure in cures[1:] for quality in (5, 50)
    }
    for row in done.comparisons:
        (cured,) = [
            other
            for other in done.rows
            if (other.mitigation, other.quality, other.measure) == (row.mitigation, row.quality, row.measure)
        ]
        (none,) = [
            other
            for other in done.rows
            if (other.mitigation, other.quality, other.measure) == ("none", row.quality, row.measure)
        ]
        if cured.n == none.n == row.n:
            assert row.difference is not None
            assert row.difference == pytest.approx((cured.value or 0) - (none.value or 0), abs=1e-6)
    assert [row["measure"] for row in rows_of(folder / "explanations.csv")] == [row.measure for row in done.rows]
    assert len(rows_of(folder / "explanations_comparisons.csv")) == len(done.comparisons)
    assert [(one.name, one.quality) for one in done.observations] == [
        (name, quality)
        for name in ("none", "supervised_fine_tuning", "off_the_shelf", "task_targeted")
        for quality in (5, 50)
    ]
    text = (folder / "explain" / "observations.md").read_text(encoding="utf-8")
    assert "## Without a cure the gradient degrades but the map stays" in text
    assert text.count("| tiny |") == 8


def test_more_pictures_include_fewer_and_the_seed_chooses(folder: Path):
    some = explain(folder, count=0, qualities=5, pictures=3)
    again = explain(folder, count=0, qualities=5, pictures=3)
    other = explain(folder, count=0, qualities=5, pictures=3, seed=8)
    assert some.rows == again.rows
    assert {row.n + row.n_skipped for row in some.rows} == {3}
    assert {row.seed for row in some.rows} == {3}
    assert {row.seed for row in other.rows} == {8}
    assert [row.value for row in other.rows] != [row.value for row in some.rows]


def test_each_cure_has_a_sheet_and_all_of_them_one_together(folder: Path, capsys: pytest.CaptureFixture[str]):
    asked = ["--pictures", "0", "--picture", "class1/001.png", "--quality", "50", "--quiet"]
    assert main(["explain", str(folder), "tiny", "--allow-code", "--threads", "1", *asked]) == 0
    said = capsys.readouterr().out
    assert "tiny: Grad-CAM looks at layer features" in said
    assert "class1/001.png (named, class" in said
    rows = [row for row in rows_of(folder / "explain" / "explain.csv") if row["rule"] == "named"]
    assert [row["mitigation"] for row in rows] == ["off_the_shelf", "task_targeted", "supervised_fine_tuning", "all"]
    assert {(row["task"], row["quality"], row["model"]) for row in rows} == {("classification", "50", "tiny")}
    widths = []
    for row in rows:
        with Image.open(folder / "explain" / row["sheet"]) as sheet:
            pixels = np.asarray(sheet.convert("RGB")).astype(int)
        widths.append(pixels.shape[1])
        assert (np.ptp(pixels, axis=2) > 60).mean() > 0.05, "no map in its colours"
    assert widths[0] == widths[1] == widths[2] < widths[3]


def test_of_other_tasks_a_region_and_a_box_are_explained(folder: Path):
    maps = explain(folder, "patches", count=2, qualities=[5], pictures=2)
    assert maps.layer == "norm"
    assert {row.task for row in maps.rows} == {"semantic_segmentation"}
    assert {row.mitigation for row in maps.sheets} == {"off_the_shelf"}  # one cure needs no sheet of all of them
    assert {row.rule for row in maps.sheets} <= {"largest_gain", "median", "least_gain"}
    boxes = explain(folder, "finder", count=1, qualities=[5], pictures=2)
    assert boxes.layer == "network.backbone"
    assert {row.task for row in boxes.rows} == {"detection"}
    assert boxes.sheets[0].target.startswith("class ")
    assert " at " in boxes.sheets[0].target
    kept = {row["model"] for row in rows_of(folder / "explanations.csv")}
    assert kept >= {"patches", "finder"}
    label = maps.sheets[0].target
    wanted = explain(folder, "patches", wanted=label, count=0, qualities=[5], pictures=4)
    assert 1 <= wanted.rows[0].n <= 4


def test_a_layer_of_one_s_own_is_looked_at(folder: Path):
    done = explain(folder, "patches", layer="look", count=0, qualities=[5], pictures=2)
    assert done.layer == "look"


def test_a_picture_that_cannot_be_used_is_counted_and_one_that_was_named_is_said(folder: Path):
    done = explain(folder, count=0, qualities=[50])
    assert all(row.n_skipped >= 1 for row in done.rows)
    with pytest.raises(DataError, match=r"class1/broken\.png: cannot be explained: "):
        explain(folder, names=["class1/broken.png"], pictures=0)


@pytest.mark.parametrize(
    ("model", "options", "error", "said"),
    [
        ("tinny", {}, UnknownNameError, r"model 'tinny' is not in the study\. Did you mean 'tiny'"),
        (None, {}, UnknownNameError, "the study has 4 models; name one of them: tiny, patches"),
        ("fakes", {}, DataError, "models of the task forensics are not explained"),
        ("flat", {}, ModelError, "Sum has no layer that answers once with a map .* --layer"),
        ("flat", {"layer": "say"}, ModelError, "'say' answers with .*, which is no map"),
        ("tiny", {"layer": "feature"}, UnknownNameError, "no layer 'feature'. Did you mean 'features'"),
        ("tiny", {"quality": 40}, UnknownNameError, "quality 40 is not among the single saves .* it has 5, 50"),
        ("tiny", {"qualities": "5,40"}, UnknownNameError, "quality 40 is not among"),
        ("tiny", {"qualities": "many"}, UnknownNameError, "qualities: 'many' is not a quality"),
        ("tiny", {"cures": ["task_targetted"]}, UnknownNameError, "'task_targetted' is not among those of tiny"),
        ("tiny", {"names": ["class1/01.png"]}, UnknownNameError, "'class1/01.png' is not among those of pictures"),
        ("tiny", {"wanted": "class9"}, UnknownNameError, "class 'class9' is not among those of the data set"),
        ("finder", {"wanted": 1}, DataError, "leave --class out"),
        ("tiny", {"count": -1}, DataError, "use 0 or more"),
    ],
)
def test_a_mistake_is_said(folder: Path, model, options, error, said):
    with pytest.raises(error, match=said):
        explain(folder, model, **{"count": 0, "pictures": 2, "qualities": None, **options})


def test_code_of_the_study_runs_only_when_it_is_allowed_and_a_folder_without_a_study_is_said(folder: Path, tmp_path):
    with pytest.raises(ModelError, match="--allow-code"):
        jpegproof.explain(folder, "tiny")
    with pytest.raises(StoreError, match="holds no study"):
        jpegproof.explain(tmp_path)
    with pytest.raises(JpegproofError):
        jpegproof.explain(tmp_path / "nowhere")
