"""The way of pictures along edges, stopped before the model is asked."""

from __future__ import annotations

import pytest
import torch
from small_study import run_here, study_content

from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.studies.folds import fold_of
from jpegproof.studies.passage import Passage
from jpegproof.studies.plan import Edge
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop

TUNED = Edge("tiny", "supervised_fine_tuning", "identity", "tuned")


@pytest.fixture(scope="module")
def passage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Passage, Workshop]:
    """All pictures of a study with a corrector and a network that is fine-tuned in two folds."""
    folder = tmp_path_factory.mktemp("passage")
    content = study_content(folder, qualities=[10], corrector=True)
    content["data"]["pictures"]["folds"] = 2
    content["models"]["tiny"]["data"] = "pictures"
    content["trainings"] = {
        "tuned": {
            "data": "pictures",
            "model": "tiny",
            "objective": "supervised_fine_tuning",
            "steps": 2,
            "batch": 2,
            "learning_rate": 0.1,
            "precision": "float32",
        }
    }
    content["mitigations"].append({"mitigation": "supervised_fine_tuning", "tuned": "tuned"})
    spec = with_absolute_paths(StudySpec.model_validate(content), folder)
    plan = run_here(spec, folder / "out").plan
    workshop = Workshop(spec, allow_code=True)
    workshop.use(artifact_paths(plan.artifacts, Store(folder / "out")))
    return Passage(plan, workshop, "pictures", range(6)), workshop


def test_the_inputs_are_those_that_the_answers_come_of(passage: tuple[Passage, Workshop]):
    way, workshop = passage
    edges = [Edge("tiny", "none", "identity"), Edge("tiny", "off_the_shelf", "dncnn"), TUNED]
    task = workshop.model("tiny").task
    sources = way.read()
    for compression in (ORIGINAL, Compression(quality=10)):
        asked = [edge for edge in edges if edge.mitigation != "off_the_shelf" or not compression.is_original]
        answers = {one.edge: one for one in way.take(sources, compression, asked, lambda edge: {1: "left out"})}
        assert set(answers) == set(asked)
        for arrived in way.bring(sources, compression, asked, lambda edge: {1: "left out"}):
            wanted = answers[arrived.edge]
            assert list(arrived.inputs) == wanted.rows == [0, 2, 3, 4, 5]
            assert arrived.skipped == wanted.skipped == {1: "left out"}
            for place, (row, item) in enumerate(arrived.inputs.items()):
                batch = way.batch_of(arrived.edge, {row: item})
                assert batch.names == (way.names[row],)
                said = task.answer(way.model_for(arrived.edge, row).network, batch)
                torch.testing.assert_close(said[0], wanted.answer[place])


def test_a_cross_fitted_network_is_the_one_that_has_not_seen_the_picture(passage: tuple[Passage, Workshop]):
    way, workshop = passage
    folds = [fold_of(name, 2) for name in way.names]
    assert set(folds) == {0, 1}
    for row, fold in enumerate(folds):
        assert way.model_for(TUNED, row) is workshop.trained_model("tuned", fold)
    assert workshop.trained_model("tuned", 0) is not workshop.trained_model("tuned", 1)
    assert way.model_for(Edge("tiny", "none", "identity"), 0) is workshop.model("tiny")
