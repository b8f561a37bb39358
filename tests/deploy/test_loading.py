"""An exported folder is loaded without running anything of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from exported_folders import GATE, uploads, world_folder
from small_training import thin_corrector, tiny_model

import jpegproof
from jpegproof.correctors.gate import Gate
from jpegproof.deploy.answers import Classes
from jpegproof.deploy.export_config import ExportConfig, read_config
from jpegproof.deploy.folder import Exported, write_folder
from jpegproof.deploy.pipeline import Pipeline
from jpegproof.exceptions import JpegproofError, ModelError, StoreError, WeightsError
from jpegproof.models.find import find_model

CORRECTOR = thin_corrector(awake=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return world_folder(tmp_path_factory.mktemp("export") / "world", CORRECTOR, gate=GATE, classes=["a", "b"])


def changed(folder: Path, place: Path, **fields: object) -> Path:
    """A copy of a folder whose configuration says something else."""
    place.mkdir()
    for file in folder.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    said = json.loads((place / "config.json").read_text()) | fields
    (place / "config.json").write_text(json.dumps(said))
    return place


def same_answers(first: Pipeline, second: Pipeline) -> bool:
    for data in uploads():
        one, other = first(data).value, second(data).value
        assert isinstance(one, Classes)
        assert isinstance(other, Classes)
        if not np.array_equal(one.logits, other.logits):
            return False
    return True


def test_what_is_loaded_answers_as_what_was_exported(folder):
    model = find_model("jpegproof:world-classifier")
    assert same_answers(jpegproof.load(folder), Pipeline(model, CORRECTOR, GATE))
    assert not same_answers(jpegproof.load(folder), Pipeline(model))
    assert same_answers(jpegproof.load(folder, budget=None), Pipeline(model, CORRECTOR, GATE, budget=None))


def test_class_names_are_kept_and_can_be_replaced(folder):
    for classes, names in ((None, {"a", "b"}), (["x", "y"], {"x", "y"})):
        value = jpegproof.load(folder, top=99, classes=classes)(uploads()[0]).value
        assert isinstance(value, Classes)
        assert {score.name for score in value.top} - {None} == names


def test_a_gate_comes_back_as_it_was(folder):
    part = read_config(folder).gate
    assert part is not None
    assert Gate(part.limits, part.hidden) == GATE


def test_a_model_of_ones_own_is_given_again(tmp_path):
    model = tiny_model()
    write_folder(tmp_path, Exported(model, corrector=CORRECTOR))
    assert not (tmp_path / "model.safetensors").exists()
    with pytest.raises(ModelError, match="model="):
        jpegproof.load(tmp_path)
    assert same_answers(jpegproof.load(tmp_path, model=model), Pipeline(model, CORRECTOR))


def test_a_corrector_alone_needs_a_model(tmp_path):
    write_folder(tmp_path, Exported(None, corrector=CORRECTOR))
    with pytest.raises(ModelError, match="corrector alone"):
        jpegproof.load(tmp_path)
    assert jpegproof.load(tmp_path, model=tiny_model())(uploads()[0]).ok


def test_a_folder_cannot_name_code(folder, tmp_path):
    said = json.loads((folder / "config.json").read_text())["model"]
    (tmp_path / "evil.py").write_text("raise SystemExit('run')\n")
    for number, source in enumerate((f"{tmp_path}/evil.py:build", "os:getcwd", "torchscript:x.pt", "export:x.pt2")):
        bad = changed(folder, tmp_path / str(number), model={**said, "source": source})
        with pytest.raises(ModelError, match="not built by its name"):
            jpegproof.load(bad)


@pytest.mark.parametrize("name", ["../corrector.safetensors", "/etc/passwd", ".hidden", "a/b"])
def test_a_folder_cannot_name_files_elsewhere(folder, tmp_path, name):
    corrector = json.loads((folder / "config.json").read_text())["corrector"]
    corrector["weights"]["file"] = name
    with pytest.raises(StoreError, match=r"corrector\.weights\.file"):
        jpegproof.load(changed(folder, tmp_path / "bad", corrector=corrector))


def test_weights_that_are_not_those_exported_are_refused(folder, tmp_path):
    bad = changed(folder, tmp_path / "bad")
    content = bytearray((bad / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (bad / "model.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match="digest differs"):
        jpegproof.load(bad)
    (bad / "corrector.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"corrector\.safetensors"):
        jpegproof.load(bad)


def test_what_is_no_export_is_told_so(tmp_path, folder):
    with pytest.raises(StoreError, match="jpegproof export"):
        jpegproof.load(tmp_path)
    with pytest.raises(StoreError, match="newer"):
        jpegproof.load(changed(folder, tmp_path / "newer", version=99))
    with pytest.raises(StoreError, match="surprise"):
        jpegproof.load(changed(folder, tmp_path / "strange", surprise=1))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        jpegproof.load(tmp_path)


def test_an_unknown_engine_and_one_without_its_graphs_are_refused(folder):
    with pytest.raises(JpegproofError, match="engine 'tensorrt'"):
        jpegproof.load(folder, engine="tensorrt")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="onnx"):
        jpegproof.load(folder, engine="onnx")


def test_the_configuration_survives_being_written(folder):
    config = read_config(folder)
    assert ExportConfig.model_validate_json(config.model_dump_json()) == config
