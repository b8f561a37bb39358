"""What breaks while a study runs: what the user sees, what is lost (nothing that was finished), how it goes on."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from failing_units import fail
from small_study import HERE, MODEL_FILE, prediction_files, run_here, study_content, study_spec

from jpegproof.cli.main import main
from jpegproof.exceptions import DamagedPredictionsError, ModelError, StoreError
from jpegproof.silence import Silence
from jpegproof.studies import plan as plans
from jpegproof.studies.failed_units import FAILED_FILE
from jpegproof.studies.logs import LOG_FILE
from jpegproof.studies.plan import load_plan
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.run import run_study
from jpegproof.studies.store import Store
from jpegproof.studies.study_log import units_now
from jpegproof.verbs.report import report
from jpegproof.verbs.study import study


class Heard(Silence):
    """Remembers what the user would be told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.counts: list[tuple[int, int, int, int]] = []

    def warn(self, text: str) -> None:
        self.notes.append(text)

    def units(self, done: int, running: int, failed: int, total: int) -> None:
        self.counts.append((done, running, failed, total))


@pytest.fixture
def three_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six pictures make three units."""
    monkeypatch.setattr(plans, "SHARD_PICTURES", 2)


def written(folder: Path, **changes: Any) -> Path:
    """A study file on disk."""
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(study_content(folder, **changes)))
    return file


def a_file(out: Path, compression: int) -> Path:
    """The prediction file of the first unit at one of the compressions."""
    cell = next(cell for cell in load_plan(out / "plan.json").cells if cell.compression == compression)
    return Store(out).path(cell.name)


def spoil(path: Path) -> None:
    """Turns one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def events(out: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (out / LOG_FILE).read_text().splitlines()]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.999])
def test_one_wrong_bit_anywhere_in_a_prediction_file_is_seen(tmp_path, share):
    run_here(study_spec(tmp_path), tmp_path / "out")
    path = a_file(tmp_path / "out", 1)
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 1
    with pytest.raises(DamagedPredictionsError, match="run the study again"):
        read_predictions(bytes(content), str(path))


@pytest.mark.parametrize("compression", [0, 1])
def test_damaged_predictions_are_set_aside_and_made_anew_byte_for_byte(tmp_path, compression):
    file, out, heard = written(tmp_path), tmp_path / "out", Heard()
    study(file, out, allow_code=True)
    before, path = prediction_files(out), a_file(out, compression)
    spoil(path)
    with pytest.raises(DamagedPredictionsError, match="run the study again"):
        report(out)
    made = study(file, out, allow_code=True, progress=heard)
    assert prediction_files(out) == before
    assert made.missing_cells == 0
    assert any("1 prediction files were damaged" in note for note in heard.notes)
    assert len(list((out / "predictions" / ".damaged").iterdir())) == 1


def test_damaged_answers_on_originals_are_made_anew_before_what_is_compared_with_them(tmp_path):
    out, heard = tmp_path / "out", Heard()
    run_here(study_spec(tmp_path), out)
    before = prediction_files(out)
    spoil(a_file(out, 0))
    a_file(out, 1).unlink()
    run = run_here(study_spec(tmp_path), out, progress=heard)
    assert prediction_files(out) == before
    assert run.computed == 2
    assert any("was damaged: set aside, made anew" in note for note in heard.notes)
    assert "note" in events(out)


def test_a_trained_thing_that_was_damaged_is_trained_anew_with_the_same_bytes(tmp_path):
    training = {"objective": "task_targeted", "data": "world", "model": "tiny", "steps": 2, "batch": 2, "width": 8}
    content = {
        "data": {"pictures": {"path": "pictures"}, "world": {"world": "train", "size": 4}},
        "trainings": {"targeted": {**training, "depth": 1}},
        "mitigations": ["none", {"mitigation": "task_targeted", "corrector": "targeted"}],
        "models": {"tiny": {"from": "tiny_model.py:build", "data": "pictures"}},
    }
    spec, out, heard = study_spec(tmp_path, **content), tmp_path / "out", Heard()
    run_here(spec, out)
    (trained,) = (out / "artifacts").glob("*.safetensors")
    before = trained.read_bytes()
    spoil(trained)
    run = run_here(spec, out, progress=heard)
    assert trained.read_bytes() == before
    assert (run.trained, run.computed) == (1, 0)
    assert any("was damaged (training 'targeted'): set aside, trained anew" in note for note in heard.notes)


