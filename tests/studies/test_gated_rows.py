"""Rows behind the gate: the corrector's answer where the gate opens, the plain picture's where it does not."""

from __future__ import annotations

import pytest
import yaml
from small_study import prediction_files, run_here, study_content
from small_training import thin_corrector

from jpegproof.correctors.default import corrector_bytes
from jpegproof.correctors.gate import Gate
from jpegproof.exceptions import JpegproofError, StudyFileError
from jpegproof.studies.plan import make_plan
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import load_study, with_absolute_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.measure import measure

CORRECTED = {"mitigation": "off_the_shelf", "corrector": "ours"}
GATED = {"mitigation": "gated", "corrector": "ours"}


@pytest.fixture
def content(tmp_path):
    """A study whose corrector changes pictures, with the corrector as it is and behind the gate."""
    content = study_content(tmp_path, qualities=[10, 95])
    corrector = thin_corrector(awake=True)
    (tmp_path / "ours.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    content["correctors"] = {"ours": {"from": "jpegproof", "weights": "ours.safetensors"}}
    content["mitigations"] = ["none", CORRECTED, GATED]
    return content


def spec_of(content, folder) -> StudySpec:
    return with_absolute_paths(StudySpec.model_validate(content), folder)


def test_a_gated_row_is_the_corrected_one_where_the_gate_opens_and_the_plain_one_where_not(content, tmp_path):
    run_here(spec_of(content, tmp_path), tmp_path / "out")
    plan = make_plan(spec_of(content, tmp_path), Workshop(spec_of(content, tmp_path), allow_code=True))
    files = prediction_files(tmp_path / "out")
    found = {}
    for cell in plan.cells:
        edge, compression = plan.edges[cell.edge], plan.compressions[cell.compression]
        found[edge.mitigation, compression.quality] = files[f"{cell.name}.parquet"]
    for quality, like in ((10, "off_the_shelf"), (95, "none")):
        assert found["gated", quality] == found[like, quality]
    for quality in (10, 95):
        assert found["none", quality] != found["off_the_shelf", quality]


def rows_by_model(content, folder) -> dict[tuple[str, str], bytes]:
    """The predictions at the study's one quality, by model and row."""
    run_here(spec_of(content, folder), folder / "out")
    plan = make_plan(spec_of(content, folder), Workshop(spec_of(content, folder), allow_code=True))
    files = prediction_files(folder / "out")
    edges = [(plan.edges[cell.edge], cell) for cell in plan.cells if cell.compression]
    return {(edge.model, edge.mitigation): files[f"{cell.name}.parquet"] for edge, cell in edges}


@pytest.fixture
def shut_for_small_pictures(monkeypatch) -> list[float]:
    """A gate that opens at quality 50 but not where pictures are then shrunk by 4; the downscales that it hears."""
    heard: list[float] = []

    class Listening(Gate):
        def admits(self, image, downscale=1.0):
            heard.append(downscale)
            return super().admits(image, downscale)

    for module in ("correctors.gate", "studies.plan"):
        monkeypatch.setattr(f"jpegproof.{module}.gate_for", lambda _: Listening(((1.0, 60.0), (2.0, 60.0), (4.0, 0))))
    return heard


def test_the_gate_is_told_by_how_much_each_model_shrinks_its_pictures(content, tmp_path, shut_for_small_pictures):
    content["compression"] = {"qualities": [50]}
    content["models"]["small"] = {"from": "tiny_model.py:build", "preparation": {"resize": 10, "crop": [10, 10]}}
    files = rows_by_model(content, tmp_path)
    assert files["tiny", "gated"] == files["tiny", "off_the_shelf"] != files["tiny", "none"]
    assert files["small", "gated"] == files["small", "none"] != files["small", "off_the_shelf"]
    assert sorted(set(shut_for_small_pictures)) == pytest.approx([1.25, 5])


def test_models_that_shrink_alike_share_a_correction_behind_the_gate(content, tmp_path, shut_for_small_pictures):
    content["compression"] = {"qualities": [50]}
    content["models"]["narrow"] = {"from": "tiny_model.py:build", "preparation": {"crop": [24, 24]}}
    files = rows_by_model(content, tmp_path)
    assert len(shut_for_small_pictures) == 6  # pictures, not pictures times models
    for model in ("tiny", "narrow"):
        assert files[model, "gated"] == files[model, "off_the_shelf"]


def test_pictures_that_were_shrunk_before_they_were_compressed_are_shrunk_no_more(
    content, tmp_path, shut_for_small_pictures
):
    content["compression"] = {"qualities": [50], "stage": "input"}
    content["models"]["tiny"]["preparation"] = {"resize": 10, "crop": [10, 10]}
    files = rows_by_model(content, tmp_path)
    assert set(shut_for_small_pictures) == {1.0}
    assert files["tiny", "gated"] == files["tiny", "off_the_shelf"]


def test_another_gate_gives_other_cells(content, tmp_path, monkeypatch):
    def names():
        spec = spec_of(content, tmp_path)
        plan = make_plan(spec, Workshop(spec, allow_code=True))
        return {
            mitigation: {cell.name for cell in plan.cells if plan.edges[cell.edge].mitigation == mitigation}
            for mitigation in ("none", "off_the_shelf", "gated")
        }

    before = names()
    monkeypatch.setattr("jpegproof.studies.plan.gate_for", lambda _: Gate(((1.0, 33.0),)))
    after = names()
    assert before["gated"].isdisjoint(after["gated"])
    assert before["none"] == after["none"]
    assert before["off_the_shelf"] == after["off_the_shelf"]


def test_a_gate_without_a_corrector_is_a_mistake(content, tmp_path):
    content["mitigations"] = ["none", {"mitigation": "gated"}]
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(StudyFileError, match="gated needs a corrector"):
        load_study(file)
    with pytest.raises(JpegproofError, match="a gate stands before a corrector"):
        measure("jpegproof:world-classifier", "world", gate=True)


def test_measure_adds_a_gated_row_for_each_corrector(tmp_path):
    done = measure(
        "jpegproof:world-classifier",
        "world",
        limit=2,
        qualities=[95],
        correctors=["default"],
        gate=True,
        out=tmp_path / "out",
    )
    rows = {(row.mitigation, row.corrector): row.value for row in done.results if row.metric == "agreement"}
    assert {("off_the_shelf", "default"), ("gated", "default")} <= set(rows)
