"""Ray as the one who directs a study: the same files as everywhere, whoever of its machines is still there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from object_server import BUCKET, object_server
from small_study import make_pictures, prediction_files, run_here, study_content, study_spec

from jpegproof.exceptions import JpegproofError, StoreError, UnknownNameError
from jpegproof.models.model import wrap
from jpegproof.silence import Silence
from jpegproof.studies.engine import Hands, find_hands
from jpegproof.studies.executors.ray_cluster import RayCluster
from jpegproof.studies.run import Run, run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import dump_study, with_absolute_paths

TRAININGS: dict[str, Any] = {
    "restored": {"objective": "restore_pixels", "data": "others", "width": 8, "depth": 1, "steps": 3, "batch": 2},
    "again": {"objective": "restore_pixels", "data": "others", "start": "restored", "steps": 3, "batch": 2},
    "other": {"objective": "restore_pixels", "data": "others", "width": 16, "depth": 1, "steps": 3, "batch": 2},
}


class Heard(Silence):
    """Remembers what a run has told."""

    def __init__(self) -> None:
        self.finished = 0
        self.steps: dict[str, int] = {}
        self.warnings: list[str] = []

    def begin(self, total: int, finished: int) -> None:
        self.finished = finished

    def advance(self) -> None:
        self.finished += 1

    def training(self, name: str, done: int, total: int, loss: float) -> None:
        self.steps[name] = done

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two Ray nodes of one core each on this machine."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    yield made
    made.shutdown()


def on(cluster: Any, **changes: Any) -> Hands:
    return Hands(**{"executor": "ray", "address": cluster.address, "workers": 0, **changes})


def trained_study(folder: Path, count: int = 70) -> StudySpec:
    """Three shards, two qualities, three trainings of which one builds on another."""
    content = study_content(folder)
    make_pictures(folder / "pictures", count=count)
    make_pictures(folder / "others", count=8, height=96, width=96)
    content["data"]["others"] = {"path": "others", "layout": "folder"}
    content["models"]["tiny"]["data"] = "pictures"
    content["trainings"] = TRAININGS
    content["mitigations"] = ["none", *({"mitigation": "off_the_shelf", "corrector": name} for name in TRAININGS)]
    return with_absolute_paths(StudySpec.model_validate(content), folder)


def run_on(cluster: Any, spec: StudySpec, out: str | Path, **options: Any) -> Run:
    return run_study(spec, out, on(cluster), allow_code=True, **options)


@pytest.mark.slow
def test_two_nodes_make_the_files_that_one_process_makes(cluster: Any, tmp_path: Path):
    spec = trained_study(tmp_path)
    alone = run_here(spec, tmp_path / "alone")
    heard = Heard()
    run = run_on(cluster, spec, tmp_path / "ray", progress=heard)
    assert prediction_files(tmp_path / "ray") == prediction_files(tmp_path / "alone")
    trained = {path.name: path.read_bytes() for path in (tmp_path / "ray" / "artifacts").glob("*.safetensors")}
    assert trained == {
        path.name: path.read_bytes() for path in (tmp_path / "alone" / "artifacts").glob("*.safetensors")
    }
    assert (run.computed, run.trained) == (alone.computed, 3) == (len(run.plan.cells), 3)
    assert run.tally.counts == alone.tally.counts
    assert heard.finished == len(run.plan.cells)
    assert heard.steps == {"restored": 3, "again": 3, "other": 3}
    facts = json.loads((tmp_path / "ray" / "environment.json").read_text())
    assert (facts["executor"], facts["nodes"], facts["workers"]) == ("ray", "2", "2")
    assert run_on(cluster, spec, tmp_path / "ray").computed == 0


@pytest.mark.slow
def test_workers_of_a_cluster_may_meet_in_a_bucket_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spec = trained_study(tmp_path)
    run_here(spec, tmp_path / "alone")
    (tmp_path / "study.yaml").write_text(dump_study(spec))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = [sys.executable, "-m", "jpegproof.cli.main", "study", str(tmp_path / "study.yaml"), "--quiet"]
    command += ["--allow-code", "--device", "cpu", "--executor", "ray", "--workers", "2"]
    command += ["--out", f"s3://{BUCKET}/ray", "--to", str(tmp_path / "fetched")]
    with object_server():  # a cluster that is started for the study hands its environment on to its workers
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert prediction_files(tmp_path / "fetched") == prediction_files(tmp_path / "alone")
    trained = {path.name: path.read_bytes() for path in (tmp_path / "fetched" / "artifacts").glob("*.safetensors")}
    assert len(trained) == 3
    assert trained == {name: (tmp_path / "alone" / "artifacts" / name).read_bytes() for name in trained}


@pytest.mark.slow
def test_a_mistake_on_a_node_is_told_as_it_is_told_here(cluster: Any, tmp_path: Path):
    spec = trained_study(tmp_path)
    for picture in (tmp_path / "others").rglob("*.png"):
        picture.write_bytes(b"no picture")
    with pytest.raises(JpegproofError) as here:
        run_here(spec, tmp_path / "alone")
    with pytest.raises(JpegproofError) as there:
        run_on(cluster, spec, tmp_path / "ray")
    assert type(there.value) is type(here.value)
    assert str(there.value) == str(here.value)
    assert there.value.__notes__ == here.value.__notes__


@pytest.mark.slow
def test_the_units_of_a_node_that_dies_are_done_by_another(cluster: Any, tmp_path: Path):
    content = study_content(tmp_path, qualities=tuple(range(5, 96, 5)), corrector=True)
    make_pictures(tmp_path / "pictures", count=320, height=120, width=160)
    spec = with_absolute_paths(StudySpec.model_validate(content), tmp_path)
    run_here(spec, tmp_path / "alone")
    node = cluster.add_node(num_cpus=1)

    def kill() -> None:
        while len(prediction_files(tmp_path / "ray")) < 10:
            time.sleep(0.05)
        os.kill(node.all_processes["raylet"][0].process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        run = run_on(cluster, spec, tmp_path / "ray")
    finally:
        killer.join()
        cluster.remove_node(node, allow_graceful=False)
    assert prediction_files(tmp_path / "ray") == prediction_files(tmp_path / "alone")
    # What the dead node had finished of its unit is not counted anywhere, and not done again either.
    assert run.computed <= len(run.plan.cells)


@pytest.mark.slow
def test_a_unit_that_ends_whoever_does_it_is_given_up_with_advice(cluster: Any, tmp_path: Path):
    (tmp_path / "deadly.py").write_text(
        "import os, torch\n\n"
        "class Deadly(torch.nn.Module):\n"
        "    def forward(self, pictures):\n"
        "        os._exit(1)\n\n"
        "def build():\n    from jpegproof import ResizeCrop, wrap\n"
        "    return wrap(Deadly(), prepare=ResizeCrop(40, (32, 32)), trial=False)\n"
    )
    content = study_content(tmp_path, models={"deadly": {"from": "deadly.py:build"}})
    spec = with_absolute_paths(StudySpec.model_validate(content), tmp_path)
    with pytest.raises(StoreError, match="5 workers ended over the same task"):
        run_on(cluster, spec, tmp_path / "ray")


@pytest.mark.slow
def test_what_no_machine_has_and_what_is_no_cluster_are_told(cluster: Any, tmp_path: Path):
    spec = study_spec(tmp_path)
    with pytest.raises(JpegproofError, match=r"no machine of the Ray cluster has 64 CPUs, as a worker needs"):
        run_study(spec, tmp_path / "out", on(cluster, threads=64), allow_code=True)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9 cannot be used.*ray start --head"):
        run_study(spec, tmp_path / "out", Hands(executor="ray", address="127.0.0.1:9"), allow_code=True)


@pytest.mark.slow
def test_ctrl_c_ends_a_cluster_that_was_started_for_the_study(tmp_path: Path):
    content = study_content(tmp_path, qualities=tuple(range(5, 96, 5)), corrector=True)
    make_pictures(tmp_path / "pictures", count=640, height=240, width=320)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    command = [sys.executable, "-m", "jpegproof.cli.main", "study", str(tmp_path / "study.yaml"), "--quiet"]
    command += ["--allow-code", "--executor", "ray", "--workers", "2", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        command,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while len(prediction_files(tmp_path / "out")) < 3 and process.poll() is None:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors.decode()
    assert errors.decode().strip() == "jpegproof: stopped; what is finished is kept, the same command goes on from here"
    assert not printed


@pytest.mark.slow
def test_ten_kills_of_driver_workers_and_a_node_change_no_byte_and_repeat_no_finished_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks.kills import run_kills

    found = run_kills({"driver": 3, "worker": 5, "node": 2}, 200, tmp_path, tell=lambda _: None)
    assert found["the same bytes"]
    assert found["kills"] == {"driver": 3, "worker": 5, "node": 2}
    assert found["written"] == found["cells"] > 150
    assert (found["computed again"], found["written again"]) == (0, 0)


def test_an_address_asks_for_ray_and_processes_have_none():
    assert find_hands("cpu", address="auto") == Hands("cpu", 0, 1, 0, "ray", "auto")
    assert find_hands("cuda", executor="ray").threads == 4  # cores for each GPU, wherever those are
    with pytest.raises(JpegproofError, match="leave one out"):
        find_hands("cpu", executor="processes", address="auto")
    with pytest.raises(UnknownNameError, match="Did you mean 'ray'"):
        find_hands("cpu", executor="rai")


@pytest.mark.parametrize(
    "given", ["", "somewhere", "HOST", "head:port", "head:99999", "http://head:8265", "ray://", "ray://head", "a b:1"]
)
def test_an_address_that_names_no_cluster_is_told_before_anybody_is_asked(given: str, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(JpegproofError, match=r"--address .*names no Ray cluster; give auto, HOST:PORT"):
        find_hands("cpu", address=given)
    if given:
        monkeypatch.setenv("RAY_ADDRESS", given)
        with pytest.raises(JpegproofError, match=r"\$RAY_ADDRESS .*names no Ray cluster"):
            RayCluster(Hands(executor="ray"))


@pytest.mark.parametrize("given", ["auto", "head:6379", "10.0.0.1:6379", "[::1]:6379", "ray://head.of-all:10001"])
def test_an_address_of_a_cluster_is_taken(given: str):
    assert find_hands("cpu", address=given).address == given


@pytest.mark.parametrize("mode", ["token", "disabled"])
def test_a_cluster_that_asks_for_a_token_says_how_to_give_it(mode: str, monkeypatch: pytest.MonkeyPatch):
    import ray
    from ray.exceptions import AuthenticationError

    refused = AuthenticationError("RPC error: InvalidAuthToken")

    def refuse(**_: Any):
        if mode == "token":
            raise refused
        raise ConnectionError("Failed to connect to Ray cluster at HOST:1") from RuntimeError(f"{type(refused)}: no")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(StoreError, match=r"RAY_AUTH_MODE=token here, and have the same ~/\.ray/auth_token"):
        RayCluster(Hands(executor="ray", address="auto"))


def test_a_wait_for_room_in_the_cluster_is_told(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("jpegproof.studies.executors.ray_executor._TELL_NO_WORKER", 0.1)
    monkeypatch.setattr("jpegproof.studies.executors.ray_executor._NO_WORKER", 1.0)
    heard = Heard()
    with pytest.raises(StoreError, match="no room for a worker"):
        run_study(
            study_spec(tmp_path),
            tmp_path / "out",
            on(cluster, threads=64, workers=1),
            allow_code=True,
            progress=heard,
        )
    assert [text for text in heard.warnings if "no machine of the Ray cluster has room for one (64 CPUs)" in text]


def test_a_model_that_is_an_object_does_not_travel(tmp_path: Path):
    with pytest.raises(JpegproofError, match="no Ray"):
        run_study(
            study_spec(tmp_path),
            tmp_path / "out",
            Hands(executor="ray"),
            given={"tiny": wrap(torch.nn.Identity(), trial=False)},
        )


def test_a_gpu_of_this_machine_is_no_device_of_a_cluster():
    with pytest.raises(JpegproofError, match="Ray chooses among the GPUs"):
        RayCluster(Hands("cuda:1", executor="ray"))
