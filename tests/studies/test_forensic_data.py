"""Real and fake pictures in study files: options that belong together, pairs that stay together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from forensic_folders import biased, save

from jpegproof.cli.main import main
from jpegproof.data.equalised import Equalised, Terms
from jpegproof.data.real_fake_folder import RealFakeFolder
from jpegproof.data.reconstructed_pairs import ReconstructedPairs
from jpegproof.exceptions import DataError
from jpegproof.studies.artifacts import training_pictures
from jpegproof.studies.open_data import open_data
from jpegproof.studies.plan import Plan, load_plan, make_plan
from jpegproof.studies.spec import DataSpec, StudySpec, WorldSpec
from jpegproof.studies.workshop import Workshop

WORLD = {"world": "test", "size": 12, "task": "forensics"}


def data_of(folder: Path, **fields: Any) -> DataSpec:
    return DataSpec.model_validate({"path": folder, **fields})


def photographs(folder: Path, count: int = 10) -> Path:
    for index in range(count):
        save(folder / f"{index:03d}.png", index)
    return folder


def workshop_of(**data: dict[str, Any]) -> Workshop:
    """A study that measures on the first data set and trains on the last."""
    training = {"objective": "restore_pixels", "data": list(data)[-1], "steps": 1}
    content = {
        "name": "pairs",
        "data": data,
        "models": {"any": {"from": "jpegproof:world-classifier", "data": next(iter(data))}},
        "trainings": {"fitted": training},
        "mitigations": ["none", {"mitigation": "off_the_shelf", "corrector": "fitted"}],
    }
    return Workshop(StudySpec.model_validate(content))


def plan_of(**data: dict[str, Any]) -> Plan:
    workshop = workshop_of(**data)
    return make_plan(workshop.spec, workshop)


def test_the_world_has_real_and_fake_pictures():
    pictures = open_data(WorldSpec.model_validate(WORLD))
    assert pictures.task == "forensics"
    assert len(pictures) == 12
    assert pictures.name(1) == "test/000000-fake"


def test_a_folder_of_real_and_fake_pictures_is_told_from_its_contents(tmp_path: Path):
    assert isinstance(open_data(data_of(biased(tmp_path, 2))), RealFakeFolder)


def test_names_of_folders_can_be_given_singly_or_listed(tmp_path: Path):
    for index, name in enumerate(("photos", "gan", "diffusion")):
        save(tmp_path / name / "a.png", index)
    pictures = open_data(data_of(tmp_path, real="photos", fake=["gan", "diffusion"]))
    assert [pictures.target(index) for index in range(3)] == [1, 1, 0]


def test_equalising_is_asked_for_with_or_without_terms(tmp_path: Path):
    root = biased(tmp_path, 2)
    plain = open_data(data_of(root, equalise=True))
    said = open_data(data_of(root, equalise={"size": [64, 80], "quality": 50}))
    assert isinstance(plain, Equalised)
    assert isinstance(said, Equalised)
    assert plain.terms == Terms((96, 96), 80)
    assert said.terms == Terms((64, 80), 50)


def test_any_folder_can_be_reconstructed(tmp_path: Path):
    photographs(tmp_path, 2)
    assert isinstance(open_data(data_of(tmp_path, reconstructed=True)), ReconstructedPairs)
    assert isinstance(open_data(data_of(tmp_path, reconstructed=True, equalise=True)), Equalised)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"equalise": True, "layout": "folder"}, "equalise is for real and fake"),
        ({"real": "photos", "layout": "folder"}, "go with the layout real_fake"),
        ({"reconstructed": True, "layout": "image_folder"}, "takes a plain folder"),
        ({"reconstructed": True, "fake": "gan"}, "takes a plain folder"),
        ({"reconstructed": True, "limit": 5}, "limit: 5 would part a picture"),
        ({"reconstructed": True, "blocks": 3}, "blocks: 3 would part a picture"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, fields: dict[str, Any], message: str):
    photographs(tmp_path, 2)
    with pytest.raises(DataError, match=message):
        open_data(data_of(tmp_path, **fields))


def test_pairs_are_resampled_as_pairs(tmp_path: Path):
    photographs(tmp_path, 2)
    folder, train = {"path": str(tmp_path)}, {"world": "train", "size": 2}
    pairs = {**folder, "reconstructed": True}
    plans = [plan_of(any=data, train=train) for data in (WORLD, pairs, {**pairs, "blocks": 4}, folder)]
    assert [plan.data["any"].block for plan in plans] == [2, 2, 4, 1]


def test_a_limit_takes_whole_pairs_evenly_spaced(tmp_path: Path):
    photographs(tmp_path)
    workshop = workshop_of(pairs={"path": tmp_path, "reconstructed": True, "limit": 6})
    assert workshop.chosen("pairs") == [0, 1, 6, 7, 12, 13]


def test_folds_keep_pairs_together(tmp_path: Path):
    photographs(tmp_path)
    pairs = {"path": tmp_path, "reconstructed": True, "folds": 2}
    workshop = workshop_of(pairs=pairs)
    for fold in (0, 1):
        seen = {number for _, number in training_pictures(workshop.spec, workshop, "fitted", fold)}
        assert 0 < len(seen) < 20
        assert {number ^ 1 for number in seen} == seen
    assert plan_of(pairs=pairs).artifacts


def test_nothing_is_measured_on_the_twin_of_what_it_learned_from(tmp_path: Path):
    photographs(tmp_path)
    measured = {"path": tmp_path, "reconstructed": True, "equalise": {"quality": 80}}
    with pytest.raises(DataError, match=r"learns from 000\.png, a copy of 000\.png-real"):
        plan_of(pairs=measured, photographs={"path": tmp_path})
    with pytest.raises(DataError, match=r"learns from 000\.png-real"):
        plan_of(pairs={"path": tmp_path}, more=measured)


def test_the_command_line_equalises(tmp_path: Path):
    root, out = biased(tmp_path / "data"), tmp_path / "out"
    command = ["measure", "jpegproof:world-classifier", str(root), "--quiet", "--qualities", "10", "--limit", "4"]
    assert main([*command, "--out", str(out / "as-is")]) == 0
    assert main([*command, "--equalise", "--out", str(out / "equal")]) == 0
    as_is, equal = (load_plan(out / name / "plan.json") for name in ("as-is", "equal"))
    assert "Use equalise" in as_is.data["data"].notes[-1]
    assert equal.data["data"].notes[0].startswith("Equalised")
    assert not any("Use equalise" in note for note in equal.data["data"].notes)
    assert {cell.name for cell in as_is.cells}.isdisjoint(cell.name for cell in equal.cells)


def test_the_world_needs_no_equalising(capsys: pytest.CaptureFixture[str]):
    assert main(["measure", "jpegproof:world-classifier", "world", "--equalise"]) != 0
    assert "equal already" in capsys.readouterr().err
