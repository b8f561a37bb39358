"""What was found out of a file is read from the disk as long as the file is the same, and else found out again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jpegproof.data.remembered_columns import Columns, remembered_columns


class Source:
    """A file, and how often what is known of it was found out."""

    def __init__(self, path: Path) -> None:
        self.path, self.made = path, 0
        path.write_bytes(bytes(range(50)))

    def make(self) -> Columns:
        self.made += 1
        numbers = np.frombuffer(self.path.read_bytes(), dtype=np.uint8)
        arrays = {"bytes": numbers, "sums": np.cumsum(numbers, dtype=np.int64)[::3], "none": np.empty(0, np.int32)}
        return Columns({"categories": [[3, "é\ud800"]], "count": len(numbers)}, arrays)

    def columns(self, version: int = 1) -> Columns:
        return remembered_columns(self.path, "squares", version, self.make)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JPEGPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", -1)
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path / "source")


def same(one: Columns, other: Columns) -> bool:
    return one.facts == other.facts and all(
        one.arrays[name].dtype == array.dtype and one.arrays[name].tolist() == array.tolist()
        for name, array in other.arrays.items()
    )


def test_what_is_remembered_is_what_was_found_out_once(cache: Path, source: Source):
    answers = [source.columns() for _ in range(3)]
    assert source.made == 1
    assert all(same(answer, source.make()) for answer in answers)


def test_what_is_remembered_cannot_be_changed_by_mistake(cache: Path, source: Source):
    with pytest.raises(ValueError, match="read-only"):
        source.columns().arrays["sums"][0] = 7


def test_a_change_of_the_same_size_whose_time_is_set_back_is_seen(cache: Path, source: Source):
    source.columns()
    times = source.path.stat()
    source.path.write_bytes(bytes(50))
    os.utime(source.path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not source.columns().arrays["sums"].any()


def test_another_version_is_found_out_again(cache: Path, source: Source):
    source.columns()
    source.columns(2)
    assert source.made == 2


def test_a_file_that_was_written_just_now_is_not_remembered(
    cache: Path, source: Source, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", 10**12)
    assert same(source.columns(), source.columns())
    assert source.made == 2


def test_a_file_that_changes_while_it_is_read_is_not_remembered(cache: Path, source: Source):
    def make() -> Columns:
        made = source.make()
        source.path.write_bytes(b"longer than before, by a few bytes, so that it is another one")
        return made

    remembered_columns(source.path, "squares", 1, make)
    assert list(cache.rglob("*.arrow")) == []


def test_any_damage_costs_finding_out_again_and_nothing_else(cache: Path, source: Source):
    expected = source.make()
    source.columns()
    (place,) = cache.rglob("*.arrow")
    whole = place.read_bytes()
    random = np.random.default_rng(0)
    damages: list[bytes] = [b"", b"{}", b"no Arrow file", whole[: len(whole) // 2], whole[:-9], whole + whole]
    for _ in range(100):
        at = int(random.integers(len(whole)))
        damages.append(whole[:at] + bytes([whole[at] ^ (1 << random.integers(8))]) + whole[at + 1 :])
    for damage in damages:
        place.unlink()  # what is mapped elsewhere must not change beneath
        place.write_bytes(damage)
        assert same(source.columns(), expected)
    made = source.made
    source.columns()
    assert source.made == made


def test_the_memory_of_another_file_is_not_believed(cache: Path, source: Source, tmp_path: Path):
    other = Source(tmp_path / "other")
    other.path.write_bytes(bytes(50))
    source.columns()
    (place,) = cache.rglob("*.arrow")
    foreign = place.read_bytes()
    other.columns()
    (its,) = set(cache.rglob("*.arrow")) - {place}
    its.write_bytes(foreign)
    assert same(other.columns(), other.make())


@pytest.mark.parametrize("obstacle", ["a file in its place", "none wanted", "a full disk"])
def test_where_nothing_can_be_written_it_is_in_memory(
    obstacle: str, cache: Path, source: Source, monkeypatch: pytest.MonkeyPatch
):
    if obstacle == "none wanted":
        monkeypatch.setenv("JPEGPROOF_CACHE", "")
    elif obstacle == "a file in its place":
        cache.mkdir()
        (cache / "squares").write_bytes(b"")
    else:

        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(pa.ipc, "new_file", full)
    assert same(source.columns(), source.columns())
    assert source.made == 2
    assert not cache.exists() or [path.name for path in cache.rglob("*") if path.is_file()] in ([], ["squares"])
