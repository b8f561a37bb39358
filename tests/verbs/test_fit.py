"""The verb fit: from a model and a folder to a file that measure takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forensic_folders import biased
from small_study import make_model_file, make_pictures
from small_training import thin_corrector, tiny_model

import jpegproof
from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes, trained_for
from jpegproof.exceptions import JpegproofError
from jpegproof.silence import Silence
from jpegproof.verbs.fit import fit


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "pictures")
    make_model_file(tmp_path)
    corrector = thin_corrector(awake=True)
    (tmp_path / "thin.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return tmp_path


MODEL = "tiny_model.py:build"


def test_a_corrector_is_trained_and_measured(place):
    done = fit(MODEL, "pictures", steps=3, batch=2, start="thin.safetensors", layout="folder", threads=1)
    assert done.file == place.relative_to(place) / "out" / "fit-task_targeted-build-pictures" / "corrector.safetensors"
    assert trained_for(done.file) == "task_targeted"
    assert (done.steps, done.learner) == (3, "corrector")
    measured = jpegproof.measure(
        MODEL, "pictures", qualities=[10], correctors=[f"jpegproof:{done.file}"], out="measured", layout="folder"
    )
    assert {row.mitigation for row in measured.results} == {"none", "task_targeted"}


def test_a_model_is_trained_and_measured(place):
    done = fit(MODEL, "pictures", objective="self_distilled", steps=3, batch=2, layout="folder", threads=1)
    assert done.file.name == "model.safetensors"
    measured = jpegproof.measure(MODEL, "pictures", weights=done.file, qualities=[10], out="measured", layout="folder")
    assert measured.results


def test_what_gives_the_class_away_is_said_before_it_is_learned(place):
    biased(place / "fakes")
    heard: list[str] = []

    class Listening(Silence):
        def warn(self, text):
            heard.append(text)

    fit(
        "jpegproof:world-fake-detector", "fakes", objective="control", steps=1, batch=2, threads=1, progress=Listening()
    )
    assert any("tells real from fake on" in text for text in heard)


def test_a_second_call_trains_nothing_and_says_so(place):
    options = {"steps": 2, "batch": 2, "start": "thin.safetensors", "threads": 1}
    first = fit(MODEL, "pictures", **options)
    before = first.file.read_bytes()

    class NoTraining(Silence):
        def training(self, name, done, total, loss):
            raise AssertionError("trained again")

    again = fit(MODEL, "pictures", progress=NoTraining(), **options)
    assert again.seconds == 0
    assert again.file.read_bytes() == before


def test_an_outcome_of_other_options_is_kept_and_said(place):
    heard: list[str] = []

    class Listening(Silence):
        def warn(self, text):
            heard.append(text)

    options = {"steps": 1, "batch": 2, "start": "thin.safetensors", "threads": 1, "progress": Listening()}
    first = fit(MODEL, "pictures", **options)
    before = first.file.read_bytes()
    fit(MODEL, "pictures", **options)
    assert not any("other options" in note for note in heard)
    second = fit(MODEL, "pictures", learning_rate=0.5, **options)
    assert second.file == first.file
    assert second.file.read_bytes() != before
    (note,) = (note for note in heard if "other options" in note)
    assert Path(note.partition("which is kept as ")[2]).read_bytes() == before


def test_minutes_become_steps_that_are_recorded_and_kept(place):
    options = {"batch": 1, "start": "thin.safetensors", "threads": 1}
    first = fit(MODEL, "pictures", minutes=0.01, **options)
    told = json.loads((first.file.parent / "budget.json").read_text())
    assert told["steps"] == first.steps >= 1
    assert told["minutes"] == 0.01
    # Whatever the machine is doing by now: the recorded count stands, and nothing is trained again.
    again = fit(MODEL, "pictures", minutes=0.01, **options)
    assert (again.steps, again.seconds) == (first.steps, 0)
    assert again.steps == fit(MODEL, "pictures", steps=first.steps, **options).steps


def test_a_model_object_is_trained_through(place):
    done = fit(tiny_model(), "pictures", steps=2, batch=2, start=None, threads=1, out="object")
    assert done.file.exists()


def test_restoring_pixels_needs_no_model(place):
    done = fit(None, "pictures", objective="restore_pixels", steps=2, batch=2, crop=32, start="thin.safetensors")
    assert trained_for(done.file) == "restore_pixels"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"objective": "task_target"}, "Did you mean 'task_targeted'?"),
        ({"steps": 1, "minutes": 1}, "give one of them"),
        ({"minutes": -1}, "above 0"),
        ({"minutes": float("nan")}, "above 0"),
        ({"start": "nothing.safetensors"}, "no such file of a corrector"),
        ({"start": "tiny_model.py"}, "kind of weights file"),
        ({"model": None}, "needs a model"),
        ({"data": "nowhere"}, "no such folder"),
        ({"qualities": "90:10"}, "write the lowest first"),
        ({"qualities": "ten"}, "qualities"),
        ({"batch": 0}, "batch"),
        ({"steps": 0}, "steps"),
        ({"objective": "statistics_only"}, "no batch-norm statistics"),
        ({"objective": "supervised_fine_tuning", "layout": "folder"}, "self_distilled"),
        ({"crop": 32}, "restore_pixels"),
        ({"objective": "control", "corrector": "thin.safetensors"}, "without a corrector"),
        ({"out": "pictures"}, "nothing is written there"),
    ],
)
def test_mistakes_are_answered_in_words(place, change, words):
    options = {"model": MODEL, "data": "pictures", "batch": 2, "start": "thin.safetensors", "threads": 1, **change}
    model, data = options.pop("model"), options.pop("data")
    if "steps" not in change and "minutes" not in change:
        options["steps"] = 2
    with pytest.raises(JpegproofError, match=words.replace("?", r"\?")):
        fit(model, data, **options)


def test_a_bare_network_is_told_of_wrap(place):
    bare: Any = tiny_model().network
    with pytest.raises(JpegproofError, match=r"jpegproof\.wrap\("):
        fit(bare, "pictures")
    with pytest.raises(JpegproofError, match=r"jpegproof\.wrap\("):
        jpegproof.measure(bare, "pictures")


def test_the_command_line_says_what_to_do_next(place, capsys):
    code = main(["fit", MODEL, "pictures", "--steps", "2", "--batch", "2", "--start", "thin.safetensors", "--quiet"])
    told = capsys.readouterr().out
    assert code == 0
    assert "trained now" in told
    assert "jpegproof measure tiny_model.py:build DATA --corrector jpegproof:out/fit" in told


def test_a_tuned_model_of_ours_is_measured_with_its_own_weights(place):
    done = fit("jpegproof:world-classifier", "world", objective="self_distilled", steps=2, limit=8, out="tuned")
    options = {"qualities": [10], "limit": 20}
    plain = jpegproof.measure("jpegproof:world-classifier", "world", out="plain", **options)
    tuned = jpegproof.measure("jpegproof:world-classifier", "world", weights=done.file, out="measured", **options)
    values = [{row.metric: row.value for row in found.results if row.quality == 10} for found in (plain, tuned)]
    assert values[0] != values[1]
