"""Models of any origin from a name to numbers: measured, and trained through where that can be."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small_study import make_pictures
from small_training import thin_corrector
from tiny_transformers import detr, segformer, vit_classifier
from torch import Tensor, nn

import jpegproof
from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.verbs.report import Report

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning", "ignore:.*torch.jit.*:FutureWarning")


class Embedder(nn.Module):
    """Answers with several tensors, none of them scores of classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 5, stride=4)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        found = self.conv(pictures).tanh()
        return {"map": found, "embedding": found.mean(dim=(2, 3))}


class Scripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3, stride=4), nn.Linear(4, 5)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.conv(pictures).relu().mean(dim=[2, 3]))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "uploads", count=5, classes=1)
    corrector = thin_corrector(awake=True)
    (tmp_path / "thin.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return tmp_path


def measured(model: Any, **options: Any) -> Report:
    return jpegproof.measure(
        model, "uploads", layout="folder", qualities=[10, 90], out="measured", threads=1, **options
    )


def targeted(model: Any, **options: Any) -> Any:
    return jpegproof.fit(
        model,
        "uploads",
        layout="folder",
        steps=1,
        batch=2,
        start="thin.safetensors",
        threads=1,
        out="fitted",
        **options,
    )


def values(report: Any, metric: str) -> dict[int | None, Any]:
    return {row.quality: row for row in report.results if row.metric == metric}


# transformers


@pytest.mark.slow
@pytest.mark.parametrize("make", [vit_classifier, detr, segformer])
def test_a_model_of_transformers_is_measured_trained_through_and_trained(make: Any, place: Path):
    name = f"hf:{make(place / 'network').name}"
    done = targeted(name)
    assert done.losses[0][1] > 0
    report = measured(name, correctors=[f"jpegproof:{done.file}"])
    assert {row.mitigation for row in report.results} == {"none", "task_targeted"}
    agreement = values(report, "agreement")
    assert agreement[10].n == 5
    assert agreement[10].ci_low <= agreement[10].value <= agreement[10].ci_high
    learned = jpegproof.fit(
        name, "uploads", layout="folder", objective="self_distilled", steps=1, batch=2, threads=1, out="distilled"
    )
    cured = jpegproof.measure(
        name, "uploads", layout="folder", weights=learned.file, qualities=[10], out="cured", threads=1
    )
    assert cured.results


def test_study_files_name_folders_relative_to_their_root(place: Path):
    vit_classifier(place / "network")
    (place / "study.yaml").write_text(
        "{name: one, data: {u: {path: uploads, layout: folder}}, models: {m: {from: 'hf:network'}}, "
        "compression: {qualities: [10]}}"
    )
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    assert main(["study", str(place / "study.yaml"), "--out", str(place / "out"), "--workers", "1", "--quiet"]) == 0
    assert f"hf:{place / 'network'}" in (place / "out" / "study.yaml").read_text()


# What is not known


@pytest.mark.slow
def test_whatever_a_network_answers_with_is_measured_and_trained_through(place: Path):
    torch.manual_seed(0)
    model = jpegproof.wrap(Embedder(), task="tensors", prepare=jpegproof.ResizeCrop(40, (32, 32)))
    report = measured(model)
    relative, distance = values(report, "relative_distance"), values(report, "distance")
    assert None not in relative  # of the originals with themselves
    assert 100 > relative[10].value > relative[90].value > 0
    assert relative[10].ci_low <= relative[10].value <= relative[10].ci_high
    assert distance[10].value > distance[90].value > 0
    agreement = values(report, "agreement")
    assert agreement[10].value == pytest.approx(100 - relative[10].value)
    assert targeted(model).losses[0][1] > 0
    again = measured(model, correctors=["jpegproof:fitted/corrector.safetensors"])
    assert {row.metric for row in again.gaps} == {"agreement"}
    learned = jpegproof.fit(model, "uploads", layout="folder", objective="self_distilled", steps=1, batch=2, threads=1)
    assert learned.losses
    with pytest.raises(ModelError, match="labels"):
        jpegproof.fit(model, "uploads", objective="supervised_fine_tuning", steps=1, batch=2, threads=1, out="no")


@pytest.mark.slow
def test_what_is_stored_of_originals_serves_a_quality_added_later(place: Path):
    model = jpegproof.wrap(Embedder(), task="tensors", prepare=jpegproof.ResizeCrop(40, (32, 32)))
    jpegproof.measure(model, "uploads", layout="folder", qualities=[10], out="measured", threads=1)
    later = values(measured(model), "distance")
    fresh = jpegproof.measure(model, "uploads", layout="folder", qualities=[10, 90], out="fresh", threads=1)
    assert later[90].value == pytest.approx(values(fresh, "distance")[90].value, rel=1e-6)


# Files


@pytest.mark.slow
def test_a_script_is_measured_and_trained_through(place: Path):
    torch.manual_seed(0)
    torch.jit.save(torch.jit.script(Scripted().eval()), "network.pt")
    options = {"preparation": {"resize": 40, "crop": (32, 32)}}
    assert values(measured("torchscript:network.pt", **options), "agreement")[10].n == 5
    assert targeted("torchscript:network.pt", **options).losses[0][1] > 0


def test_a_frozen_script_is_told_that_it_cannot_learn(place: Path):
    torch.jit.save(torch.jit.freeze(torch.jit.script(Scripted().eval())), "network.pt")
    with pytest.raises(ModelError, match=r"has none \(a frozen script"):
        jpegproof.fit("torchscript:network.pt", "uploads", objective="self_distilled", steps=1, batch=2, threads=1)


@pytest.mark.slow
def test_an_exported_program_is_read_where_code_is_allowed(place: Path, capsys: pytest.CaptureFixture[str]):
    torch.manual_seed(0)
    program = torch.export.export(Scripted().eval(), (torch.rand(1, 3, 32, 32),))
    torch.export.save(program, "network.pt2")
    command = ["export:network.pt2", "uploads", "--layout", "folder", "--threads", "1", "--quiet"]
    assert main(["measure", *command, "--workers", "1", "--qualities", "10"]) == 2
    assert "--allow-code" in capsys.readouterr().err
    assert main(["measure", *command, "--workers", "1", "--qualities", "10", "--allow-code"]) == 0
    fit = ["fit", *command, "--steps", "1", "--batch", "2", "--start", "thin.safetensors"]
    assert main([*fit, "--allow-code"]) == 0


@pytest.mark.slow
def test_an_onnx_graph_is_measured_and_refused_before_anything_is_trained(place: Path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper = onnx.helper
    nodes = [
        helper.make_node("ReduceMean", ["pictures", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["logits"]),
    ]
    weights = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    constants = {"axes": np.array([2, 3]), "weights": weights}
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("pictures", onnx.TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, 4])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), "network.onnx")
    assert values(measured("onnx:network.onnx", workers=2), "agreement")[90].n == 5
    with pytest.raises(ModelError, match=r"'network\.onnx' computes none: onnxruntime only measures"):
        targeted("onnx:network.onnx")
    assert not list((place / "fitted").rglob("*.safetensors"))


