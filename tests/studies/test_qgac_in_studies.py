"""QGAC from a checkpoint in study files and on the command line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from jpeg_files import smooth_picture
from small_study import make_model_file, make_pictures, run_here, study_content, study_spec
from thin_qgac import thin_qgac_file

from jpegproof.cli.main import main
from jpegproof.correctors.qgac.corrector import Qgac, load_qgac
from jpegproof.exceptions import StudyFileError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.artifacts import make_artifacts
from jpegproof.studies.spec import CorrectorSpec
from jpegproof.studies.study_file import load_study
from jpegproof.studies.workshop import Workshop

ROW = {"mitigation": "off_the_shelf", "corrector": "qgac"}


def with_qgac(folder: Path, **options: Any) -> dict[str, Any]:
    """Changes of a small study, so that it has QGAC in front."""
    named = {"from": "qgac", "weights": thin_qgac_file(folder).name, **options}
    return {"correctors": {"qgac": named}, "mitigations": ["none", ROW]}


def test_cells_behind_qgac_are_done_once_and_again_where_an_option_changes(tmp_path: Path):
    first, again, other = (
        run_here(study_spec(tmp_path, **with_qgac(tmp_path, **options)), tmp_path / "out").computed
        for options in ({}, {}, {"coefficients": "pixels"})
    )
    assert first > other > again == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, {"precision": "float32"}),
        ({"variant": "qgac", "repaired": True}, {"precision": "float32", "variant": "qgac", "repaired": True}),
        ({"coefficients": "pixels", "channels": "luma"}, {"precision": "float32", "coefficients": "pixels"}),
    ],
)
def test_options_reach_the_corrector(said: dict[str, Any], told: dict[str, Any]):
    assert CorrectorSpec.model_validate({"from": "qgac", "weights": "a.ckpt", **said}).options == told


def test_a_study_uses_the_options(tmp_path: Path):
    spec = study_spec(tmp_path, **with_qgac(tmp_path, coefficients="pixels", repaired=True))
    corrector = Workshop(spec, torch.device("cpu")).corrector("qgac")
    assert isinstance(corrector, Qgac)
    assert corrector.coefficients == "pixels"
    assert corrector.describe()["repaired"] is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": None}, "needs the file of its weights"),
        ({"weights": "gone.ckpt"}, "gone.ckpt"),
        ({"variant": "qgac_crap"}, "qgac_crab"),
    ],
)
def test_mistakes_are_told_before_anything_runs(options: dict[str, Any], words: str, tmp_path: Path):
    content = study_content(tmp_path, **with_qgac(tmp_path, **options))
    if content["correctors"]["qgac"]["weights"] is None:
        del content["correctors"]["qgac"]["weights"]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(StudyFileError) as caught:
        load_study(tmp_path / "study.yaml")
    assert words in str(caught.value)


def test_it_learns_through_a_model_and_what_is_stored_is_what_was_trained(tmp_path: Path):
    content = with_qgac(tmp_path, coefficients="pixels", repaired=True)
    recipe = {"objective": "task_targeted", "model": "tiny", "steps": 1, "batch": 2, "learning_rate": 1e-2}
    content["data"] = {"pictures": {"path": "pictures"}, "seen": {"world": "train", "size": 4}}
    content["models"] = {"tiny": {"from": "tiny_model.py:build", "data": "pictures"}}
    content["trainings"] = {
        "targeted": {**recipe, "start": "qgac", "data": "seen", "precision": "float32"},
        "longer": {**recipe, "start": "targeted", "data": "seen", "precision": "float32"},
    }
    targeted = {"mitigation": "task_targeted", "corrector": "targeted"}
    content["mitigations"] += [targeted, {**targeted, "corrector": "longer"}]
    spec = study_spec(tmp_path, **content)
    assert run_here(spec, tmp_path / "out").trained == 2
    workshop = Workshop(spec, torch.device("cpu"), allow_code=True)
    first, last = (artifact.name for artifact in make_artifacts(spec, workshop))
    files = {name: tmp_path / "out" / "artifacts" / f"{name}.safetensors" for name in (first, last)}
    workshop.use({("targeted", None): files[first], ("longer", None): files[last]})
    jpeg = decode(encode(smooth_picture(40, 56), Compression("jpeg", 10)))
    answers = [
        corrector([jpeg])[0]
        for corrector in (
            workshop.corrector("qgac"),
            workshop.trained_corrector("targeted", None),
            workshop.trained_corrector("longer", None),
            load_qgac(files[last], repaired=True, coefficients="pixels"),
        )
    ]
    assert torch.equal(answers[2], answers[3])  # the file is one that qgac:FILE takes
    assert not torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[1], answers[2])
    told = workshop.trained_corrector("longer", None).describe()
    assert (told["repaired"], told["coefficients"]) == (True, "pixels")
    workshop.stand_in = True
    workshop.use({("longer", None): tmp_path / "not trained yet"})
    assert workshop.trained_corrector("longer", None) is workshop.corrector("qgac")


def test_measure_takes_it_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_pictures(tmp_path / "pictures")
    model, file = make_model_file(tmp_path), thin_qgac_file(tmp_path)
    command = ["measure", f"{model}:build", str(tmp_path / "pictures"), "--out", str(tmp_path / "out"), "--qualities"]
    command += ["10", "--corrector", f"qgac:{file}", "--workers", "1", "--threads", "1", "--quiet"]
    assert main(command) == 0
    with (tmp_path / "out" / "results.csv").open() as rows:
        assert {row["corrector"] for row in csv.DictReader(rows)} == {"identity", "thin_qgac_crab"}
    assert main([*command[:-6], "qgac:", "--quiet"]) == 2
    assert "qgac:FILE" in capsys.readouterr().err
