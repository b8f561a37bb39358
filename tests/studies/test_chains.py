"""Delivery chains in studies: every save is measured, and how often the verdict changes on the way is told."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from pydantic import ValidationError
from small_study import make_pictures, run_here, study_content
from tiny_segmenters import SEGMENTER_FILE

from jpegproof.data.world_pictures import WorldPictures
from jpegproof.exceptions import DataError, StudyFileError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.studies.artifacts import make_artifacts, recipe_of
from jpegproof.studies.drawn_chains import refuse_lost_labels
from jpegproof.studies.plan import load_plan, study_compressions
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import dump_study, load_study, with_absolute_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.studies.yaml_loader import PlainLoader, dump_plain
from jpegproof.tasks.batch import Batch
from jpegproof.training.deliveries import DrawnStep
from jpegproof.training.recipe import Recipe
from jpegproof.verbs.report import report

PICTURES = 12
CHAINS = {
    "messenger": [{"save": 60}, {"resize": 0.8}, {"save": 30}, {"crop": 4}, {"save": 10}],
    "twice": [{"save": 3, "subsampling": "4:4:4"}, {"save": 50}],
}


def spec(folder: Path, chains: Any = None, **changes: Any) -> StudySpec:
    content = {
        "name": "delivered",
        "data": {"world": {"world": "val", "size": PICTURES}},
        "models": {"classifier": {"from": "jpegproof:world-mobile"}},
        "correctors": {"default": {"from": "jpegproof"}},
        "compression": {"qualities": [10], "chains": CHAINS if chains is None else chains},
        "mitigations": ["none", {"mitigation": "off_the_shelf", "corrector": "default"}],
        **changes,
    }
    return with_absolute_paths(StudySpec.model_validate(content), folder)


def answer(pixels: np.ndarray) -> int:
    model = find_model("jpegproof:world-mobile")
    framed = model.preparation.frame(pixels)[0]
    with torch.inference_mode():
        return int(model.task.answer(model.network, Batch.of([model.preparation.normalise(framed)])).argmax())


def through(pixels: np.ndarray, quality: int, subsampling: Any = "4:2:0") -> np.ndarray:
    return decode(encode(pixels, Compression(quality=quality, subsampling=subsampling))).pixels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("chains")
    run_here(spec(root), root / "out")
    report(root / "out")
    return root / "out"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_save_of_a_chain_has_rows_of_its_own(folder: Path):
    rows = {
        (row["chain"], row["quality"], row["subsampling"]) for row in read(folder / "results.csv") if row["quality"]
    }
    assert rows == {
        ("", "10", "4:2:0"),
        ("messenger, save 1", "60", "4:2:0"),
        ("messenger, save 2", "30", "4:2:0"),
        ("messenger, save 3", "10", "4:2:0"),
        ("twice, save 1", "3", "4:4:4"),
        ("twice, save 2", "50", "4:2:0"),
    }
    assert (folder / "report.html").is_file()


def test_flips_are_the_pictures_whose_answer_changes_on_the_way(folder: Path):
    changed, ever = [0, 0], [0, 0]
    pictures = WorldPictures("val", PICTURES)
    for index in range(PICTURES):
        pixels = pictures.pixels(index)
        own = answer(pixels)
        first = through(pixels, 3, "4:4:4")
        said = [answer(first), answer(through(first, 50))]
        for hop in range(2):
            changed[hop] += said[hop] != own
            ever[hop] += any(one != own for one in said[: hop + 1])
    assert sum(changed) > 0, "a chain on which nothing flips tests nothing"
    rows = [row for row in read(folder / "flips.csv") if (row["chain"], row["mitigation"]) == ("twice", "none")]
    assert [(row["save"], row["quality"]) for row in rows] == [("1", "3"), ("2", "50")]
    for hop, row in enumerate(rows):
        assert float(row["flipped"]) == pytest.approx(100 * changed[hop] / PICTURES, rel=1e-5)
        assert float(row["ever"]) == pytest.approx(100 * ever[hop] / PICTURES, rel=1e-5)
        assert float(row["flipped_low"]) <= float(row["flipped"]) <= float(row["flipped_high"])
    assert {row["mitigation"] for row in read(folder / "flips.csv")} == {"none", "off_the_shelf"}


def test_an_original_and_a_single_save_keep_their_predictions_when_a_chain_is_added(folder: Path, tmp_path: Path):
    run_here(spec(tmp_path, chains={}), tmp_path / "out")
    before, after = load_plan(tmp_path / "out" / "plan.json"), load_plan(folder / "plan.json")
    assert {cell.name for cell in before.cells} <= {cell.name for cell in after.cells}


def test_a_plan_comes_back_with_its_chains(folder: Path):
    third = next(item for item in load_plan(folder / "plan.json").compressions if item.delivery == "messenger, save 3")
    assert [type(step).__name__ for step in third.before] == ["Compression", "Resize", "Compression", "Crop"]
    assert [step.quality for step in third.before if isinstance(step, Compression)] == [60, 30]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "ends with a save"),
        ([{"save": 50}, {"resize": 0.5}], "ends with a save"),
        ([{"save": 50, "crop": 4}], "a step does one thing"),
        ([{}, {"save": 50}], "a step does one thing"),
        ([{"crop": 4, "subsampling": "4:4:4"}, {"save": 50}], "subsampling goes with save"),
        ([{"save": 101}], "less than or equal to 100"),
        ([{"resize": 0}, {"save": 50}], "greater than 0"),
        ([{"rotate": 90}, {"save": 50}], "rotate"),
    ],
)
def test_a_chain_that_cannot_be_is_refused(tmp_path: Path, steps, said: str):
    with pytest.raises(ValidationError, match=said):
        spec(tmp_path, chains={"wrong": steps})


def test_a_chain_that_moves_pictures_is_refused_where_places_matter(tmp_path: Path):
    (tmp_path / "patches.py").write_text(SEGMENTER_FILE)
    segmented = {
        "data": {"world": {"world": "val", "size": 2, "task": "semantic_segmentation"}},
        "models": {"patches": {"from": "patches.py:build", "task": "semantic_segmentation"}},
        "mitigations": ["none"],
    }
    with pytest.raises(
        DataError, match="'messenger' resizes or crops, and what is true of the pictures of model 'patch"
    ):
        run_here(spec(tmp_path, **segmented), tmp_path / "out")
    run_here(spec(tmp_path, chains={"twice": CHAINS["twice"]}, **segmented), tmp_path / "out")
    compression = {"qualities": [10], "chains": CHAINS, "stage": "input"}
    with pytest.raises(DataError, match="use stage: source"):
        run_here(spec(tmp_path, compression=compression), tmp_path / "other")


def test_a_picture_that_does_not_survive_the_way_is_skipped_with_its_reason(tmp_path: Path):
    make_pictures(tmp_path / "pictures", count=3)
    Image.new("RGB", (20, 20)).save(tmp_path / "pictures" / "class0" / "small.png")
    data = {"pictures": {"path": "pictures", "layout": "folder"}}
    chains = {"cut": [{"crop": 30}, {"save": 50}]}
    run_here(spec(tmp_path, chains=chains, data=data, mitigations=["none"]), tmp_path / "out")
    report(tmp_path / "out")
    (skipped,) = read(tmp_path / "out" / "skipped.csv")
    assert skipped["picture"] == "class0/small.png"
    assert "a crop of 30 pixels leaves nothing of a picture of 20 x 20" in skipped["reason"]
    (flip,) = read(tmp_path / "out" / "flips.csv")
    assert flip["n"] == "3"


TABLES = [[16] * 64, [24] * 64]


def trained_on(chains: Any, tmp_path: Path, **changes: Any) -> StudySpec:
    training = {
        "objective": "task_targeted",
        "model": "classifier",
        "data": "learn",
        "start": "default",
        "steps": 1,
        "batch": 2,
        "chains": chains,
        **changes,
    }
    rows = ["none", {"mitigation": "task_targeted", "corrector": "targeted"}]
    data = {"world": {"world": "val", "size": PICTURES}, "learn": {"world": "train", "size": 8}}
    models = {"classifier": {"from": "jpegproof:world-mobile", "data": "world"}}
    return spec(tmp_path, data=data, models=models, trainings={"targeted": training}, mitigations=rows)


def test_a_training_draws_from_the_studys_chains_and_from_chains_of_its_own(tmp_path: Path):
    own = [{"save": "10:30", "subsampling": "4:4:4"}, {"resize": [0.5, 1]}, {"crop": "0:7"}, {"tables": TABLES}]
    study = trained_on(["twice", own], tmp_path)
    recipe = recipe_of(study.trainings["targeted"], study.compression)
    assert recipe.single_saves == 0.5
    coarse = DrawnStep("save", 3, 3, ("4:4:4",))
    assert recipe.chains == (
        (coarse,),
        (coarse, DrawnStep("save", 50, 50)),
        (
            DrawnStep("save", 10, 30, ("4:4:4",)),
            DrawnStep("resize", 0.5, 1.0),
            DrawnStep("crop", 0, 7),
            DrawnStep("tables", tables=(tuple(TABLES[0]), tuple(TABLES[1]))),
        ),
    )


def test_a_training_along_chains_is_another_one_than_without(tmp_path: Path):
    names = []
    for chains in ([], ["twice"], [[{"save": 3, "subsampling": "4:4:4"}]]):
        study = trained_on(chains, tmp_path)
        names.append(make_artifacts(study, Workshop(study))[0].name)
    assert len(set(names)) == 3


@pytest.mark.slow
def test_a_study_learns_along_a_chain_and_measures_along_it(tmp_path: Path):
    run_here(trained_on(["messenger"], tmp_path, single_saves=0.0), tmp_path / "out")
    report(tmp_path / "out")
    rows = [row for row in read(tmp_path / "out" / "results.csv") if row["mitigation"] == "task_targeted"]
    assert {row["chain"] for row in rows} >= {"messenger, save 3", "twice, save 2"}


def test_a_save_with_own_tables_is_a_step_of_a_chain(tmp_path: Path):
    study = spec(tmp_path, chains={"server": [{"save": 90}, {"tables": TABLES, "subsampling": "4:2:2"}]})
    *_, last = study_compressions(study.compression)
    assert (last.quality, last.subsampling, last.tables) == (None, "4:2:2", (tuple(TABLES[0]), tuple(TABLES[1])))
    assert last.delivery == "server, save 2"


@pytest.mark.parametrize(
    ("chains", "said"),
    [
        ([[{"save": "50:10"}]], "write the lowest first"),
        ([[{"save": "0:10"}]], "greater than or equal to 1"),
        ([[{"save": "ten:20"}]], "valid integer"),
        ([[{"crop": "0:7"}]], "ends with a save"),
        ([[{"tables": [[1, 2]]}]], "64 whole numbers"),
    ],
)
def test_a_training_chain_that_cannot_be_is_refused(tmp_path: Path, chains, said: str):
    with pytest.raises(ValidationError, match=said):
        trained_on(chains, tmp_path)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"chains": ["twise"]}, "delivery chain 'twise' is not defined in this study. Did you mean 'twice'?"),
        ({"single_saves": 0.3}, "name chains too"),
    ],
)
def test_mistakes_about_chains_in_a_study_file_are_told_with_their_place(tmp_path: Path, fields, said: str):
    content = trained_on([], tmp_path).model_dump(mode="json", exclude_unset=True, by_alias=True)
    del content["trainings"]["targeted"]["chains"]
    content["trainings"]["targeted"] |= fields
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(StudyFileError) as caught:
        load_study(tmp_path / "study.yaml")
    assert said in str(caught.value)
    assert "trainings.targeted" in str(caught.value)


def test_labels_that_would_lie_elsewhere_are_not_learned_along_a_chain_that_moves():
    moving = Recipe(steps=1, chains=((DrawnStep("crop", 0, 7), DrawnStep("save", 50, 50)),))
    refuse_lost_labels("one", moving, ["semantic_segmentation"], labelled=False)
    refuse_lost_labels("one", moving, ["classification"], labelled=True)
    with pytest.raises(DataError, match="lie elsewhere"):
        refuse_lost_labels("one", moving, ["semantic_segmentation"], labelled=True)
    with pytest.raises(DataError, match="stage: source"):
        refuse_lost_labels("one", replace(moving, stage="input"), ["classification"], labelled=False)


def test_a_chain_comes_back_as_it_was_written_and_as_earlier_versions_wrote_it(tmp_path):
    chain = [{"save": 60, "subsampling": "4:4:4"}, {"fit": 120}, {"crop": 3}, {"resize": 0.5}, {"save": 30}]
    drawn = [{"resize": "0.5:1"}, {"save": "10:90"}]
    training = {"objective": "restore_pixels", "data": "pictures", "chains": [drawn], "crop": 32, "steps": 2}
    content = study_content(tmp_path, compression={"qualities": [10], "chains": {"messenger": chain}})
    spec = StudySpec.model_validate({**content, "trainings": {"restored": training}})
    file = tmp_path / "dumped.yaml"
    file.write_text(dump_study(spec))
    assert load_study(file, tmp_path).compression == spec.compression
    told = yaml.load(file.read_text(), PlainLoader)
    for step in told["compression"]["chains"]["messenger"]:
        step.setdefault("subsampling", "4:2:0")
    file.write_text(dump_plain(told))
    assert load_study(file, tmp_path).compression == spec.compression
