"""The verb reproduce: one command for every table, plot and row kind of the paper, here at a hundredth of its size."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from jpegproof.paper.published import published_numbers
from jpegproof.studies.spec import StudySpec
from jpegproof.verbs import reproduce as verb
from jpegproof.verbs.reproduce import reproduce, world_study


def test_it_has_a_network_for_each_task_and_a_row_for_each_of_the_papers_cures():
    spec = StudySpec.model_validate(world_study(full=False))
    rows = {(row.mitigation, model) for row in spec.mitigations for model in spec.models_of(row)}
    for model in spec.measured:
        for mitigation in ("none", "off_the_shelf", "supervised_fine_tuning", "task_targeted"):
            assert (mitigation, model) in rows
    kinds = {number.mitigation.partition("_mobilenetv2")[0].partition("_resnet18")[0] for number in published_numbers()}
    ours = {mitigation for mitigation, _ in rows}
    for kind in kinds:
        assert kind in ours or kind in ("multihead_two", "multihead_three")
    heads = [
        len(spec.trainings[row.corrector or ""].model_names)
        for row in spec.mitigations
        if row.mitigation == "multihead"
    ]
    assert heads == [2, 3]


def test_full_is_the_same_study_at_every_quality():
    short, full = world_study(full=False), world_study(full=True)
    assert short["compression"]["qualities"] == [10, 30, 50, 70, 90]
    assert full["compression"]["qualities"] == list(range(10, 91, 10))
    assert {key: value for key, value in short.items() if key != "compression"} == {
        key: value for key, value in full.items() if key != "compression"
    }


def small(full: bool) -> dict[str, Any]:
    content = world_study(full)
    for data in content["data"].values():
        data["size"] = 4
    for training in content["trainings"].values():
        training |= {"steps": 1, "batch": 2}
    content["compression"]["qualities"] = [10]
    return content


@pytest.mark.slow
def test_one_command_makes_every_kind_of_table_and_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verb, "world_study", small)
    done = reproduce(tmp_path / "out", workers=1, threads=1)
    folder = tmp_path / "out"
    for name in ("paper.tex", "fixable.md", "gaps.md"):
        assert (folder / "tables" / name).stat().st_size > 0
    tables = {path.stem for path in (folder / "tables").glob("*.md")}
    figures = {path.stem for path in (folder / "figures").glob("*.pdf")}
    for task in ("classification", "detection", "instance-segmentation", "semantic-segmentation", "forensics"):
        assert any(name.startswith(task) for name in tables), (task, tables)
    assert any("transfer" in name for name in tables), tables
    assert any(name.startswith("throughput") for name in figures)
    assert any(name.startswith("frontier") for name in figures)
    page = done.report.page.read_text()
    assert "Multihead" in page
    assert "Transfer" in page
    with (folder / "throughput.csv").open() as file:
        phases = {row["phase"] for row in csv.DictReader(file)}
    assert phases == {"inference", "training"}
