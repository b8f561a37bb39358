"""Trainings of a study: known before they are done, done once, and never measured on what they have seen."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from small_study import make_pictures, prediction_files, run_here, study_content
from small_training import thin_corrector
from test_kill_and_resume import finish, start, wait_for

from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import DataError, ModelError, StudyFileError
from jpegproof.silence import Silence
from jpegproof.studies.artifacts import training_pictures
from jpegproof.studies.engine import Hands
from jpegproof.studies.folds import fold_of
from jpegproof.studies.plan import load_plan, make_plan
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import dump_study, load_study, with_absolute_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.report import report

FOLDED = ("targeted", "tuned", "distilled", "control", "statistics", "both")
SHORT = {"steps": 2, "batch": 2, "learning_rate": 0.01, "precision": "float32"}


def content_with_trainings(folder: Path, **changes: Any) -> dict[str, Any]:
    """A study with every kind of training, cross-fitted on its six pictures."""
    content = study_content(folder)
    corrector = thin_corrector(awake=True)
    (folder / "start.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    (folder / "normed.py").write_text(NORMED)
    content["data"] = {"pictures": {"path": "pictures", "folds": 2}, "world": {"world": "train", "size": 12}}
    content["data"]["held"] = {"world": "val", "size": 5}
    content["models"] = {"tiny": {"from": "normed.py:build", "data": "pictures"}}
    content["correctors"] = {"start": {"from": "jpegproof", "weights": "start.safetensors"}}
    of_model = {"data": "pictures", "model": "tiny", **SHORT}
    content["trainings"] = {
        "restored": {"objective": "restore_pixels", "start": "start", "data": "world", "crop": 32, **SHORT},
        "targeted": {**of_model, "objective": "task_targeted", "start": "restored", "data": ["pictures", "world"]},
        "tuned": {**of_model, "objective": "supervised_fine_tuning"},
        "distilled": {**of_model, "objective": "self_distilled", "stop_on": "held"},
        "control": {**of_model, "objective": "control"},
        "statistics": {**of_model, "objective": "statistics_only"},
        "both": {**of_model, "objective": "self_distilled", "corrector": "targeted"},
        "unused": {**of_model, "objective": "control", "steps": 7},
    }
    content["mitigations"] = [
        "none",
        {"mitigation": "off_the_shelf", "corrector": "restored"},
        {"mitigation": "task_targeted", "corrector": "targeted"},
        {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
        {"mitigation": "self_distilled", "tuned": "distilled"},
        {"mitigation": "control", "tuned": "control"},
        {"mitigation": "statistics_only", "tuned": "statistics"},
        {"mitigation": "both", "corrector": "targeted", "tuned": "both"},
    ]
    return {**content, **changes}


NORMED = """
import torch
from jpegproof import ResizeCrop, wrap


def build():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 5, stride=4), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 10),
    )
    return wrap(network, prepare=ResizeCrop(40, (32, 32)))
"""


TIED = """
import torch
from jpegproof import ResizeCrop, wrap


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 3, 3)
        self.again = self.first
        self.head = torch.nn.Linear(3, 10)

    def get_extra_state(self):
        return "more than tensors"

    def set_extra_state(self, state):
        pass

    def forward(self, batch):
        return self.head(self.again(self.first(batch)).mean((2, 3)))


def build():
    torch.manual_seed(0)
    return wrap(Tied(), prepare=ResizeCrop(40, (32, 32)))
