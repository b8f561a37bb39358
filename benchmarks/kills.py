"""A long study on the embedded world whose driver, workers and machine are killed at random, on a Ray cluster.

The cluster is of two Ray nodes on this machine. At random moments a part of it gets SIGKILL: the driver (the command
``jpegproof study --executor ray``), which is then started again, one worker, or a whole node, of which a new one takes
the place. In the end the predictions and the trained corrector must be those of a run in one process that nobody
disturbed, byte for byte; no finished file may have been written again; and no finished cell computed again. The last is
read from a journal that the workers keep, each line one attempt to store a cell and whether it was there already.

    python -m benchmarks.kills --kills 100 --pictures 3000 --out docs/results/kills.json
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

#: Of a hundred kills so many fall on each: a driver that is started again reads its plan again, which takes a while.
SHARES = {"driver": 25, "worker": 60, "node": 15}

#: Seconds after which something is killed though nothing more is finished.
MOST_WAITING = 60.0

#: The study's model is the embedded one, by way of a file of the user's own, so that workers keep a journal.
MODEL_FILE = """
import os
from pathlib import Path

from jpegproof.models.find import find_model
from jpegproof.studies.store import Store

JOURNAL = Path(__file__).with_name("journal.txt")


def keep_journal():
    stored = Store.put_once
    if stored.__name__ == "journalled":
        return

    def journalled(self, name, content):
        wrote = stored(self, name, content)
        line = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(line, f"{name} {os.getpid()} {int(wrote)}\\n".encode())
        os.close(line)
        return wrote

    Store.put_once = journalled


def build():
    keep_journal()
    return find_model("jpegproof:world-classifier")
