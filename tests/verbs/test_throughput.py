"""The verb throughput: from a model, a study file or a results folder to rows, tables and figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from small_study import make_pictures, run_here, study_content, study_spec
from small_training import tiny_model
from speeds import result

import jpegproof
from jpegproof.analysis.rows import Result, write_rows
from jpegproof.analysis.speed import read_speeds
from jpegproof.cli.main import main
from jpegproof.exceptions import JpegproofError
from jpegproof.verbs.throughput import Throughput


def quick(what, data=None, **options) -> Throughput:
    return jpegproof.throughput(what, data, **{"repeats": 3, "seconds": 0.01, "threads": 1, "device": "cpu", **options})


@pytest.fixture(scope="module")
def of_model(tmp_path_factory: pytest.TempPathFactory) -> Throughput:
    folder = tmp_path_factory.mktemp("model")
    pictures = make_pictures(folder / "pictures", 4)
    return quick(tiny_model(), pictures, out=folder / "out", batches=[1, 2], qualities="10,90")


def test_a_model_is_measured_in_the_papers_rows_at_every_batch(of_model: Throughput):
    whole = [(s.mitigation, s.phase, s.batch) for s in of_model.speeds if s.stage == "whole"]
    expected = [
        (row, phase, batch)
        for row, phases in (
            ("none", ["inference"]),
            ("supervised_fine_tuning", ["inference", "training"]),
            ("off_the_shelf", ["inference"]),
            ("task_targeted", ["inference", "training"]),
        )
        for phase in phases
        for batch in (1, 2)
    ]
    assert whole == expected
    assert not of_model.failures


def test_the_files_hold_what_was_measured(of_model: Throughput):
    assert [s.edge for s in read_speeds(of_model.folder / "throughput.csv")] == [s.edge for s in of_model.speeds]
    told = json.loads((of_model.folder / "throughput.json").read_text())["cpu, threads: 1"]
    assert {"processor", "torch", "load before", "repeats", "failures"} <= set(told)
    assert {path.name for path in (of_model.folder / "tables").iterdir()} == {
        f"throughput-cpu-1-batch-{batch}.{kind}" for batch in (1, 2) for kind in ("md", "tex")
    }
    assert all(figure.exists() for figure in of_model.figures)
    assert of_model.offers == []


def test_a_corrector_takes_time_and_the_sizes_and_qualities_are_told(of_model: Throughput):
    corrected = [s for s in of_model.speeds if s.mitigation == "off_the_shelf" and s.stage == "correct"]
    assert len(corrected) == 2
    assert {(s.picture_size, s.qualities) for s in corrected} == {("60x50", "10+90")}


def test_another_number_of_threads_adds_rows_and_the_same_one_replaces_them(tmp_path: Path):
    pictures = make_pictures(tmp_path / "pictures", 2)

    def measured(threads: int, batch: int) -> list[tuple[int, int]]:
        quick(tiny_model(), pictures, out=tmp_path / "out", batches=[batch], qualities=[50], threads=threads)
        return sorted({(s.threads, s.batch) for s in read_speeds(tmp_path / "out" / "throughput.csv")})

    assert measured(1, 1) == [(1, 1)]
    assert measured(2, 1) == [(1, 1), (2, 1)]
    assert measured(1, 2) == [(1, 2), (2, 1)]
    assert len(json.loads((tmp_path / "out" / "throughput.json").read_text())) == 2


def test_speed_stands_beside_the_metric_where_the_folder_has_results(tmp_path: Path):
    pictures = make_pictures(tmp_path / "pictures", 2)
    (tmp_path / "out").mkdir()
    rows = [result(60.0, model="Tiny", dataset="pictures"), result(90.0, model="Tiny", dataset="pictures", quality=50)]
    write_rows(tmp_path / "out" / "results.csv", Result, rows)
    options = {"out": tmp_path / "out", "batches": [1], "qualities": [50]}
    found = quick(tiny_model(), pictures, metric_quality=50, **options)
    assert next((o.mitigation, o.value, o.optimal) for o in found.offers) == ("none", 90.0, True)
    assert (tmp_path / "out" / "throughput_frontier.csv").exists()
    with pytest.raises(JpegproofError, match="quality 30 was not measured"):
        quick(tiny_model(), pictures, metric_quality=30, **options)


def test_a_study_files_data_and_weights_may_lie_elsewhere(tmp_path: Path):
    make_pictures(tmp_path / "elsewhere" / "pictures", 2)
    study = {
        "name": "study",
        "data": {"pictures": {"path": "pictures"}},
        "models": {"tiny": {"from": "torchvision:mobilenet_v3_small", "weights": "nowhere.safetensors"}},
        "mitigations": ["none"],
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    found = quick(
        tmp_path / "study.yaml",
        tmp_path / "elsewhere",
        weights={"tiny": "random"},
        out=tmp_path / "out",
        batches=[1],
        qualities=[50],
    )
    assert {(speed.model, speed.stage) for speed in found.speeds} >= {("tiny", "whole")}


@pytest.mark.slow
def test_a_study_is_measured_in_fresh_processes_before_and_after_it_is_run(tmp_path: Path):
    content = study_content(tmp_path, corrector=True)
    content["trainings"] = {
        "targeted": {
            "objective": "task_targeted",
            "data": "pictures",
            "model": "tiny",
            "steps": 1,
            "width": 8,
            "depth": 1,
        }
    }
    content["data"]["pictures"]["folds"] = 2
    content["mitigations"] += [{"mitigation": name, "corrector": "targeted"} for name in ("task_targeted", "gated")]
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(content))
    before = quick(tmp_path / "small.yaml", out=tmp_path / "before", batches=[2], allow_code=True)
    rows = [("none", "inference"), ("off_the_shelf", "inference"), ("task_targeted", "inference")]
    rows += [("task_targeted", "training"), ("gated", "inference")]
    assert [(s.mitigation, s.phase) for s in before.speeds if s.stage == "whole"] == rows
    changes = {key: content[key] for key in ("data", "correctors", "trainings", "mitigations")}
    run_here(study_spec(tmp_path, **changes), tmp_path / "out")
    jpegproof.report(tmp_path / "out")
    after = quick(tmp_path / "out", batches=[2], allow_code=True)
    assert [(s.mitigation, s.phase) for s in after.speeds if s.stage == "whole"] == rows
    assert {offer.mitigation for offer in after.offers} == {row for row, _ in rows}
    assert all(offer.value is not None for offer in after.offers)
    assert "Inference is all from" in jpegproof.report(tmp_path / "out").page.read_text()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["torchvison:resnet18"], "Did you mean"),
        (["nothing/here"], "there is no such study file or results folder"),
        (["nothing.yaml"], "check the path"),
        (["."], "holds no study"),
        (["jpegproof:world-classifier", "no/such/folder"], "there is no such folder"),
        (["jpegproof:world-classifier", "."], "none of its 1 pictures can be used"),
        (["jpegproof:world-classifier", ".", "--out", "."], "give --out another folder"),
        (["jpegproof:world-classifier", "--batches", "0,8"], "use numbers from 1"),
        (["jpegproof:world-classifier", "--repeats", "0"], "use 1 or more"),
        (["jpegproof:world-classifier", "--seconds", "0"], "no time to measure in"),
        (["jpegproof:world-classifier", "--qualities", "0"], "not a libjpeg quality"),
        (["jpegproof:world-classifier", "--metric-quality", "30"], "was not measured"),
        (["jpegproof:world-classifier", "--root", "."], "goes with a study file"),
        ([".", "pictures"], "is a results folder, which has its own data"),
        ([".", "--weights", "some.pth"], "is a results folder, which has its own weights"),
        (["study.yaml", "--task", "detection"], "is a study file, which has its own task"),
        (["study.yaml", "--weights", "some.pth"], "--weights NAME=FILE"),
        (["study.yaml", "--weights", "tinny=random"], "Did you mean 'tiny'?"),
        (["study.yaml", "elsewhere"], "elsewhere"),
        (["jpegproof:world-classifier", "--weights", "one.pth", "--weights", "two.pth"], "has one file of weights"),
        (["jpegproof:world-classifier", "--device", "tpu9"], "cannot be used"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(command, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").touch()
    study = {
        "name": "study",
        "data": {"pictures": {"path": "."}},
        "models": {"tiny": {"from": "jpegproof:world-classifier"}},
        "mitigations": ["none"],
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    assert main(["throughput", *command]) == 2
    errors = capsys.readouterr().err
    assert words in errors
    assert "Traceback" not in errors


def test_batches_that_are_no_numbers_are_refused_by_the_command_line(capsys):
    with pytest.raises(SystemExit):
        main(["throughput", "jpegproof:world-classifier", "--batches", "one"])
    assert "give whole numbers such as 1,8" in capsys.readouterr().err
