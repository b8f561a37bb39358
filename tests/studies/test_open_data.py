"""Label maps in study files: options that belong together, and pictures whose labels are at fault."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml
from label_folders import VALUES, ade20k, pair, save_label
from tiny_segmenters import SEGMENTER_FILE

from jpegproof.cli.main import main
from jpegproof.data.ade20k import ade20k_classes
from jpegproof.exceptions import DataError, StudyFileError
from jpegproof.studies.open_data import open_data
from jpegproof.studies.spec import DataSpec, WorldSpec
from jpegproof.studies.study_file import dump_study, load_study

PAIRS = {"path": "pictures", "labels": "labels", "classes": "classes.txt"}


def data_of(folder: Path, **fields: Any) -> DataSpec:
    places = {key: folder / fields[key] for key in ("path", "labels", "classes", "annotations") if key in fields}
    return DataSpec.model_validate({**fields, **places})


def study(folder: Path, data: dict[str, Any]) -> Path:
    (folder / "patches.py").write_text(SEGMENTER_FILE)
    content = {
        "name": "maps",
        "data": {"maps": data},
        "models": {"patches": {"from": "patches.py:build", "arguments": {"classes": 2}}},
        "compression": {"qualities": [10]},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    return folder / "study.yaml"


def test_a_study_file_names_label_maps_classes_and_void(tmp_path: Path):
    pair(tmp_path)
    spec = load_study(study(tmp_path, {**PAIRS, "void": "tree"}))
    found = spec.data["maps"]
    assert isinstance(found, DataSpec)
    assert found.labels == tmp_path / "labels"
    assert found.void == ["tree"]
    pictures = open_data(found)
    assert pictures.class_names == ("sky", "road")
    (tmp_path / "again.yaml").write_text(dump_study(spec))
    assert load_study(tmp_path / "again.yaml").data == spec.data


@pytest.mark.parametrize("key", ["labels", "classes"])
def test_what_is_not_there_is_told_with_its_place(tmp_path: Path, key: str):
    pair(tmp_path)
    with pytest.raises(StudyFileError, match=rf"line \d+, data.maps.{key}: there is no such"):
        load_study(study(tmp_path, {**PAIRS, key: "nowhere"}))


def test_the_layout_ade20k_knows_its_classes_lists_and_others(tmp_path: Path):
    root = ade20k(tmp_path)
    (tmp_path / "validation.odgt").write_text(
        '{"fpath_img": "images/validation/ADE_val_00000002.jpg", '
        '"fpath_segm": "annotations/validation/ADE_val_00000002.png"}\n'
    )
    (tmp_path / "classes.txt").write_text("sky\nroad\n")
    assert open_data(DataSpec(path=root)).class_names == ade20k_classes()  # pyright: ignore[reportCallIssue]
    listed = open_data(data_of(tmp_path, path=root.name, annotations="validation.odgt"))
    assert (len(listed), listed.class_names) == (1, ade20k_classes())
    own = open_data(data_of(tmp_path, path=root.name, layout="ade20k", classes="classes.txt", void=["road"]))
    assert own.class_names == ("sky",)


def test_the_world_has_maps_objects_and_classes():
    tasks = {"classification": "classification", "detection": "instance_segmentation"}
    for asked, held in {**tasks, "semantic_segmentation": "semantic_segmentation"}.items():
        assert open_data(WorldSpec.model_validate({"world": "val", "size": 1, "task": asked})).task == held


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"labels": "labels"}, "need the list of their classes"),
        ({"layout": "label_maps", "classes": "classes.txt"}, "needs the folder of the label maps"),
        ({"layout": "coco", "labels": "labels", "classes": "classes.txt"}, "goes with the layout label_maps"),
        ({"annotations": "a.json", "labels": "labels", "classes": "classes.txt"}, "with no annotations"),
        ({"layout": "coco", "annotations": "a.odgt"}, "goes with the layout ade20k, not coco"),
        ({"layout": "ade20k", "annotations": "a.json"}, "goes with the layout coco, not ade20k"),
        ({"void": 255}, "void is for label maps"),
        (
            {"layout": "folder", "classes": "classes.txt"},
            "goes with the layouts image_folder and",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, fields: dict[str, Any], message: str):
    pair(tmp_path)
    with pytest.raises(DataError, match=message):
        open_data(data_of(tmp_path, path="pictures", **fields))


@pytest.mark.slow
def test_measure_takes_label_maps_and_skips_pictures_whose_labels_are_at_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pair(tmp_path, ("one", "two", "three", "four"), VALUES.repeat(16, 0).repeat(16, 1))
    save_label(tmp_path / "labels" / "two.png", VALUES)
    save_label(tmp_path / "labels" / "three.png", VALUES.repeat(16, 0).repeat(16, 1) + 7)
    (tmp_path / "patches.py").write_text(SEGMENTER_FILE.replace("classes=11", "classes=2"))
    command = ["measure", f"{tmp_path / 'patches.py'}:build", str(tmp_path / "pictures"), "--qualities", "10"]
    command += ["--labels", str(tmp_path / "labels"), "--classes", str(tmp_path / "classes.txt"), "--void", "road"]
    command += ["--out", str(tmp_path / "out"), "--workers", "1", "--threads", "1", "--quiet"]
    assert main(command) == 0
    assert "build on pictures: mIoU, % (n = 2)" in capsys.readouterr().out
    with (tmp_path / "out" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["n"], row["n_skipped"]) for row in rows} == {("2", "2")}
    assert {"mIoU", "pixel_accuracy", "agreement", "pixel_agreement"} == {row["metric"] for row in rows}
    with (tmp_path / "out" / "skipped.csv").open() as file:
        reasons = {row["picture"]: row["reason"] for row in csv.DictReader(file)}
    assert set(reasons) == {"two.jpg", "three.jpg"}
    assert "label map two.png is 6 x 4" in reasons["two.jpg"]
    assert "value 7, which is no class" in reasons["three.jpg"]
