"""What fit says of its outcome: on pictures that it has not seen, and the same numbers that measure gives."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from small_study import make_model_file, make_pictures
from small_training import thin_corrector

import jpegproof
from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes
from jpegproof.exceptions import JpegproofError
from jpegproof.silence import Silence
from jpegproof.studies.artifacts import stopping_pictures, training_pictures
from jpegproof.studies.study_file import load_study
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.fit import fit

MODEL = "tiny_model.py:build"
OPTIONS = {"steps": 4, "batch": 2, "threads": 1, "start": "thin.safetensors", "learning_rate": 1e-3}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "pictures", count=60)
    make_model_file(tmp_path)
    corrector = thin_corrector(awake=True)
    (tmp_path / "thin.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return tmp_path


def parts(folder):
    """The identities of the pictures that were learned from, that said when to stop, and that judged."""
    spec = load_study(folder / "study.yaml")
    workshop = Workshop(spec, allow_code=True)
    judging = spec.data_of("build")

    def identities(pictures):
        return {workshop.pictures(data).identity(number) for data, number in pictures}

    return (
        identities(training_pictures(spec, workshop, "fit", None)),
        identities(stopping_pictures(spec, workshop, "fit", None)),
        identities([(judging, number) for number in workshop.chosen(judging)]),
        workshop,
    )


def test_what_judges_and_what_stops_is_never_learned_from(place):
    done = fit(MODEL, "pictures", **OPTIONS)
    learned, stopping, judging, _ = parts(done.file.parent)
    assert (len(learned), len(stopping), len(judging)) == (42, 6, 12)
    assert not learned & stopping
    assert not learned & judging
    assert not stopping & judging


def test_no_picture_that_is_held_back_is_opened_by_a_training_step(place, monkeypatch):
    opened = set()
    from jpegproof.training.examples import Examples

    real = Examples.batch

    def batch(self, step, *part):
        found = real(self, step, *part)
        if len(found) == 2:  # held-back pictures come one by one
            opened.update(example.name for example in found)
        return found

    monkeypatch.setattr(Examples, "batch", batch)
    done = fit(MODEL, "pictures", **{**OPTIONS, "steps": 40, "batch": 2})
    _, _, _, workshop = parts(done.file.parent)
    held = {
        workshop.pictures(name).name(number)
        for name in ("pictures (stopping)", "pictures (judging)")
        for number in workshop.chosen(name)
    }
    assert len(held) == 18
    assert opened - {None}
    assert not opened & held


def test_the_tables_numbers_are_those_that_measure_gives_on_the_same_pictures(place):
    done = fit(MODEL, "pictures", **OPTIONS)
    assert done.judged is not None
    spec = load_study(done.file.parent / "study.yaml")
    workshop = Workshop(spec, allow_code=True)
    name = spec.data_of("build")
    (place / "same").mkdir()
    for number in workshop.chosen(name):
        picture = workshop.pictures(name).name(number)
        shutil.copy(place / "pictures" / picture, place / "same" / picture.replace("/", "-"))
    measured = jpegproof.measure(
        MODEL,
        "same",
        qualities=[10, 30, 50, 70, 90],
        correctors=["thin.safetensors", str(done.file)],
        layout="folder",
        threads=1,
    )
    corrector = {"thin": "start", "corrector": "fit", "identity": "identity"}
    expected = {
        (str(row.quality), corrector[row.corrector]): (row.value, row.ci_low, row.ci_high, row.n)
        for row in measured.results
        if row.metric == "agreement" and row.quality is not None
    }
    table = {
        (row.quality, row.corrector): (row.value, row.ci_low, row.ci_high, row.n)
        for row in done.judged.gains
        if row.quality != "mean"
    }
    assert table == expected
    gains = {(row.quality, row.corrector): row for row in done.judged.gains}
    for row in measured.comparisons:
        if row.metric == "agreement" and row.second_mitigation == "task_targeted" and row.first_mitigation == "none":
            new = gains[str(row.quality), "fit"]
            assert (new.gain, new.gain_low, new.gain_high) == (row.difference, row.ci_low, row.ci_high)
    mean = gains["mean", "fit"]
    of_qualities = [gains[str(quality), "fit"].gain or 0.0 for quality in (10, 30, 50, 70, 90)]
    assert mean.gain == pytest.approx(sum(of_qualities) / 5)


def test_a_second_call_answers_the_same_without_training_anew(place):
    first = fit(MODEL, "pictures", **OPTIONS)
    again = fit(MODEL, "pictures", **OPTIONS)
    assert again.seconds == 0
    assert first.judged is not None
    assert again.judged is not None
    assert again.judged.verdict == first.judged.verdict
    assert again.judged.gains == first.judged.gains
    if first.judged.cost is not None and not first.judged.cost.disturbed:
        assert again.judged.cost == first.judged.cost
    assert (again.held_back, again.best_step) == (first.held_back, first.best_step)


def test_the_folder_holds_table_verdict_and_curve(place):
    done = fit(MODEL, "pictures", **OPTIONS)
    assert done.judged is not None
    text = done.judged.file.read_text()
    assert "| mean of these |" in text
    assert "gained over the start" in text
    assert done.judged.cost is not None
    assert done.judged.cost.cured > 0
    curve = list(csv.DictReader((done.file.parent / "training.csv").open()))
    held = {int(row["step"]): float(row["held_back_loss"]) for row in curve if row["held_back_loss"]}
    assert set(held) == {step for step, _ in done.held_back}
    assert curve[0]["loss"] == ""  # nothing is learned before the first step
    assert float(curve[-1]["learning_rate"]) > 0
    assert jpegproof.report(done.file.parent).page.exists()


def test_a_model_that_learns_is_set_beside_itself_and_costs_nothing_in_use(place):
    done = fit(MODEL, "pictures", objective="self_distilled", steps=3, batch=2, threads=1)
    assert done.judged is not None
    assert done.judged.cost is None
    assert done.judged.cells[0] == ["quality", "no cure", "new model", "gained over no cure"]
    assert "no time in use" in done.judged.sentences[-1]
    assert done.judged.verdict.least_gain == 0


def test_a_model_that_learns_behind_a_corrector_is_set_beside_the_corrector_alone(place):
    done = fit(MODEL, "pictures", objective="self_distilled", corrector="thin.safetensors", steps=3, batch=2, threads=1)
    assert done.judged is not None
    assert done.judged.cells[0][1:4] == ["no cure", "thin.safetensors", "new model"]
    assert done.judged.cost is not None


def test_labels_judge_where_labels_are_learned_from(place):
    done = fit(MODEL, "pictures", objective="supervised_fine_tuning", steps=3, batch=2, threads=1)
    assert done.judged is not None
    assert {row.metric for row in done.judged.gains} == {"top1"}


def test_names_of_folders_are_no_classes_where_no_label_is_read(place):
    make_pictures(place / "years", count=60, classes=5)  # the model knows three classes
    assert fit(MODEL, "years", **OPTIONS).judged is not None


def test_statistics_are_judged_and_never_stopped(place):
    done = fit("jpegproof:world-classifier", "pictures", objective="statistics_only", steps=2, batch=2, threads=1)
    assert done.judged is not None
    assert done.held_back == []


def test_restoring_pixels_is_stopped_and_nothing_judges_it(place):
    options = {"steps": 2, "batch": 2, "crop": 32, "start": "thin.safetensors", "threads": 1}
    done = fit(None, "pictures", objective="restore_pixels", **options)
    assert done.judged is None
    assert len(done.held_back) >= 2


def test_too_few_pictures_are_all_learned_from_and_that_is_said(place):
    make_pictures(place / "few", count=20)
    heard: list[str] = []

    class Listening(Silence):
        def warn(self, text):
            heard.append(text)

    done = fit(MODEL, "few", progress=Listening(), **OPTIONS)
    assert any("too few to hold any back" in text for text in heard)
    assert done.judged is None
    assert done.best_step is None
    with pytest.raises(JpegproofError, match=r"too few to hold a share of 0\.3"):
        fit(MODEL, "few", hold_back=0.3, **OPTIONS)


def test_nothing_is_held_back_where_that_is_asked_for(place):
    done = fit(MODEL, "pictures", hold_back=0, **OPTIONS)
    assert (done.judged, done.held_back) == (None, [])
    record = json.loads(next((done.file.parent / "artifacts").glob("*.json")).read_text())
    assert record["pictures"] == 60


@pytest.mark.parametrize("change", [{"hold_back": 1.0}, {"hold_back": -0.1}, {"least_gain": -1}])
def test_shares_and_gains_that_make_no_sense_are_refused(place, change):
    with pytest.raises(JpegproofError, match="makes no sense"):
        fit(MODEL, "pictures", **change, **OPTIONS)


def test_what_never_got_better_is_what_it_began_from_and_that_is_said(place):
    done = fit(MODEL, "pictures", **{**OPTIONS, "learning_rate": 100.0})
    assert done.best_step == 0
    assert done.judged is not None
    assert any("never got better" in text for text in done.judged.sentences)
    by_corrector = {(row.quality, row.corrector): row.value for row in done.judged.gains}
    assert all(by_corrector[quality, "fit"] == by_corrector[quality, "start"] for quality, _ in by_corrector)


def test_the_command_line_ends_with_the_table_and_the_verdict(place, capsys):
    code = main(["fit", MODEL, "pictures", "--steps", "2", "--batch", "2", "--start", "thin.safetensors", "--quiet"])
    told = capsys.readouterr().out
    assert code == 0
    assert "mean of these" in told
    assert "Cost in use:" in told
    assert any(word in told for word in ("Worth its cost", "not worth its cost", "Undecided"))


def test_a_tensorboard_log_is_written_where_it_is_asked_for(place):
    pytest.importorskip("tensorboard")
    done = fit(MODEL, "pictures", tensorboard=True, **OPTIONS)
    assert list((done.file.parent / "tensorboard").rglob("events.out.tfevents.*"))
