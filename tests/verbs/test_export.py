"""The verb ``export``: what it writes holds, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from exported_folders import WORLD, uploads
from jpeg_files import file_bytes, smooth_picture
from PIL import Image
from small_study import make_pictures
from small_training import thin_corrector, tiny_model

import jpegproof
from jpegproof.analysis.stored import read_cells
from jpegproof.cli.main import main
from jpegproof.deploy.answers import Classes
from jpegproof.deploy.export_config import read_config
from jpegproof.deploy.graphs import graph_inputs
from jpegproof.deploy.sessions import open_session, run_session
from jpegproof.exceptions import JpegproofError, ModelError, StoreError, UnknownNameError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.intake import open_picture
from jpegproof.studies.plan import load_plan
from jpegproof.studies.store import Store

CORRECTOR = thin_corrector(awake=True)


def test_a_folder_is_written_whole_and_loads(tmp_path):
    done = jpegproof.export(WORLD, tmp_path / "out", corrector=CORRECTOR, gate=True)
    assert set(done.files) == {"config.json", "corrector.safetensors", "model.safetensors"}
    assert [(check.what, check.largest) for check in done.checks] == [("load(folder)", 0.0)]
    assert jpegproof.load(done.folder)(uploads()[0]).ok
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_answers_from_bytes_are_those_of_a_study(tmp_path):
    """Top five and distance to the answer on the original as a study stores them, with the gate and without."""
    make_pictures(tmp_path / "pictures", count=4, classes=1)
    study, options = tmp_path / "study", {"qualities": [30], "correctors": ["default"], "gate": True, "threads": 1}
    jpegproof.measure(WORLD, tmp_path / "pictures", layout="folder", out=study, **options)
    plan, store = load_plan(study / "plan.json"), Store(study)
    columns = ["top", "distance"]
    originals = read_cells(store, plan.cells_of(plan.reference_edge(plan.edges[0].model), 0), ["logits"])
    cured = [(number, edge) for number, edge in enumerate(plan.edges) if edge.corrector != "identity"]
    assert sorted(edge.gated for _, edge in cured) == [False, True]
    for number, edge in cured:
        jpegproof.export(WORLD, tmp_path / f"out{number}", gate=edge.gated)
        pipeline = jpegproof.load(tmp_path / f"out{number}", budget=None)
        stored = read_cells(store, plan.cells_of(number, 1), columns)
        for row, original in zip(stored.to_pylist(), originals.to_pylist(), strict=True):
            (path,) = (tmp_path / "pictures").rglob(Path(row["picture"]).name)
            answer = pipeline(encode(open_picture(path), Compression("jpeg", 30)))
            assert isinstance(answer.value, Classes)
            assert [score.label for score in answer.value.top] == row["top"]
            distance = np.abs(answer.value.logits - np.array(original["logits"], np.float32)).mean()
            assert distance == pytest.approx(row["distance"], abs=1e-5)
            assert answer.corrected == "source"


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    """A tiny model with a thin corrector in every format."""
    folder = tmp_path_factory.mktemp("graphs") / "out"
    return jpegproof.export(
        tiny_model(), folder, corrector=CORRECTOR, gate=True, formats="onnx,torch-export", threads=1
    )


@pytest.mark.slow
def test_graphs_compute_what_pytorch_computes(graphs):
    files = {check.what: check for check in graphs.checks}
    for name in ("corrector.onnx", "network.onnx", "pipeline.onnx", "corrector.pt2", "pipeline.pt2"):
        assert files[name].largest <= 1e-4
        assert files[name].n >= 7
    assert {speed.what for speed in graphs.speeds} == {"corrector.onnx", "network.onnx", "pipeline.onnx"}


@pytest.mark.slow
def test_onnxruntime_answers_uploads_of_any_size_without_the_models_code(graphs):
    own = jpegproof.load(graphs.folder, model=tiny_model())
    theirs = jpegproof.load(graphs.folder, engine="onnx")
    for data in [*uploads(), file_bytes(Image.fromarray(smooth_picture(60, 72)).convert("L"), quality=15)]:
        one, other = own(data), theirs(data)
        assert isinstance(one.value, Classes)
        assert isinstance(other.value, Classes)
        np.testing.assert_allclose(one.value.logits, other.value.logits, atol=1e-2)
        assert one.corrected == other.corrected


@pytest.mark.slow
def test_a_graph_answers_from_pixels_and_tables(graphs):
    image = decode(uploads()[2])
    session = open_session(graphs.folder / "pipeline.onnx", threads=1)
    logits = run_session(session, graph_inputs(image))
    value = jpegproof.load(graphs.folder, model=tiny_model(), budget=None)(uploads()[2]).value
    assert isinstance(value, Classes)
    np.testing.assert_allclose(logits[0], value.logits, atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_fewer_bits_come_with_what_they_cost(tmp_path, precision):
    make_pictures(tmp_path / "pictures", count=4, classes=1)
    done = jpegproof.export(
        None,
        tmp_path / "out",
        corrector=CORRECTOR,
        formats=["onnx"],
        precision=precision,
        data=tmp_path / "pictures",
        layout="folder",
        limit=2,
        threads=1,
    )
    part = read_config(done.folder).graph("corrector", "onnx")
    assert part is not None
    assert part.precision == precision
    assert [cost.n for cost in done.costs] == [2] * 4
    for cost in done.costs:
        assert cost.psnr == pytest.approx(cost.psnr_float32, abs=3)
        assert cost.agreement is None


def test_half_precision_halves_the_file_and_is_not_called_exact(tmp_path):
    whole = jpegproof.export(WORLD, tmp_path / "whole", corrector=CORRECTOR)
    half = jpegproof.export(WORLD, tmp_path / "half", corrector=CORRECTOR, precision="float16")
    name = "corrector.safetensors"
    assert half.files[name] < 0.6 * whole.files[name]
    (check,) = half.checks
    assert (check.precision, check.limit) == ("float16", None)
    assert 0 < check.largest < 0.1


def test_an_export_that_is_off_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("jpegproof.deploy.checks.LIMIT", -1.0)
    with pytest.raises(ModelError, match="nothing was written"):
        jpegproof.export(WORLD, tmp_path / "out", corrector=CORRECTOR)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="there already"):
        jpegproof.export(WORLD, tmp_path, corrector=CORRECTOR)
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": "onx"}, "Did you mean 'onnx'"),
        ({"precision": "int4"}, "float16"),
        ({"precision": "int8"}, "add onnx"),
        ({"precision": "bfloat16", "formats": "onnx"}, "leave them out"),
        ({"corrector": "identity", "gate": True}, "identity"),
        ({"corrector": "identity", "corrector_only": True}, "identity"),
        ({"corrector_only": True, "weights": "random"}, "left out"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path, options, message):
    with pytest.raises((JpegproofError, UnknownNameError), match=message):
        jpegproof.export(WORLD, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_graphs_of_what_is_no_classifier_are_refused_with_the_way_out(tmp_path):
    with pytest.raises(ModelError, match="corrector_only"):
        jpegproof.export("jpegproof:world-semantic-segmenter", tmp_path / "out", corrector=CORRECTOR, formats="onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_corrector_is_exported_as_it_is(tmp_path):
    done = jpegproof.export(WORLD, tmp_path / "out", corrector="identity")
    assert "corrector.safetensors" not in done.files
    value = jpegproof.load(done.folder, budget=None)(uploads()[0])
    assert value.corrected == "nowhere"


def test_the_command_prints_its_numbers(tmp_path, capsys):
    assert main(["export", WORLD, "--gate", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "load(folder): at most 0.0e+00 off PyTorch (limit 1e-04)" in said
    assert "jpegproof.load(" in said
    assert main(["export", "--out", str(tmp_path / "none")]) == 2
    assert "--corrector-only" in capsys.readouterr().err


def test_exported_networks_are_not_changed_by_it(tmp_path):
    model = tiny_model()
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    jpegproof.export(model, tmp_path / "out", corrector=CORRECTOR)
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())