@pytest.mark.usefixtures("three_units")
def test_a_unit_that_fails_is_a_row_with_its_reason_and_the_others_go_on(tmp_path, capsys, monkeypatch):
    file, out = written(tmp_path, qualities=(10,)), tmp_path / "out"
    command = ["study", str(file), "--out", str(out), "--allow-code", "--workers", "1", "--threads", "1", "--quiet"]
    with monkeypatch.context() as patch:
        fail(patch, 1)
        assert main(command) == 3
    (row,) = csv.DictReader((out / FAILED_FILE).open())
    assert [row[name] for name in ("dataset", "shard", "pictures", "first", "last")] == ["pictures", "1", "2", "2", "3"]
    assert row["reason"] == "a bad moment"
    assert "units of work failed" in capsys.readouterr().out
    assert "unit_failed" in events(out)
    assert main(["status", str(out)]) == 3
    told = capsys.readouterr().out
    assert told.splitlines()[1].split() == ["units", "of", "done", "failed"]
    assert told.splitlines()[2].split() == ["pictures", "2", "1"]
    assert "failed (1): a bad moment" in told
    assert main(command) == 0
    assert not (out / FAILED_FILE).exists()
    assert main(["status", str(out)]) == 0


@pytest.mark.usefixtures("three_units")
def test_where_the_first_units_fail_the_user_is_told_at_once(tmp_path, monkeypatch):
    fail(monkeypatch, 0, 1, 2)
    with pytest.raises(ModelError, match="a bad moment"):
        run_here(study_spec(tmp_path), tmp_path / "out")
    assert events(tmp_path / "out") == ["run_begun", *["unit_begun", "unit_failed"] * 2, "run_failed"]
    assert len((tmp_path / "out" / FAILED_FILE).read_text().splitlines()) == 3


@pytest.mark.usefixtures("three_units")
def test_a_first_unit_that_fails_alone_stops_nobody(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        fail(patch, 0)
        run = run_here(study_spec(tmp_path), tmp_path / "out")
    assert [unit.shard for unit in run.failed] == [0]
    assert run.computed == 2 * 3
    fail(monkeypatch, 0)
    with pytest.raises(ModelError, match="a bad moment"):  # nothing else is left to do
        run_here(study_spec(tmp_path), tmp_path / "out")


@pytest.mark.usefixtures("three_units")
def test_the_log_and_the_counts_tell_each_unit(tmp_path):
    heard = Heard()
    run_here(study_spec(tmp_path), tmp_path / "out", progress=heard)
    assert events(tmp_path / "out") == ["run_begun", *["unit_begun", "unit_done"] * 3, "run_done"]
    assert heard.counts[0] == (0, 1, 0, 3)
    assert heard.counts[-1] == (3, 0, 0, 3)
    lines = [json.loads(line) for line in (tmp_path / "out" / LOG_FILE).read_text().splitlines()]
    assert len({line["run"] for line in lines}) == 1
    assert all(line["time"].endswith("+00:00") for line in lines)


def test_what_was_in_hand_when_a_run_was_killed_is_not_called_running(tmp_path):
    begun = {"time": "", "run": "a", "event": "run_begun", "machine": os.uname().nodename, "pid": 2**22 + 1}
    lines = [begun, {"run": "a", "event": "unit_begun", "shard": 4}]
    (tmp_path / LOG_FILE).write_text("".join(f"{json.dumps(line)}\n" for line in lines) + '{"cut o')
    assert units_now(Store(tmp_path).log_lines(LOG_FILE)).lost == {4}
    (tmp_path / LOG_FILE).write_text("".join(f"{json.dumps({**line, 'pid': os.getpid()})}\n" for line in lines))
    assert units_now(Store(tmp_path).log_lines(LOG_FILE)).running == {4}


def test_a_full_disk_is_told_and_costs_nothing_finished(tmp_path):
    file, out = written(tmp_path, qualities=range(10, 100, 10)), tmp_path / "out"
    run_here(study_spec(tmp_path, qualities=(10,)), out)
    before = prediction_files(out)
    small = max(len(content) for content in before.values()) - 200
    command = [sys.executable, "-m", "jpegproof.cli.main", "study", str(file), "--out", str(out), "--quiet"]
    command += ["--allow-code", "--workers", "1", "--threads", "1"]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))

    # A file that must not grow stands for a disk that is full: the write fails in the middle.
    (out / LOG_FILE).unlink()
    (out / "plan.json").unlink()
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=300)
    assert done.returncode == 2
    assert "cannot be written: File too large" in done.stderr
    assert before.items() <= prediction_files(out).items()
    assert not list((out / "predictions" / ".parts").iterdir())
    assert subprocess.run(command, capture_output=True, timeout=300).returncode == 0
    assert before.items() <= prediction_files(out).items()