"""


def study_content(pictures: int) -> dict[str, Any]:
    """The study: every quality, three edges, and two trainings of which one builds on the other."""
    through = {"data": "training", "batch": 8, "learning_rate": 1e-3}
    return {
        "name": "killed",
        "data": {"world": {"world": "test", "size": pictures}, "training": {"world": "train", "size": 200}},
        "models": {"classifier": {"from": "killed_model.py:build", "data": "world"}},
        "correctors": {"default": {"from": "jpegproof"}},
        "trainings": {
            "restored": {**through, "objective": "restore_pixels", "width": 16, "depth": 1, "steps": 30},
            "targeted": {
                **through,
                "objective": "task_targeted",
                "start": "restored",
                "model": "classifier",
                "steps": 30,
            },
        },
        "compression": {"qualities": "10:90:10"},
        "mitigations": [
            "none",
            {"mitigation": "off_the_shelf", "corrector": "default"},
            {"mitigation": "task_targeted", "corrector": "targeted"},
        ],
    }


def run_kills(
    kills: Mapping[str, int], pictures: int, folder: Path, seed: int = 0, tell: Callable[[str], object] = print
) -> dict[str, Any]:
    """Runs the study undisturbed, then under kills, and compares.

    Args:
        kills: how many, by ``driver``, ``worker`` and ``node``.
        pictures: how long the study is; it must outlast the kills.
        folder: an empty one.
        seed: of moments and order.
        tell: hears how it goes.

    Returns:
        ``kills`` that happened, by kind; ``cells``; ``written`` (cells stored), ``computed again`` (cells that were
        finished already when they were stored), ``written again`` (finished files that were touched); and whether
        predictions and artifacts are ``the same bytes`` as those of the undisturbed run.

    Raises:
        RuntimeError: the study ended before all kills had happened, or did not end.
    """
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(study_content(pictures)), encoding="utf-8")
    (folder / "killed_model.py").write_text(MODEL_FILE, encoding="utf-8")
    begun = time.monotonic()
    undisturbed = _driver(file, folder / "undisturbed", "--workers", "1")
    if undisturbed.wait():
        raise RuntimeError((folder / "undisturbed.log").read_text())
    expected = _results(folder / "undisturbed")
    alone = time.monotonic() - begun
    tell(f"undisturbed: {len(expected)} files, {alone:.0f} s")
    (folder / "journal.txt").unlink(missing_ok=True)
    begun = time.monotonic()
    happened, again = _killed_run(file, folder / "killed", kills, random.Random(seed), tell)
    journal = [line.split() for line in (folder / "journal.txt").read_text().splitlines()]
    wrote = Counter(line[2] for line in journal)
    cells = sum(name.endswith(".parquet") for name in expected)
    return {
        "kills": dict(happened),
        "pictures": pictures,
        "cells": cells,
        "written": wrote["1"],
        "computed again": wrote["0"],
        "written again": again,
        "the same bytes": _results(folder / "killed") == expected,
        "seconds undisturbed, one process": round(alone, 1),
        "seconds with the kills, two Ray nodes": round(time.monotonic() - begun, 1),
    }


def _killed_run(
    file: Path, out: Path, kills: Mapping[str, int], chance: random.Random, tell: Callable[[str], object]
) -> tuple[Counter[str], int]:
    """The study on the cluster until it is done: which kills happened, and how many finished files were touched."""
    from ray.cluster_utils import Cluster

    order = [kind for kind, count in kills.items() for _ in range(count)]
    chance.shuffle(order)
    happened, seen, again = Counter[str](), dict[str, tuple[int, int]](), 0
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    node = _new_node(cluster)
    arguments = ("--executor", "ray", "--address", str(cluster.address), "--workers", "2")
    driver = _driver(file, out, *arguments)
    try:
        while order:
            if (
                chance.random() < 0.7
            ):  # in the middle of the work, else wherever it happens, if in the middle of a start
                _wait_for_more(out, len(_results_there(out)))
            time.sleep(chance.uniform(0.0, 3.0))
            again += _touched(out, seen)
            if driver.poll() is not None:
                if driver.returncode == 0:
                    raise RuntimeError(f"the study ended with {len(order)} kills to come; give it more pictures")
                driver = _driver(file, out, *arguments)  # it was on the node that was killed, and ended with it
                continue
            kind = order[0]
            if kind == "driver":
                driver.send_signal(signal.SIGKILL)
                driver.wait()
                driver = _driver(file, out, *arguments)
            elif kind == "worker":
                workers = _workers({_raylet(cluster.head_node), _raylet(node)})
                if not workers:
                    continue
                os.kill(chance.choice(workers), signal.SIGKILL)
            else:
                os.kill(_raylet(node), signal.SIGKILL)
                cluster.remove_node(node, allow_graceful=False)
                node = _new_node(cluster)
            happened[order.pop(0)] += 1
            tell(f"{sum(happened.values())}: {kind}, {len(seen)} files finished")
        while driver.wait() != 0:
            tell(out.with_suffix(".log").read_text()[-2000:])
            if driver.returncode > 0:
                raise RuntimeError("the study did not end well")
            driver = _driver(file, out, *arguments)
        again += _touched(out, seen)
    finally:
        if driver.poll() is None:
            driver.kill()
        cluster.shutdown()
    return happened, again


def _new_node(cluster: Any) -> Any:
    """A node of one core; Ray gives up too early on a machine whose cores are all busy."""
    for _ in range(3):
        try:
            return cluster.add_node(num_cpus=1)
        except Exception as error:
            if "timed out" not in str(error):
                raise
    return cluster.add_node(num_cpus=1)


def _driver(file: Path, out: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jpegproof.cli.main", "study", str(file), "--out", str(out), "--quiet"]
    command += ["--allow-code", "--device", "cpu", "--threads", "1", *arguments]
    with out.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def _raylet(node: Any) -> int:
    """The process that a Ray node is, and that its workers come from."""
    return node.all_processes["raylet"][0].process.pid


def _workers(raylets: Collection[int]) -> list[int]:
    """The processes of the study's workers on these nodes: Ray calls them by what they are."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in raylets and b"ray::RayWorker" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return sorted(found)


def _wait_for_more(out: Path, there: int) -> None:
    """Waits until something more is finished, but not forever: the driver may be gone."""
    deadline = time.monotonic() + MOST_WAITING
    while len(_results_there(out)) <= there and time.monotonic() < deadline:
        time.sleep(0.1)


def _touched(out: Path, seen: dict[str, tuple[int, int]]) -> int:
    """How many files that were finished have changed since the last look."""
    now = {path.name: _identity(path) for path in _results_there(out)}
    changed = sum(seen[name] != now.get(name) for name in seen)
    seen.update(now)
    return changed


def _identity(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_ino


def _results(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _results_there(out)}


def _results_there(out: Path) -> list[Path]:
    return [*out.glob("predictions/[0-9a-f][0-9a-f]/*.parquet"), *out.glob("artifacts/*.safetensors")]


def main() -> None:
    """Runs it and writes what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--pictures", type=int, default=3000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    kills = {kind: round(arguments.kills * share / 100) for kind, share in SHARES.items()}
    kills["worker"] += arguments.kills - sum(kills.values())
    with tempfile.TemporaryDirectory() as folder:
        found = run_kills(kills, arguments.pictures, Path(folder), tell=lambda text: print(text, flush=True))
    command = f"python -m benchmarks.kills --kills {arguments.kills} --pictures {arguments.pictures}"
    found = {"command": command, **found}
    print(json.dumps(found, indent=2))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
