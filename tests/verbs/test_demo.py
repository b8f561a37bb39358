"""The demo: every cure that needs no second model, on generated pictures."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from jpegproof.exceptions import JpegproofError
from jpegproof.studies.spec import MITIGATIONS
from jpegproof.studies.study_file import load_study
from jpegproof.verbs import demo as verb
from jpegproof.verbs.demo import demo, demo_study

# Rows that need a second model, or a gate.
ELSEWHERE = {"transfer", "multihead", "gated"}


def hurried(pictures: int) -> dict[str, Any]:
    """The demo with trainings of two steps."""
    content = demo_study(pictures)
    content["data"]["training"]["size"] = 64
    for training in content["trainings"].values():
        training |= {"steps": 2, "batch": 4}
    return {**content, "compression": {"qualities": [10, 50]}}


def test_the_demo_is_a_study_without_mistakes_that_shows_every_row_of_one_model(tmp_path):
    file = tmp_path / "demo.yaml"
    file.write_text(yaml.safe_dump(demo_study(1000)))
    spec = load_study(file)
    assert {row.mitigation for row in spec.mitigations} == set(MITIGATIONS) - ELSEWHERE


def test_the_demo_measures_trains_and_reports(tmp_path, monkeypatch):
    monkeypatch.setattr(verb, "demo_study", hurried)
    done = demo(tmp_path / "demo", pictures=12)
    assert {row.mitigation for row in done.results} == set(MITIGATIONS) - ELSEWHERE
    assert {row.mitigation for row in done.gaps} == set(MITIGATIONS) - ELSEWHERE - {"none"}
    page = done.page.read_text()
    assert "These pictures are generated" in page
    assert "Task-Targeted Artifact Correction" in page
    again = demo(tmp_path / "demo", pictures=12)
    assert again.results == done.results


def test_no_pictures_are_no_demo(tmp_path):
    with pytest.raises(JpegproofError, match="1 or more"):
        demo(tmp_path, pictures=0)