# Originals that are JPEGs


def save_uploads(folder: Path, *qualities: int) -> None:
    folder.mkdir()
    for number, quality in enumerate(qualities):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg", quality=quality)


@pytest.mark.slow
def test_a_folder_of_jpegs_is_told_with_their_qualities(place: Path, capsys: pytest.CaptureFixture[str]):
    save_uploads(place / "saved", 40, 75, 75, 92)
    (place / "saved" / "000.png").write_bytes(next((place / "uploads").rglob("*.png")).read_bytes())
    command = ["measure", "jpegproof:world-classifier", "saved", "--qualities", "30,75,90"]
    assert main([*command, "--workers", "1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert (
        "note: 4 of 5 originals are JPEGs themselves, saved at qualities 40 to 92, half of them at most 75" in printed
    )
    assert "this concerns quality 75 (60 % of them), 90 (60 % of them)" in printed
    assert "95 % interval, from" in printed
    out = place / "out" / "measure-world-classifier-saved"
    with (out / "originals.csv").open(newline="") as file:
        found = [(row["format"], row["quality"], row["pictures"]) for row in csv.DictReader(file)]
    assert found == [("PNG", "", "1"), ("JPEG", "40", "1"), ("JPEG", "75", "2"), ("JPEG", "92", "1")]
    with (out / "originals_sweep.csv").open(newline="") as file:
        swept = [(row["quality"], row["coarser"], row["pictures"]) for row in csv.DictReader(file)]
    assert swept == [("30", "0", "5"), ("75", "3", "5"), ("90", "3", "5")]
    table = (out / "tables" / "originals.md").read_text()
    assert "| JPEG, quality 75 | ██████████████████████████████ | 2 |" in table
    assert "| 75 | 60.0 |" in table


@pytest.mark.slow
def test_originals_that_are_finer_than_all_that_is_measured_are_told_so(place: Path):
    save_uploads(place / "saved", 95, 95, 95)
    report = jpegproof.measure("jpegproof:world-classifier", "saved", qualities=[10], threads=1)
    (note,) = report.notes
    assert "saved at quality 95." in note
    assert note.endswith("Nearly all were saved finer than any quality measured here.")


@pytest.mark.slow
def test_lossless_originals_are_worth_no_note(place: Path):
    report = jpegproof.measure("jpegproof:world-classifier", "uploads", layout="folder", qualities=[10], threads=1)
    assert report.notes == []
    assert not (report.folder / "originals.csv").exists()


# Mistakes


def test_a_file_that_is_not_there_is_told_with_its_place(place: Path):
    with pytest.raises(JpegproofError, match=r"network\.pt: there is no such file"):
        measured("torchscript:network.pt")