def test_a_full_disk_in_the_middle_of_a_file_leaves_no_file(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.begin()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device; what is finished is kept"):
        store.put_once("ab" * 16, b"predictions")
    assert store.finished() == set()
    assert not list((tmp_path / "predictions" / ".parts").iterdir())


def test_a_folder_that_becomes_read_only_is_told(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.begin()

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(StoreError, match="Read-only file system"):
        store.put_once("ab" * 16, b"predictions")


def test_a_slow_store_changes_nothing_but_the_time(tmp_path, monkeypatch):
    run_here(study_spec(tmp_path), tmp_path / "quick")
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (time.sleep(0.2), sync(file))[1])
    run_here(study_spec(tmp_path), tmp_path / "slow")
    assert prediction_files(tmp_path / "slow") == prediction_files(tmp_path / "quick")


@pytest.mark.usefixtures("three_units")
def test_a_clock_that_jumps_changes_no_prediction_and_ends_nothing(tmp_path, monkeypatch):
    run_here(study_spec(tmp_path), tmp_path / "steady")
    clock, jumps = time.time, iter([0.0, 1e9, -1e9, 3e8] * 10_000)
    monkeypatch.setattr(time, "time", lambda: max(clock() + next(jumps), 0.0))
    run = run_here(study_spec(tmp_path), tmp_path / "jumping")
    assert prediction_files(tmp_path / "jumping") == prediction_files(tmp_path / "steady")
    assert all(seconds >= 0 for seconds in run.tally.seconds.values())


def test_parts_of_a_writer_elsewhere_survive_a_clock_that_has_not_jumped_a_day(tmp_path):
    store = Store(tmp_path)
    store.begin()
    part = tmp_path / "predictions" / ".parts" / "name.0123abcd.77.deadbeef"
    part.write_bytes(b"half")
    store.begin()
    assert part.exists()


def _run(folder: str, out: str) -> None:
    run_study(study_spec(Path(folder)), Path(out), HERE, allow_code=True)


def test_two_studies_at_once_on_one_folder_end_as_one_alone(tmp_path):
    spec = study_spec(tmp_path)
    run_here(spec, tmp_path / "alone")
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_run, args=(str(tmp_path), str(tmp_path / "shared"))) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(300)
    assert [process.exitcode for process in both] == [0, 0]
    assert prediction_files(tmp_path / "shared") == prediction_files(tmp_path / "alone")


SHORT_OF_MEMORY = MODEL_FILE.replace(
    "    def forward(self, pictures):\n",
    """    def forward(self, pictures):
        if len(pictures) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
""",
)


def test_where_memory_runs_out_a_batch_is_halved_noted_and_the_study_goes_on(tmp_path):
    spec, heard = study_spec(tmp_path), Heard()
    (tmp_path / "tiny_model.py").write_text(SHORT_OF_MEMORY)
    run = run_here(spec, tmp_path / "out", progress=heard)
    assert (run.failed, run.computed) == ((), 3)
    assert "memory ran out with 6 pictures in model 'tiny' at once: asked in halves" in heard.notes
    for content in prediction_files(tmp_path / "out").values():
        assert read_predictions(content, "").column("skipped").to_pylist() == [None] * 6
