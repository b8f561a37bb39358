"""A study that is killed again and again ends with the files of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from small_study import make_pictures, prediction_files, study_content

from jpegproof.studies.status import study_status

KILLS = 10


def start(file, out, workers=1):
    command = [sys.executable, "-m", "jpegproof.cli.main", "study", str(file), "--out", str(out), "--quiet"]
    command += ["--allow-code", "--workers", str(workers), "--threads", "1"]
    return subprocess.Popen(
        command,
        start_new_session=True,
        preexec_fn=_hear_ctrl_c,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _hear_ctrl_c():
    """Where the tests themselves run in the background, Ctrl-C is ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finish(process):
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors.decode()


def wait_for(condition, seconds=120):
    """Waits until something is so, or for so long."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def fingerprints_and_times(out):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in out.glob("predictions/*/*.parquet")}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ten_kills_at_random_moments_change_no_byte_and_repeat_no_finished_cell(tmp_path, workers):
    content = study_content(tmp_path, qualities=(10, 20, 30, 40, 50), corrector=True)
    make_pictures(tmp_path / "pictures", count=160, height=240, width=320)
    file, out = tmp_path / "study.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(content))
    finish(start(file, tmp_path / "undisturbed"))
    expected = prediction_files(tmp_path / "undisturbed")

    chance = random.Random(7)
    found_at_start: list[int] = []
    for kill in range(KILLS):
        before = fingerprints_and_times(out)
        found_at_start.append(len(before))
        process = start(file, out, workers)
        # Two kills fall into the start itself, the others somewhere after a few more cells.
        wanted = len(before) + (chance.randint(1, 4) if kill > 1 else 0)
        wait_for(
            lambda count=wanted, running=process: (
                len(fingerprints_and_times(out)) >= count or running.poll() is not None
            )
        )
        time.sleep(chance.uniform(0.0, 0.4) if kill > 1 else chance.uniform(0.1, 3.0))
        assert process.poll() is None, "the study ended before it could be killed: it is too small for this test"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        # Its workers see that they are orphans; wait for them so that each start begins from a quiet folder.
        wait_for(lambda group=process.pid: not group_lives(group))
        assert not group_lives(process.pid), "a killed driver left workers behind"
        assert before.items() <= fingerprints_and_times(out).items(), "a finished cell was written again"
    assert found_at_start == sorted(found_at_start)
    assert len(set(found_at_start)) >= KILLS - 2, "the kills must fall into the work for this test to mean anything"

    before = fingerprints_and_times(out)
    finish(start(file, out, workers))
    assert before.items() <= fingerprints_and_times(out).items()
    assert prediction_files(out) == expected
    # A finished unit is logged with its counters: what the logs hold was computed once, so it cannot exceed the plan.
    status = study_status(out)
    assert status.done == status.total == len(expected)
    assert status.tally.counts["store"] <= status.total
    assert not list((out / "predictions" / ".parts").iterdir())


def begin_with_two_workers(tmp_path):
    """A study with two workers that is in the middle of its work; the process and the results folder."""
    content = study_content(tmp_path, qualities=range(5, 96, 5), corrector=True)
    make_pictures(tmp_path / "pictures", count=240, height=240, width=320)
    file, out = tmp_path / "study.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(content))
    process = start(file, out, workers=2)
    wait_for(lambda: len(fingerprints_and_times(out)) >= 3 or process.poll() is not None)
    assert process.poll() is None, process.communicate()[1].decode()
    return process, out


@pytest.mark.slow
def test_a_worker_that_is_killed_ends_the_run_with_advice_and_loses_nothing_finished(tmp_path):
    process, out = begin_with_two_workers(tmp_path)
    finished = fingerprints_and_times(out)
    workers = [pid for pid, parent in members(process.pid).items() if parent == process.pid and is_worker(pid)]
    os.kill(workers[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=180)  # a busy machine takes its time
    assert process.returncode == 2, errors.decode()
    assert b"ended before its work was done" in errors
    assert b"Traceback" not in errors
    assert finished.items() <= fingerprints_and_times(out).items()
    wait_for(lambda: not group_lives(process.pid))  # the last of its processes may still be on their way out
    assert not group_lives(process.pid)


@pytest.mark.slow
def test_ctrl_c_stops_at_once_keeps_what_is_finished_and_leaves_nobody_behind(tmp_path):
    process, out = begin_with_two_workers(tmp_path)
    finished = fingerprints_and_times(out)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=180)  # a busy machine takes its time
    assert process.returncode == 130, errors.decode()
    assert b"the same command goes on from here" in errors
    assert b"Traceback" not in errors
    assert finished.items() <= fingerprints_and_times(out).items()
    wait_for(lambda: not group_lives(process.pid))
    assert not group_lives(process.pid)


def group_lives(group):
    """Whether a process of the group is still there and not merely waiting to be reaped."""
    return bool(members(group))


def members(group):
    """The living processes of a group: parent by process."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, process_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(process_group) == group and state != "Z":
            found[int(entry.name)] = int(parent)
    return found


def is_worker(pid):
    """Whether a process is one of the pool's, not multiprocessing's own resource tracker."""
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
