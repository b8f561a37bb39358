"""The verbs as a user calls them, from the command line and from Python."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from small_study import make_corrector_file, make_model_file, make_pictures, study_content

import jpegproof
from jpegproof.cli.main import main
from jpegproof.exceptions import DataError, JpegproofError, ModelError, StoreError
from jpegproof.studies.plan import load_plan

COLUMNS = """task dataset slice model metric mitigation corrector codec subsampling chain stage quality
value ci_low ci_high n n_skipped bytes_per_image seed bits_per_pixel"""


def rows_of(folder):
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def place(tmp_path):
    make_pictures(tmp_path / "pictures", count=9)
    make_model_file(tmp_path)
    return tmp_path


def test_measure_from_the_command_line_leaves_a_whole_results_folder(place, capsys):
    out = place / "out"
    corrector = f"spandrel:{make_corrector_file(place)}"
    command = ["measure", f"{place / 'tiny_model.py'}:build", str(place / "pictures"), "--out", str(out)]
    command += ["--qualities", "10,50", "--corrector", corrector, "--workers", "1", "--threads", "1", "--quiet"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert f"report: {out / 'report.html'}" in printed
    rows = rows_of(out)
    assert list(rows[0]) == COLUMNS.split()
    assert {(row["mitigation"], row["corrector"], row["quality"]) for row in rows} == {
        ("none", "identity", ""),
        ("none", "identity", "10"),
        ("none", "identity", "50"),
        ("off_the_shelf", "small_dncnn", "10"),
        ("off_the_shelf", "small_dncnn", "50"),
    }
    assert {row["n"] for row in rows} == {"9"}
    assert list(out.glob("tables/*.tex"))
    assert list(out.glob("figures/*.svg"))
    environment = json.loads((out / "environment.json").read_text())
    assert {"libjpeg-turbo", "pillow", "torch", "threads per worker", "resize"} <= set(environment)


def test_what_measure_leaves_can_be_resumed_as_a_study(place):
    out = place / "out"
    jpegproof.measure(f"{place / 'tiny_model.py'}:build", place / "pictures", qualities=[10], out=out, workers=1)
    before = {path: path.stat().st_mtime_ns for path in out.glob("predictions/*/*.parquet")}
    jpegproof.study(out / "study.yaml", out, workers=1, allow_code=True)
    assert {path: path.stat().st_mtime_ns for path in out.glob("predictions/*/*.parquet")} == before


def test_a_network_of_ones_own_is_measured_from_python_and_left_as_it_was(place):
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 3)).train()
    model = jpegproof.wrap(network, prepare=jpegproof.ResizeCrop(40, (32, 32)))
    network.train()
    results = jpegproof.measure(model, place / "pictures", qualities=[10], out=place / "out")
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert {row.metric for row in results.results} >= {"top1", "agreement"}
    assert results.page.exists()


def test_a_folder_without_labels_gives_agreement(place):
    results = jpegproof.measure(
        f"{place / 'tiny_model.py'}:build",
        place / "pictures",
        layout="folder",
        qualities=[10],
        out=place / "out",
        workers=1,
    )
    assert {row.metric for row in results.results} == {"agreement", "distance"}
    assert "its own answers on the originals" in results.page.read_text()


def test_grey_cmyk_and_broken_pictures_each_get_what_a_user_would_want(place):
    folder = place / "pictures" / "class0"
    pixels = np.asarray(Image.open(next(folder.iterdir())).convert("RGB"))
    Image.fromarray(pixels).convert("L").save(folder / "grey.jpg")
    Image.fromarray(pixels).convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(pixels).save(folder / "cut.jpg")
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:700])
    (folder / "text.jpg").write_text("no picture at all")
    results = jpegproof.measure(
        f"{place / 'tiny_model.py'}:build", place / "pictures", qualities=[10], out=place / "out", workers=1
    )
    assert {skip.picture for skip in results.skips} == {"class0/cut.jpg", "class0/text.jpg"}
    assert {(row.n, row.n_skipped) for row in results.results} == {(11, 2)}
    page = results.page.read_text()
    assert "class0/cut.jpg" in page
    assert "not a picture of a known format" in page
    assert "class0/text.jpg" in (place / "out" / "skipped.csv").read_text()


def test_a_class_folder_unknown_to_imagenet_is_named_with_the_nearest(place):
    for name in ("n01440764", "n01443537", "n01484851"):
        make_pictures(place / "val" / name, count=1, classes=1)
    with pytest.raises(DataError, match=r"'n01484851' is not among .*\. Did you mean 'n01484850'"):
        jpegproof.measure("torchvision:resnet18", place / "val", weights="random", out=place / "out")
    assert not (place / "out").exists()


def test_classes_that_are_not_the_models_are_told_before_numbers_are_made(place):
    with pytest.raises(ModelError, match="3 classes but the model answers with 1000"):
        jpegproof.measure(
            "torchvision:squeezenet1_1", place / "pictures", weights="random", out=place / "out", workers=1
        )


def test_only_some_of_the_models_classes_can_be_present_when_all_are_listed(place):
    (place / "classes.txt").write_text("aardvark\nclass0\nclass1\nclass2\nzebra\n")
    model = place / "five.py"
    model.write_text("from tiny_model import build as three\n\n\ndef build():\n    return three(classes=5)\n")
    results = jpegproof.measure(
        f"{model}:build",
        place / "pictures",
        classes=place / "classes.txt",
        qualities=[10],
        out=place / "out",
        workers=1,
    )
    assert "top1" in {row.metric for row in results.results}


def test_a_results_folder_inside_the_data_is_not_taken_for_data(place, monkeypatch):
    monkeypatch.chdir(place / "pictures")
    for _ in range(2):
        results = jpegproof.measure(f"{place / 'tiny_model.py'}:build", ".", qualities=[10], workers=1)
        assert {row.n for row in results.results} == {9}


def test_an_unfinished_study_is_reported_as_far_as_it_is_whole(place, capsys):
    content = study_content(place, corrector=True)
    file = place / "study.yaml"
    make_corrector_file(place)
    file.write_text(yaml.safe_dump(content))
    command = ["study", str(file), "--out", str(place / "out"), "--allow-code", "--workers", "1", "--quiet"]
    assert main(command) == 0
    assert main(["status", str(place / "out")]) == 0
    lost = load_plan(place / "out" / "plan.json").cells[-1].name
    (place / "out" / "predictions" / lost[:2] / f"{lost}.parquet").unlink()
    capsys.readouterr()
    assert main(["status", str(place / "out")]) == 3
    assert "4 of 5 prediction files" in capsys.readouterr().out
    assert main(["report", str(place / "out")]) == 0
    assert "1 prediction files are still missing" in capsys.readouterr().out
    rows = rows_of(place / "out")
    assert ("off_the_shelf", "50") not in {(row["mitigation"], row["quality"]) for row in rows}
    assert ("off_the_shelf", "10") in {(row["mitigation"], row["quality"]) for row in rows}


def test_the_plan_is_printed_and_nothing_is_made(place, capsys):
    file = place / "study.yaml"
    make_corrector_file(place)
    file.write_text(yaml.safe_dump(study_content(place, corrector=True)))
    command = ["study", str(file), "--out", str(place / "out"), "--plan", "--allow-code", "--workers", "1"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "5 prediction files, all to make" in printed
    assert "estimated time" in printed
    assert not (place / "out").exists()


def test_a_damaged_prediction_file_is_named_with_the_mend(place):
    out = place / "out"
    jpegproof.measure(f"{place / 'tiny_model.py'}:build", place / "pictures", qualities=[10], out=out, workers=1)
    victim = next(out.glob("predictions/*/*.parquet"))
    victim.write_bytes(victim.read_bytes()[:100])
    with pytest.raises(JpegproofError, match=r"is damaged .*run the study again"):
        jpegproof.report(out)


def test_the_same_call_gives_the_same_results_file(place):
    for name in ("one", "two"):
        jpegproof.measure(
            f"{place / 'tiny_model.py'}:build", place / "pictures", qualities=[10], out=place / name, workers=1, seed=3
        )
    assert (place / "one" / "results.csv").read_bytes() == (place / "two" / "results.csv").read_bytes()
    assert (place / "one" / "report.html").read_bytes() == (place / "two" / "report.html").read_bytes()


@pytest.fixture
def here(place, monkeypatch):
    """The place as the current folder."""
    monkeypatch.chdir(place)
    return place


def test_results_never_go_among_the_pictures(here):
    before = sorted(path.name for path in (here / "pictures").rglob("*"))
    with pytest.raises(JpegproofError, match="into which nothing is written"):
        jpegproof.measure("tiny_model.py:build", "pictures", qualities=[10], out="pictures")
    assert sorted(path.name for path in (here / "pictures").rglob("*")) == before


def test_another_model_does_not_take_the_place_of_a_report(here):
    jpegproof.measure("tiny_model.py:build", "pictures", qualities=[10], out="results")
    page = (here / "results" / "report.html").read_text()
    (here / "tiny_model.py").rename(here / "other_model.py")
    source = (here / "other_model.py").read_text().replace("def build", "def construct")
    (here / "other_model.py").write_text(source)
    with pytest.raises(JpegproofError, match="another study"):
        jpegproof.measure("other_model.py:construct", "pictures", qualities=[10], out="results")
    assert (here / "results" / "report.html").read_text() == page


def test_a_folder_of_which_nothing_can_be_used_is_no_success(here, capsys):
    (here / "broken").mkdir()
    for number in range(2):
        (here / "broken" / f"{number}.jpg").write_bytes(b"not a picture")
    code = main(["measure", "tiny_model.py:build", "broken", "--qualities", "10", "--quiet", "--workers", "1"])
    assert code == 2
    assert "not one picture could be used; 2 of 2: " in capsys.readouterr().err


def test_a_list_of_classes_may_begin_with_a_byte_order_mark_and_must_be_utf_8(here):
    listed = here / "classes.txt"
    listed.write_bytes("\ufeffclass0\nclass1\nclass2\n".encode())
    done = jpegproof.measure("tiny_model.py:build", "pictures", qualities=[10], out="results", classes="classes.txt")
    assert any(row.metric == "top1" for row in done.results)
    listed.write_bytes("klasse ä\n".encode("latin-1"))
    with pytest.raises(JpegproofError, match="is not UTF-8 text"):
        jpegproof.measure("tiny_model.py:build", "pictures", qualities=[10], out="other", classes="classes.txt")


def test_a_results_file_that_cannot_be_written_or_read_is_named(here):
    jpegproof.measure("tiny_model.py:build", "pictures", qualities=[10], out="results")
    for name in ("results.csv", "work.jsonl"):
        (here / "results" / name).unlink()
        (here / "results" / name).mkdir()
        with pytest.raises(StoreError, match=f"{name}: cannot be (written|read)"):
            jpegproof.measure("tiny_model.py:build", "pictures", qualities=[10], out="results")
        (here / "results" / name).rmdir()


def test_a_model_object_takes_no_weights_and_no_preparation_beside_it(here):
    model = jpegproof.wrap(torch.nn.Linear(1, 2), trial=False)
    with pytest.raises(JpegproofError, match="give them to wrap"):
        jpegproof.measure(model, "pictures", weights="x.safetensors")
    with pytest.raises(JpegproofError, match="give them to wrap"):
        jpegproof.measure(model, "pictures", preparation={"resize": 8})


def test_only_networks_can_be_wrapped():
    with pytest.raises(JpegproofError, match="not a str"):
        jpegproof.wrap("resnet50")  # pyright: ignore[reportArgumentType]


def test_a_note_on_one_data_set_names_it_where_there_are_several(here):
    content = study_content(here)
    content["data"]["drawn"] = {"world": "test", "size": 3}
    content["models"] = {
        "tiny": {"from": "tiny_model.py:build", "data": "pictures"},
        "world": {"from": "jpegproof:world-classifier", "data": "drawn"},
    }
    (here / "two.yaml").write_text(yaml.safe_dump(content))
    done = jpegproof.study("two.yaml", "two", allow_code=True)
    assert "drawn: These pictures are generated" in done.page.read_text()
    assert "pictures: These pictures are generated" not in done.page.read_text()


def test_a_report_puts_the_papers_numbers_beside_those_of_its_models(place, capsys):
    study = place / "study.yaml"
    make_corrector_file(place)
    names = ["ResNet-50", "MobileNetV2 (dilated) + C1 (ds)"]
    models = {name: {"from": "tiny_model.py:build"} for name in names}
    study.write_text(yaml.safe_dump(study_content(place, corrector=True, models=models)))
    out = place / "out"
    jpegproof.study(study, out, workers=1, allow_code=True)
    assert not (out / "tables" / "against-paper.md").exists()
    assert main(["report", str(out), "--against-paper"]) == 0
    with (out / "tables" / "against-paper.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "ResNet-50"]
    (found,) = [row for row in rows if (row["mitigation"], row["quality"]) == ("off_the_shelf", "10")]
    ours = next(
        row["value"]
        for row in rows_of(out)
        if (row["model"], row["metric"], row["mitigation"], row["quality"])
        == ("ResNet-50", "top1", "off_the_shelf", "10")
    )
    assert (found["ours"], found["paper"], found["corrector"]) == (ours, "66.9", "dncnn")
    assert "Table 1 of the paper: ResNet-50" in (out / "report.html").read_text()
    assert {line.split(",")[3] for line in (out / "fixable.csv").read_text().splitlines()[1:]} == set(models)


def test_a_study_of_no_model_of_the_papers_is_told_so_before_anything_is_written(place, capsys):
    out = place / "out"
    jpegproof.measure(f"{place / 'tiny_model.py'}:build", place / "pictures", qualities=[10], out=out, workers=1)
    (out / "report.html").unlink()
    assert main(["report", str(out), "--against-paper"]) == 2
    assert "is one of the paper's: ResNet-18, ResNet-50" in capsys.readouterr().err
    assert not (out / "report.html").exists()
