"""The study files of the paper, run whole on small stand-ins in the public layouts, with random weights.

What is made smaller: one step of two pictures a training, quality 10 alone, and the input of detectors and
segmenters (a shorter side of 64 pixels). Models, data sets, trainings and rows are the files' own.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import public_layouts
import pytest
import torch
import yaml
from small_study import HERE

from jpegproof.analysis.results import study_numbers
from jpegproof.correctors.qgac.corrector import Qgac
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import load_study
from jpegproof.studies.workshop import Workshop
from jpegproof.studies.yaml_loader import PlainLoader
from jpegproof.weights import read_weights

PAPER = Path(__file__).parents[2] / "studies" / "paper"
SETS: dict[str, tuple[Callable[[Path], None], ...]] = {
    "table1": (public_layouts.imagenet,),
    "table2": (public_layouts.coco,),
    "table3": (public_layouts.ade20k,),
    "table4": (public_layouts.forensics,),
    "table5": (public_layouts.imagenet, public_layouts.coco, public_layouts.ade20k),
}
METRIC = {
    "classification": "top1",
    "detection": "mAP",
    "instance_segmentation": "mask_mAP",
    "semantic_segmentation": "mIoU",
    "forensics": "accuracy",
}


def content_of(name: str) -> dict[str, Any]:
    return yaml.load((PAPER / f"{name}.yaml").read_text(), Loader=PlainLoader)


def shrunk(content: dict[str, Any]) -> dict[str, Any]:
    for training in content["trainings"].values():
        training |= {"steps": 1, "batch": 2}
    for model in content["models"].values():
        if model["from"].startswith(("detectron2:", "ade20k:")):
            model["preparation"] = {"resize": 64}
    content["compression"]["qualities"] = [10]
    return content


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Taken away afterwards, since trained networks are large."""
    public_layouts.published_files(tmp_path)
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_a_table_of_the_paper_runs_whole_from_the_public_layouts(name: str, folder: Path):
    for lay_out in SETS[name]:
        lay_out(folder / "data")
    content = shrunk(content_of(name))
    file, out = folder / "study.yaml", folder / "out"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    spec = load_study(file, data=folder / "data", weights=dict.fromkeys(content["models"], "random"))
    run_study(spec, out, HERE)
    status = study_status(out)
    assert status.done == status.total
    numbers = study_numbers(status.plan, Store(out), status.finished)
    assert not numbers.skips
    values = {(row.model, row.mitigation, row.corrector, row.quality, row.metric): row for row in numbers.results}
    for edge in status.plan.edges:
        row = values[edge.model, edge.mitigation, edge.corrector, 10, METRIC[status.plan.tasks[edge.model]]]
        assert row.value is not None
        assert 0 <= row.value <= 100
        assert row.n == 2
    assert {artifact.training for artifact in status.plan.artifacts} == content["trainings"].keys()
    for artifact in status.plan.artifacts:
        assert_a_step_was_taken(spec, artifact.training, Store(out).artifact(artifact.name))


def assert_a_step_was_taken(spec: StudySpec, training: str, trained: Path) -> None:
    ((_, loss),) = json.loads(trained.with_suffix(".json").read_text())["losses"]
    assert loss > 0
    workshop, learned = Workshop(spec), spec.trainings[training]
    corrector = workshop.corrector("off-the-shelf")
    assert isinstance(corrector, Qgac)
    network = corrector.network if learned.start is not None else workshop.model(learned.learning_model).network
    begun, ended = network.state_dict(), read_weights(trained)
    assert begun.keys() >= ended.keys()
    assert any(not torch.equal(begun[name], value) for name, value in ended.items())


def test_throughput_is_of_the_models_of_all_tables_as_they_are_there(tmp_path: Path):
    tables = [content_of(f"table{number}")["models"] for number in (1, 2, 3, 4)]
    sources = {name: model["from"] for models in tables for name, model in models.items()}
    assert len(sources) == 22
    content = content_of("throughput")
    assert {name: model["from"] for name, model in content["models"].items()} == sources
    for rows in (content["mitigations"], content["trainings"].values()):
        assert len(rows) == 2 * 22 + (2 if rows is content["mitigations"] else 0)
    for lay_out in (public_layouts.imagenet, public_layouts.coco, public_layouts.ade20k, public_layouts.forensics):
        lay_out(tmp_path / "data")
    public_layouts.published_files(tmp_path)
    spec = load_study(PAPER / "throughput.yaml", tmp_path, data=tmp_path / "data")
    assert set(spec.measured) == sources.keys()
