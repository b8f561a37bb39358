"""Results in an object store: written once, whoever writes, and the same as in a folder."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest
import yaml
from failing_units import fail
from object_server import BUCKET, KEYS, object_server
from small_study import make_pictures, prediction_files, run_here, study_content, study_spec

from jpegproof.cli.main import main
from jpegproof.exceptions import StoreError
from jpegproof.studies.bucket import Bucket
from jpegproof.studies.failed_units import FAILED_FILE
from jpegproof.studies.fetch import fetch_results
from jpegproof.studies.object_store import ObjectStore
from jpegproof.studies.result_store import is_remote, open_store
from jpegproof.studies.status import study_status
from jpegproof.verbs.demo import demo
from jpegproof.verbs.errors import errors
from jpegproof.verbs.explain import explain
from jpegproof.verbs.report import report
from jpegproof.verbs.sheets import sheets
from jpegproof.verbs.study import study

NAME = "ab" * 16


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with object_server() as address:
        yield address


@pytest.fixture
def address(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty prefix of the bucket; working folders of this test are its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return f"s3://{BUCKET}/{tmp_path.name}"


def test_a_prediction_is_put_once(address: str):
    store = open_store(address)
    store.begin()
    assert store.finished() == set()
    assert store.put_once(NAME, b"first")
    assert not store.put_once(NAME, b"second")
    assert open_store(address).get(NAME) == b"first"
    assert store.finished() == store.finished_of([NAME, "cd" * 16]) == {NAME}
    with pytest.raises(StoreError, match="is not there; run the study again"):
        store.get("cd" * 16)


def test_of_many_writers_at_once_none_writes_what_another_has_finished(address: str):
    store = open_store(address)
    for round_number in range(5):
        name = f"{round_number:032x}"
        with ThreadPoolExecutor(8) as pool:
            wrote = list(pool.map(lambda number, name=name: store.put_once(name, b"%d" % number), range(8)))
        assert any(wrote)
        kept = store.get(name)
        assert not store.put_once(name, b"late")
        assert store.get(name) == kept


class _Grudging(type(fsspec.filesystem("memory"))):
    """Knows no conditional put, and says so; or says nothing of why a put was refused."""

    refusal = errno.ENOSYS

    def pipe_file(self, path, value, mode="overwrite", **options):
        if mode == "create":
            raise OSError(self.refusal, "not here")
        super().pipe_file(path, value, mode, **options)


def test_a_store_without_conditional_puts_is_asked_before_each_write(monkeypatch: pytest.MonkeyPatch):
    bucket = Bucket("memory://somewhere/without")
    monkeypatch.setattr(bucket, "_fs", _Grudging(skip_instance_cache=True))
    assert bucket.put_new("one", b"first")
    assert not bucket.put_new("one", b"second")
    assert bucket.get("one") == b"first"


def test_a_refusal_that_does_not_say_why_is_a_finished_file_or_an_error(monkeypatch: pytest.MonkeyPatch):
    bucket = Bucket("memory://somewhere/unsaid")
    monkeypatch.setattr(_Grudging, "refusal", errno.EINVAL)
    monkeypatch.setattr(bucket, "_fs", _Grudging(skip_instance_cache=True))
    bucket.put("there", b"first")
    assert not bucket.put_new("there", b"second")
    with pytest.raises(StoreError, match="memory://somewhere/unsaid/new: cannot be written"):
        bucket.put_new("new", b"first")


def test_a_checkpoint_goes_on_on_another_machine(address: str, tmp_path: Path):
    one, other = (ObjectStore(address, tmp_path / machine) for machine in ("one", "other"))
    one.begin()
    assert not one.checkpoint(NAME).exists()
    one.checkpoint(NAME).write_bytes(b"so far")
    one.keep_checkpoint(NAME)
    assert other.checkpoint(NAME).read_bytes() == b"so far"
    other.drop_checkpoint(NAME)
    assert not one.checkpoint(NAME).exists()


def test_a_study_in_a_bucket_has_the_predictions_of_one_in_a_folder(address: str, tmp_path: Path):
    spec = study_spec(tmp_path)
    run_here(spec, tmp_path / "folder")
    assert run_here(spec, address).computed == 3
    assert run_here(spec, address).computed == 0
    status = study_status(address)
    assert (status.done, status.total) == (3, 3)
    assert status.tally.counts["store"] == 3
    fetch_results(address, tmp_path / "fetched")
    assert prediction_files(tmp_path / "fetched") == prediction_files(tmp_path / "folder")
    assert study_status(tmp_path / "fetched").tally.counts == status.tally.counts
    assert json.loads((tmp_path / "fetched" / "environment.json").read_text())["executor"] == "this process"
    # What was fetched is a results folder as any other: nothing is left to do in it.
    assert run_here(spec, tmp_path / "fetched").computed == 0


@pytest.mark.slow
def test_a_training_in_a_bucket_is_done_once_and_fetched_with_its_record(address: str, tmp_path: Path):
    content = study_content(tmp_path)
    make_pictures(tmp_path / "others", count=8, height=96, width=96)
    content["data"]["others"] = {"path": "others", "layout": "folder"}
    content["models"]["tiny"]["data"] = "pictures"
    content["trainings"] = {
        "small": {"objective": "restore_pixels", "data": "others", "width": 8, "depth": 1, "steps": 2, "batch": 2}
    }
    content["mitigations"] = ["none", {"mitigation": "off_the_shelf", "corrector": "small"}]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    made = study(tmp_path / "study.yaml", address, allow_code=True, to=tmp_path / "fetched", threads=1, device="cpu")
    assert made.folder == tmp_path / "fetched"
    assert made.missing_cells == 0
    (weights,) = (tmp_path / "fetched" / "artifacts").glob("*.safetensors")
    assert json.loads(weights.with_suffix(".json").read_text())["training"] == "small"
    again = study(tmp_path / "study.yaml", tmp_path / "folder", allow_code=True, threads=1, device="cpu")
    assert next((again.folder / "artifacts").glob("*.safetensors")).read_bytes() == weights.read_bytes()
    assert prediction_files(again.folder) == prediction_files(made.folder)
    assert again.results == report(address, to=tmp_path / "fetched later").results == made.results


def test_a_place_that_holds_another_study_is_refused(address: str, tmp_path: Path):
    run_here(study_spec(tmp_path), address)
    other = study_spec(
        tmp_path, data={"others": {"path": "pictures", "limit": 3}}, models={"two": {"from": "tiny_model.py:build"}}
    )
    with pytest.raises(StoreError, match="holds the results of another study"):
        run_here(other, address)


@pytest.mark.slow
def test_keys_are_neither_printed_nor_stored(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    content = study_content(tmp_path)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    command = ["study", str(tmp_path / "study.yaml"), "--allow-code", "--quiet", "--threads", "1", "--workers", "1"]
    assert main([*command, "--out", address, "--to", str(tmp_path / "fetched")]) == 0
    assert main([*command, "--out", f"s3://no-such-bucket/{tmp_path.name}"]) == 2
    printed = "".join(capsys.readouterr())
    assert "no-such-bucket" in printed
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for key in KEYS.values():
        assert key not in printed
        assert not any(key.encode() in content for content in written)


def test_a_key_in_a_library_s_message_is_taken_out(monkeypatch: pytest.MonkeyPatch):
    bucket = Bucket("memory://somewhere/secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["AWS_SECRET_ACCESS_KEY"])

    def refuse(*_, **__):
        raise PermissionError(f"signature of {KEYS['AWS_SECRET_ACCESS_KEY']} is wrong")

    monkeypatch.setattr(bucket, "_fs", type("Refusing", (), {"cat_file": refuse})())
    with pytest.raises(StoreError, match=r"\(AWS_SECRET_ACCESS_KEY\) is wrong; keys are read from") as told:
        bucket.get("plan.json")
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(told.value)


def test_where_no_server_listens_the_endpoint_is_to_be_looked_at(address: str, monkeypatch: pytest.MonkeyPatch):
    bucket = Bucket(address)

    def refuse(*_, **__):
        raise OSError('Could not connect to the endpoint URL: "http://127.0.0.1:9/results/plan.json"')

    monkeypatch.setattr(bucket, "_fs", type("Gone", (), {"cat_file": refuse})())
    with pytest.raises(StoreError, match="Does the server run, and is AWS_ENDPOINT_URL_S3 its http address"):
        bucket.get("plan.json")


@pytest.mark.parametrize("verb", [errors, explain, sheets])
def test_verbs_that_need_a_folder_say_how_to_fetch_the_results(verb: Callable[[str], object]):
    with pytest.raises(StoreError, match="fetch the results first: jpegproof report s3://bucket/mine --to DIR"):
        verb("s3://bucket/mine")


def test_only_a_study_writes_into_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        StoreError, match=r"demo writes into a folder.*jpegproof study FILE.yaml --out s3://bucket/mine"
    ):
        demo("s3://bucket/mine")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("s3://key:secret@bucket/prefix", "an address holds no keys"),
        ("s3://bucket", "give s3://BUCKET/PREFIX"),
        ("s3:/bucket/prefix", r"an address has two slashes \(s3://bucket/prefix\)"),
        ("s3:///prefix", "give s3://BUCKET/PREFIX"),
        ("carrier-pigeon://bucket/prefix", "is no protocol of an object store"),
        ("http://127.0.0.1:9000/bucket/prefix", "give s3://BUCKET/PREFIX, and the server by AWS_ENDPOINT_URL_S3"),
    ],
)
def test_an_address_that_cannot_be_one_is_told_so(given: str, said: str):
    with pytest.raises(StoreError, match=said) as told:
        open_store(given)
    assert "secret" not in str(told.value)


def test_a_path_is_a_folder_even_where_it_looks_like_an_address(tmp_path: Path):
    assert is_remote("s3://bucket/prefix")
    assert not is_remote(tmp_path)
    with pytest.raises(StoreError, match="understood by study, status and report"):
        open_store(Path("s3://bucket/prefix")).begin()


def test_a_report_needs_no_other_folder_than_its_own(tmp_path: Path):
    with pytest.raises(StoreError, match="leave out to"):
        report(tmp_path, to=tmp_path / "elsewhere")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_two_runs_of_a_study_at_once_both_finish_and_write_nothing_twice(address: str, tmp_path: Path, place: str):
    content = study_content(tmp_path, qualities=(10, 20, 30, 40, 50), corrector=True)
    make_pictures(tmp_path / "pictures", count=160, height=120, width=160)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    run_here(study_spec(tmp_path, qualities=(10, 20, 30, 40, 50), corrector=True), tmp_path / "alone")
    out = [str(tmp_path / "out")] if place == "folder" else [address, "--to"]
    command = [sys.executable, "-m", "jpegproof.cli.main", "study", str(tmp_path / "study.yaml"), "--quiet"]
    command += ["--allow-code", "--workers", "1", "--threads", "1", "--out", *out]
    both = [
        subprocess.Popen([*command, *([str(tmp_path / f"to{number}")] if place == "bucket" else [])])
        for number in range(2)
    ]
    assert [process.wait(timeout=600) for process in both] == [0, 0]
    fetched = [tmp_path / "out"] if place == "folder" else [tmp_path / "to0", tmp_path / "to1"]
    for folder in fetched:
        assert prediction_files(folder) == prediction_files(tmp_path / "alone")


def test_what_failed_is_seen_from_every_machine_until_it_is_done(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("jpegproof.studies.plan.SHARD_PICTURES", 2)
    spec = study_spec(tmp_path, qualities=(10,))
    with monkeypatch.context() as patch:
        fail(patch, 1)
        run_here(spec, address)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of another machine"))
    assert study_status(address).units.failed == {1: "a bad moment"}
    fetch_results(address, tmp_path / "fetched")
    assert "a bad moment" in (tmp_path / "fetched" / FAILED_FILE).read_text()
    assert study_status(tmp_path / "fetched").units.failed == {1: "a bad moment"}
    run_here(spec, address)
    assert not study_status(address).units.failed
    fetch_results(address, tmp_path / "fetched")
    assert not (tmp_path / "fetched" / FAILED_FILE).exists()
    assert not study_status(tmp_path / "fetched").units.failed