"""


def spec_of(content: dict[str, Any], folder: Path) -> StudySpec:
    return with_absolute_paths(StudySpec.model_validate(content), folder)


@pytest.fixture
def content(tmp_path):
    made = content_with_trainings(tmp_path)
    make_pictures(tmp_path / "ten", classes=10, count=10)
    made["data"]["pictures"]["path"] = "ten"
    return made


def trained_files(out: Path) -> dict[str, tuple[int, bytes]]:
    files = (out / "artifacts").glob("*.safetensors")
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_the_whole_plan_is_known_before_anything_is_trained(tmp_path, content):
    spec = spec_of(content, tmp_path)
    plan = make_plan(spec, Workshop(spec, allow_code=True))
    trained = [(artifact.training, artifact.fold) for artifact in plan.artifacts]
    assert trained == [
        ("restored", None),
        *((name, fold) for name in FOLDED for fold in (0, 1)),
    ]
    by_place = {(artifact.training, artifact.fold): artifact for artifact in plan.artifacts}
    assert by_place["targeted", 1].needs == (by_place["restored", None].name,)
    assert by_place["both", 0].needs == (by_place["targeted", 0].name,)
    assert len({artifact.name for artifact in plan.artifacts}) == len(trained)
    run = run_here(spec, tmp_path / "out")
    assert run.plan == plan
    assert load_plan(tmp_path / "out" / "plan.json") == plan
    assert {file.removesuffix(".safetensors") for file in trained_files(tmp_path / "out")} == {
        artifact.name for artifact in plan.artifacts
    }
    assert not list((tmp_path / "out" / "artifacts").rglob("*.pt"))


def test_a_finished_training_is_not_done_again(tmp_path, content):
    spec, out = spec_of(content, tmp_path), tmp_path / "out"
    assert run_here(spec, out).trained == 13
    before = trained_files(out)
    again = run_here(spec, out)
    assert (again.trained, again.computed) == (0, 0)
    assert trained_files(out) == before


def test_a_corrector_for_several_models_has_a_row_for_each_of_them(tmp_path, content):
    content["models"]["crop"] = {"from": "normed.py:build", "data": "pictures", "preparation": {"resize": 44}}
    content["models"]["other"] = {"from": "normed.py:build", "data": "pictures", "preparation": {"resize": 48}}
    content["trainings"]["shared"] = {**content["trainings"]["targeted"], "model": ["tiny", "crop"]}
    content["mitigations"] = [
        "none",
        {"mitigation": "multihead", "corrector": "shared"},
        {"mitigation": "task_targeted", "corrector": "targeted"},
        {"mitigation": "transfer", "corrector": "targeted"},
    ]
    spec = spec_of(content, tmp_path)
    run = run_here(spec, tmp_path / "out")
    rows = [(edge.mitigation, edge.model) for edge in run.plan.edges if edge.mitigation != "none"]
    assert rows == [
        ("multihead", "tiny"),
        ("multihead", "crop"),
        ("task_targeted", "tiny"),
        ("transfer", "crop"),
        ("transfer", "other"),
    ]
    names = {artifact.training: artifact.name for artifact in run.plan.artifacts}
    resolved = load_study(tmp_path / "out" / "study.yaml")
    assert make_plan(resolved, Workshop(resolved, allow_code=True)).artifacts == run.plan.artifacts
    content["trainings"]["shared"]["balance"] = "damage"
    spec = spec_of(content, tmp_path)
    changed = {
        artifact.training: artifact.name for artifact in make_plan(spec, Workshop(spec, allow_code=True)).artifacts
    }
    assert changed["shared"] != names["shared"]
    assert changed["targeted"] == names["targeted"]


def test_a_list_of_one_model_is_that_model(tmp_path, content):
    spec = spec_of(content, tmp_path)
    before = make_plan(spec, Workshop(spec, allow_code=True)).artifacts
    content["trainings"]["targeted"]["model"] = ["tiny"]
    spec = spec_of(content, tmp_path)
    assert make_plan(spec, Workshop(spec, allow_code=True)).artifacts == before


def test_a_row_added_later_trains_and_computes_itself_alone(tmp_path, content):
    out = tmp_path / "out"
    rows = content["mitigations"]
    fewer = spec_of({**content, "mitigations": rows[:3]}, tmp_path)
    first = run_here(fewer, out)
    second = run_here(spec_of(content, tmp_path), out)
    whole = run_here(spec_of(content, tmp_path), tmp_path / "whole")
    assert first.trained + second.trained == whole.trained
    assert first.computed + second.computed == whole.computed
    assert prediction_files(out) == prediction_files(tmp_path / "whole")


def test_two_processes_end_with_the_files_of_one(tmp_path, content):
    spec = spec_of(content, tmp_path)
    run_here(spec, tmp_path / "one")
    run_study(spec, tmp_path / "two", Hands("cpu", workers=2, threads=1), allow_code=True)
    one, two = (trained_files(tmp_path / name) for name in ("one", "two"))
    assert {name: data for name, (_, data) in one.items()} == {name: data for name, (_, data) in two.items()}
    assert prediction_files(tmp_path / "one") == prediction_files(tmp_path / "two")


def test_each_change_of_a_training_makes_another_artifact(tmp_path, content):
    def names(**changes):
        changed = {**content, "trainings": {**content["trainings"]}}
        changed["trainings"]["targeted"] = {**changed["trainings"]["targeted"], **changes}
        spec = spec_of(changed, tmp_path)
        return {a.name for a in make_plan(spec, Workshop(spec, allow_code=True)).artifacts if a.training == "targeted"}

    found = [names(), names(steps=3), names(learning_rate=0.02), names(qualities="10:50"), names(seed=1)]
    found += [names(batch=3), names(start=None), names(data="world"), names(augment="none")]
    assert all(not first & second for place, first in enumerate(found) for second in found[:place])


def test_labels_are_part_of_what_names_a_training_that_reads_them_and_of_no_other(tmp_path, content):
    def names():
        spec = spec_of(content, tmp_path)
        return {(a.training, a.fold): a.name for a in make_plan(spec, Workshop(spec, allow_code=True)).artifacts}

    before = names()
    folders = sorted((tmp_path / "ten").iterdir())
    picture = next(folders[0].iterdir())
    fold = fold_of(f"{folders[0].name}/{picture.name}", 2)
    moved = next(n for n in (f"moved{i}.png" for i in range(50)) if fold_of(f"{folders[1].name}/{n}", 2) == fold)
    picture.rename(folders[1] / moved)
    Image.fromarray(np.full((50, 60, 3), 77, np.uint8)).save(folders[0] / "other.png")
    content["data"]["pictures"] |= {"layout": "image_folder"}
    assert names()["tuned", 0] != before["tuned", 0]


def test_no_picture_is_measured_with_what_has_seen_it(tmp_path, content):
    """Each fold's artifact learns from all pictures but the fold's."""
    spec = spec_of(content, tmp_path)
    workshop = Workshop(spec, allow_code=True)
    plan = make_plan(spec, workshop)
    pictures = workshop.pictures("pictures")
    for artifact in plan.artifacts:
        if artifact.fold is None:
            continue
        seen = training_pictures(spec, workshop, artifact.training, artifact.fold)
        own = [number for data, number in seen if data == "pictures"]
        assert own
        assert all(fold_of(pictures.name(number), 2) != artifact.fold for number in own)
    both = [training_pictures(spec, workshop, "tuned", fold) for fold in (0, 1)]
    assert sorted(both[0] + both[1]) == [("pictures", number) for number in range(len(pictures))]


def test_a_fold_is_measured_with_its_own_artifact(tmp_path, content):
    """Swapping the two artifacts of a training must change the predictions, fold by fold."""
    content["mitigations"] = ["none", content["mitigations"][3]]
    spec, out = spec_of(content, tmp_path), tmp_path / "out"
    plan = run_here(spec, out).plan
    before = prediction_files(out)
    store = Store(out)
    first, second = (store.artifact(artifact.name) for artifact in plan.artifacts)
    assert first.read_bytes() != second.read_bytes()
    for suffix in (".safetensors", ".json"):  # the record too, whose digest would tell of the swap
        one, two = (path.with_suffix(suffix) for path in (first, second))
        was = one.read_bytes()
        one.write_bytes(two.read_bytes())
        two.write_bytes(was)
    tuned = next(number for number, edge in enumerate(plan.edges) if edge.tuned)
    for cell in plan.cells:
        if cell.edge == tuned:
            store.path(cell.name).unlink()
    run_here(spec, out)
    after = prediction_files(out)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"{cell.name}.parquet" for cell in plan.cells if cell.edge == tuned}


def test_a_copy_of_a_measured_picture_under_another_name_is_a_leak_too(tmp_path, content):
    first = tmp_path / "ten" / "class0" / "000.png"
    fold = fold_of("class0/000.png", 2)
    other = next(f"copy{n}.png" for n in range(50) if fold_of(f"class0/copy{n}.png", 2) != fold)
    (first.parent / other).write_bytes(first.read_bytes())
    with pytest.raises(DataError, match="a copy of"):
        run_here(spec_of(content, tmp_path), tmp_path / "out")


def test_data_cut_into_different_folds_cannot_be_learned_from_together(tmp_path, content):
    make_pictures(tmp_path / "others", count=12, height=60)
    content["data"]["others"] = {"path": "others", "folds": 3}
    content["trainings"]["targeted"]["data"] = ["pictures", "others"]
    with pytest.raises(DataError, match="different folds"):
        run_here(spec_of(content, tmp_path), tmp_path / "out")


def test_labels_that_are_not_the_models_classes_are_refused_before_training(tmp_path, content):
    make_pictures(tmp_path / "three", height=64)
    content["data"]["three"] = {"path": "three"}
    content["trainings"]["tuned"]["data"] = "three"
    content["mitigations"] = ["none", content["mitigations"][3]]
    with pytest.raises(ModelError, match="3 classes but the model answers with 10"):
        run_here(spec_of(content, tmp_path), tmp_path / "out")


def test_tied_weights_and_extra_state_survive_being_stored(tmp_path, content):
    (tmp_path / "normed.py").write_text(TIED)
    content["mitigations"] = ["none", content["mitigations"][3]]
    run = run_here(spec_of(content, tmp_path), tmp_path / "out")
    assert run.trained == 2


@pytest.mark.parametrize("via", ["itself", "its start"])
def test_learning_from_what_is_measured_is_refused(tmp_path, content, via):
    del content["data"]["pictures"]["folds"]
    content["data"]["copy"] = {"path": "ten"}  # another name for the same pictures
    content["trainings"]["restored"]["data"] = "copy" if via == "its start" else "world"
    content["trainings"]["targeted"]["data"] = "copy" if via == "itself" else "world"
    content["mitigations"] = ["none", {"mitigation": "task_targeted", "corrector": "targeted"}]
    spec = spec_of(content, tmp_path)
    with pytest.raises(DataError, match="folds: 2") as caught:
        run_here(spec, tmp_path / "out")
    assert ("'targeted'" if via == "itself" else "'restored'") in str(caught.value)


def test_a_training_that_stops_on_what_it_learns_from_is_refused(tmp_path, content):
    content["data"]["copy"] = {"path": "ten"}
    content["trainings"]["distilled"]["stop_on"] = "copy"
    with pytest.raises(DataError, match="which is to say when it stops"):
        run_here(spec_of(content, tmp_path), tmp_path / "out")


def test_what_says_when_to_stop_may_not_be_measured(tmp_path, content):
    content["data"]["copy"] = {"path": "ten"}
    content["trainings"]["distilled"] |= {"data": "world", "stop_on": "copy"}
    content["mitigations"] = ["none", {"mitigation": "self_distilled", "tuned": "distilled"}]
    with pytest.raises(DataError, match="on which tiny is measured"):
        run_here(spec_of(content, tmp_path), tmp_path / "out")


def test_what_stops_a_training_is_part_of_what_names_it(tmp_path, content):
    def name():
        spec = spec_of(content, tmp_path)
        made = make_plan(spec, Workshop(spec, allow_code=True)).artifacts
        return next(artifact.name for artifact in made if artifact.training == "distilled")

    found = [name()]
    for change in ({"patience": 3}, {"stop_on": "world2"}, {"stop_on": None}):
        content["data"]["world2"] = {"world": "val", "size": 6}
        content["trainings"]["distilled"] |= change
        found.append(name())
    assert len(set(found)) == 4


def test_a_folder_is_cut_in_three_in_a_study_file_too(tmp_path, content):
    make_pictures(tmp_path / "sixty", count=60, height=56)
    parts = ("learning", "stopping", "judging")
    content["data"] = {part: {"path": "sixty", "layout": "folder", "split": {"part": part}} for part in parts}
    content["models"]["tiny"]["data"] = "judging"
    training = {"objective": "self_distilled", "model": "tiny", "data": "learning", "stop_on": "stopping", **SHORT}
    content["trainings"], content["correctors"] = {"distilled": training}, {}
    content["mitigations"] = ["none", {"mitigation": "self_distilled", "tuned": "distilled"}]
    spec = spec_of(content, tmp_path)
    run = run_here(spec, tmp_path / "out")
    assert run.plan.data["judging"].pictures == 12
    (artifact,) = run.plan.artifacts
    assert artifact.pictures == 42
    assert load_study(tmp_path / "out" / "study.yaml") == spec


def test_a_tuned_model_is_compared_with_the_model_it_began_as(tmp_path, content):
    run_here(spec_of(content, tmp_path), tmp_path / "out")
    numbers = report(tmp_path / "out").results
    on_originals = {row.mitigation: row for row in numbers if row.quality is None and row.metric == "distance"}
    # The model itself has no distance to itself; a tuned one has moved away even on the originals.
    assert "none" not in on_originals
    moved = on_originals["supervised_fine_tuning"].value
    assert moved is not None
    assert moved > 0
    assert "off_the_shelf" not in {row.mitigation for row in numbers if row.quality is None}


def test_every_cure_has_its_share_of_the_gap(tmp_path, content):
    content["compression"] = {"qualities": [5, 10, 20]}
    run_here(spec_of(content, tmp_path), tmp_path / "out")
    done = report(tmp_path / "out")
    assert {row.mitigation for row in done.gaps} == {
        row["mitigation"] for row in content["mitigations"] if isinstance(row, dict)
    }
    assert {row.quality for row in done.gaps} == {"5", "10", "20", "10+20"}
    assert (tmp_path / "out" / "gaps.csv").read_text().startswith("task,dataset,slice,model,metric,mitigation")
    assert "What each cure gives back" in done.page.read_text()
    assert "lost without a cure" in (tmp_path / "out" / "tables" / "gaps.md").read_text()


def test_progress_hears_of_every_training(tmp_path, content):
    class Listening(Silence):
        def training(self, name: str, done: int, total: int, loss: float) -> None:
            heard.append((name, done, total))

    heard: list[tuple[str, int, int]] = []
    run_here(spec_of(content, tmp_path), tmp_path / "out", progress=Listening())
    assert ("targeted, fold 2", 2, 2) in heard
    assert ("restored", 2, 2) in heard


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"trainings.targeted.model": "tinny"}, "Did you mean 'tiny'?"),
        ({"trainings.targeted.model": None}, "task_targeted needs model: one of tiny"),
        ({"trainings.targeted.data": "nothing"}, "data set 'nothing' is not defined"),
        ({"trainings.targeted.start": "strat"}, "Did you mean 'start'?"),
        ({"trainings.targeted.corrector": "start"}, "use start"),
        ({"trainings.targeted.width": 16}, "begins untrained"),
        ({"trainings.tuned.start": "start"}, "a model begins where it is"),
        ({"trainings.tuned.crop": 32}, "is for restore_pixels"),
        ({"trainings.control.corrector": "start"}, "control stands without a corrector"),
        ({"trainings.restored.start": "targeted"}, "builds on itself"),
        ({"trainings.restored.model": "tiny"}, "knows no model"),
        ({"trainings.tuned.qualities": "90:10"}, "write the lowest first"),
        ({"trainings.tuned.steps": 0}, "greater than or equal to 1"),
        ({"trainings.tuned.objective": "fine_tune"}, "Known: restore_pixels, task_targeted"),
        ({"mitigations.2.corrector": "tuned"}, "corrector 'tuned' is not defined"),
        ({"mitigations.2.corrector": None}, "task_targeted needs a corrector"),
        ({"mitigations.3.tuned": "targeted"}, "training of a model 'targeted' is not defined"),
        ({"mitigations.3.tuned": None}, "needs a training of the model"),
        ({"mitigations.3.corrector": "start"}, "is a row without corrector"),
        ({"mitigations.1.tuned": "tuned"}, "is a row without tuned"),
        ({"mitigations.5.mitigation": "supervised_fine_tuning"}, "could not tell them apart"),
        ({"trainings.distilled.stop_on": "hold"}, "Did you mean 'held'?"),
        ({"trainings.statistics.stop_on": "held"}, "has nothing to stop"),
        ({"trainings.tuned.patience": 3}, "name them with stop_on"),
        ({"trainings.tuned.model": ["tiny", "other"]}, "model 'other' is not defined"),
        ({"trainings.targeted.model": ["tiny", "tiny"]}, "names a model twice"),
        ({"trainings.tuned.model": ["tiny", "tiny"]}, "several share a corrector with task_targeted"),
        ({"trainings.targeted.balance": "damage"}, "is for a training through several models"),
        ({"mitigations.2.mitigation": "multihead"}, "is not through several models"),
        ({"trainings.targeted.model": ["tiny", "tiny"]}, "call the row multihead"),
        ({"models.tiny.measured": False}, "has no model that is measured"),
        ({"models.tiny.measured": False}, "has no rows"),
        ({"correctors.start": {"from": "spandrel", "weights": "start.safetensors"}}, "cannot learn here"),
    ],
)
def test_mistakes_in_trainings_are_told_before_anything_runs(tmp_path, content, change, words):
    for path, value in change.items():
        holder: Any = content
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            holder = holder[step]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(StudyFileError) as caught:
        load_study(file)
    assert words in str(caught.value)


def test_a_study_with_trainings_reads_back_from_its_resolved_file(tmp_path, content):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    spec = load_study(tmp_path / "study.yaml")
    (tmp_path / "resolved.yaml").write_text(dump_study(spec))
    assert load_study(tmp_path / "resolved.yaml") == spec


@pytest.mark.slow
def test_kills_in_the_middle_of_trainings_change_no_byte(tmp_path, content):
    make_pictures(tmp_path / "ten", classes=10, count=20, height=200, width=260)
    for training in content["trainings"].values():
        training["steps"] = 24
    file, out = tmp_path / "study.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(content))
    finish(start(file, tmp_path / "undisturbed"))
    expected = {name: data for name, (_, data) in trained_files(tmp_path / "undisturbed").items()}
    kills = 0
    for moment in range(6):
        before = trained_files(out)
        process = start(file, out)
        wait_for(
            lambda known=before, running=process: len(trained_files(out)) > len(known) or running.poll() is not None
        )
        time.sleep(0.05 * moment)
        if process.poll() is not None:  # a fast machine was through before the blow
            break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        assert before.items() <= trained_files(out).items(), "a finished training was done again"
    assert kills >= 3, "it ended before it could be killed: it is too small for this test"
    finish(start(file, out))
    assert {name: data for name, (_, data) in trained_files(out).items()} == expected
    assert prediction_files(out) == prediction_files(tmp_path / "undisturbed")


def test_the_plan_says_how_long_the_trainings_take_and_trains_nothing(tmp_path, content, capsys):
    file, out = tmp_path / "study.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(content))
    code = main(["study", str(file), "--out", str(out), "--plan", "--allow-code", "--workers", "1"])
    told = capsys.readouterr().out
    assert code == 0
    assert "13 trainings, 13 still to do: " in told
    assert "tiny (both) <- targeted (both)" in told
    assert not out.exists()
