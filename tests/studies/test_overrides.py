"""What a command says in place of a study file: where data sets lie, and which weights to take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from label_folders import save_picture
from thin_qgac import thin_qgac_file

from jpegproof.cli.main import main
from jpegproof.exceptions import StudyFileError
from jpegproof.studies.spec import DataSpec
from jpegproof.studies.study_file import load_study

CONTENT: dict[str, Any] = {
    "name": "two",
    "data": {
        "photos": {"path": "sets/photos", "layout": "folder"},
        "drawn": {"world": "test", "size": 2},
    },
    "models": {
        "fast": {
            "from": "detectron2:fast_rcnn_R_50_FPN",
            "weights": "random",
            "data": "drawn",
            "arguments": {"proposals": ["a.pkl", "b.pkl"]},
        },
        "resnet (small)": {"from": "torchvision:resnet18", "weights": "resnet.pth", "data": "photos"},
        "segmenter": {"from": "ade20k:hrnetv2-c1", "weights": "hrnet", "data": "drawn"},
    },
    "correctors": {"qgac": {"from": "qgac", "weights": "qgac.ckpt"}},
}
GIVEN = {"resnet (small)": "IMAGENET1K_V1", "segmenter": "random"}


def with_proposals(root: Path) -> Path:
    root.mkdir()
    for name in ("a.pkl", "b.pkl"):
        (root / name).write_bytes(b"")
    return root


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study file whose data and weights are not beside it; they are in the working directory."""
    here = tmp_path / "here"
    save_picture(here / "elsewhere" / "sets" / "photos" / "a.png")
    thin_qgac_file(here)
    monkeypatch.chdir(here)
    path = with_proposals(tmp_path / "study") / "study.yaml"
    path.write_text(yaml.safe_dump(CONTENT))
    return path


def test_data_sets_begin_where_the_command_says_and_weights_are_what_it_says(file: Path):
    weights = {**GIVEN, "qgac": "thin_qgac_crab.ckpt"}
    spec = load_study(file, data=Path("elsewhere"), weights=weights)
    photos, here = spec.data["photos"], Path.cwd()
    assert isinstance(photos, DataSpec)
    assert photos.path == here / "elsewhere" / "sets" / "photos"
    assert {name: model.weights for name, model in spec.models.items()} == {**GIVEN, "fast": "random"}
    assert spec.correctors["qgac"].weights == here / "thin_qgac_crab.ckpt"


def test_the_root_is_for_what_the_command_says_nothing_of(file: Path, tmp_path: Path):
    (with_proposals(tmp_path / "root") / "qgac.ckpt").write_bytes(b"")
    spec = load_study(file, tmp_path / "root", data=Path("elsewhere"), weights=GIVEN)
    assert spec.correctors["qgac"].weights == tmp_path / "root" / "qgac.ckpt"
    proposals = spec.models["fast"].arguments["proposals"]
    assert proposals == [str(tmp_path / "root" / name) for name in ("a.pkl", "b.pkl")]


def test_local_files_of_a_model_may_be_several(file: Path):
    for name in ("encoder.pth", "decoder.pth"):
        Path(name).write_bytes(b"")
    given = {**GIVEN, "segmenter": "encoder.pth,decoder.pth", "qgac": "thin_qgac_crab.ckpt"}
    spec = load_study(file, data=Path("elsewhere"), weights=given)
    assert spec.models["segmenter"].weights == f"{Path.cwd()}/encoder.pth,{Path.cwd()}/decoder.pth"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"segmentor": "random"}, r"no model or corrector 'segmentor'. Did you mean 'segmenter'\? Known: fast, resnet"),
        (
            {"resnet (small)": "gone.pth"},
            r"--weights .*=gone.pth: there is no such file: .*here/gone.pth",
        ),
        ({"qgac": "random"}, r"--weights qgac=random: there is no such file"),
    ],
)
def test_a_mistake_in_what_is_given_is_told(file: Path, given: dict[str, str], words: str):
    with pytest.raises(StudyFileError, match=words):
        load_study(file, data=Path("elsewhere"), weights=given)


def test_what_is_missing_is_told_with_where_it_was_looked_for_and_what_would_do(file: Path):
    (file.parent / "b.pkl").unlink()
    with pytest.raises(StudyFileError) as caught:
        load_study(file, data=Path("nowhere"))
    text = str(caught.value)
    assert f"{Path.cwd()}/nowhere/sets/photos. Data set 'photos' is looked for there: the pictures. --data DIR" in text
    assert "ade20k-hrnetv2-c1/encoder_epoch_30.pth and decoder_epoch_30.pth" in text
    assert "put it there or name it with --weights 'segmenter=FILE'; random will do for a trial" in text
    assert "https://gitlab.com/Queuecumber/quantization-guided-ac, and put it there or name it with" in text
    assert f"{file.parent}/b.pkl. Detectron2's own: https://" in text
    assert "5 mistakes" in text  # and the classifier's file, of which nothing is known


def test_the_command_takes_both(file: Path, capsys: pytest.CaptureFixture[str]):
    command = ["study", str(file), "--data", "elsewhere", "--weights", "segmenter=random"]
    assert main([*command, "--weights", "resnet (small)=random", "--plan", "--threads", "1"]) == 2
    told = capsys.readouterr().err
    assert "1 mistake;" in told
    assert "correctors.qgac.weights: there is no such file" in told


@pytest.mark.parametrize(
    ("given", "words"),
    [(["segmenter"], "say whose they are"), (["segmenter=random", "segmenter=a.pth"], "has random already")],
)
def test_weights_on_the_command_line_say_whose_they_are_once(
    file: Path, given: list[str], words: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["study", str(file), *(part for text in given for part in ("--weights", text))]) == 2
    assert words in capsys.readouterr().err
