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
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process):
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors.decode()


def fingerprints_and_times(out):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in out.glob("predictions/*/*.parquet")}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ten_kills_at_random_moments_change_no_byte_and_repeat_no_finished_cell(tmp_path, workers):
    content = study_content(tmp_path, qualities=(10, 20, 30, 40, 50), corrector=True)
    make_pictures(tmp_path / "pictures", count=240, height=240, width=320)
    file, out = tmp_path / "study.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(content))
    begun = time.monotonic()
    finish(start(file, tmp_path / "undisturbed"))
    whole = time.monotonic() - begun
    expected = prediction_files(tmp_path / "undisturbed")

    moments = random.Random(7)
    found_at_start: list[int] = []
    for _ in range(KILLS):
        before = fingerprints_and_times(out)
        found_at_start.append(len(before))
        process = start(file, out, workers)
        # From before the first import to well within the work, which each start takes further.
        time.sleep(moments.uniform(0.1, 1.0) * whole * 0.7)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        # Its workers see that they are orphans; wait for them so that each start begins from a quiet folder.
        deadline = time.monotonic() + 30
        while group_lives(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not group_lives(process.pid), "a killed driver left workers behind"
        after = fingerprints_and_times(out)
        assert before.items() <= after.items(), "a finished cell was written again"
    assert len(set(found_at_start)) > 2, "the kills must fall into the work for this test to mean anything"

    before = fingerprints_and_times(out)
    finish(start(file, out, workers))
    assert before.items() <= fingerprints_and_times(out).items()
    assert prediction_files(out) == expected
    # A finished unit is logged with its counters: what the logs hold was computed once, so it cannot exceed the plan.
    status = study_status(out)
    assert status.done == status.total == len(expected)
    assert status.tally.counts["store"] <= status.total
    assert not list((out / "predictions" / ".parts").iterdir())


def group_lives(group):
    """Whether a process of the group is still there and not merely waiting to be reaped."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, process_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(process_group) == group and state != "Z":
            return True
    return False
