"""What a file's bytes are is asked of the disk once, and again when the file has changed in whatever way."""

from __future__ import annotations

import os
import sqlite3
from hashlib import blake2b
from pathlib import Path

import pytest

from jpegproof.data import remembered_digests as digests
from jpegproof.data.file_digests import FileDigests
from jpegproof.data.many_paths import ManyPaths


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of its own, in which every digest is written down at once."""
    monkeypatch.setenv("JPEGPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", -1)
    monkeypatch.setattr(digests, "_AT_ONCE", 1)
    yield tmp_path / "cache" / "digests.sqlite"
    digests._remembered.cache_clear()


@pytest.fixture
def read(monkeypatch):
    """How many files were read."""
    count = []
    monkeypatch.setattr(digests, "blake2b", lambda *given, **how: (count.append(1), blake2b(*given, **how))[1])
    return count


def expected(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def test_a_file_is_read_once(tmp_path, cache, read):
    (tmp_path / "a").write_bytes(b"picture")
    assert [digests.file_digest(tmp_path / "a") for _ in range(3)] == [expected(b"picture")] * 3
    digests._remembered.cache_clear()  # as in another process
    assert digests.file_digest(tmp_path / "a") == expected(b"picture")
    assert len(read) == 1


def test_a_change_of_the_same_size_whose_time_is_set_back_is_seen(tmp_path, cache):
    (tmp_path / "a").write_bytes(b"picture")
    digests.file_digest(tmp_path / "a")
    times = (tmp_path / "a").stat()
    (tmp_path / "a").write_bytes(b"another")
    os.utime(tmp_path / "a", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert digests.file_digest(tmp_path / "a") == expected(b"another")


def test_a_file_that_was_written_just_now_is_not_remembered(tmp_path, cache, read, monkeypatch):
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", 10**12)
    (tmp_path / "a").write_bytes(b"picture")
    for _ in range(2):
        digests.file_digest(tmp_path / "a")
    assert len(read) == 2


def test_another_file_put_in_its_place_is_seen(tmp_path, cache):
    for name in "ab":
        (tmp_path / name).write_bytes(name.encode())
        digests.file_digest(tmp_path / name)
    (tmp_path / "b").rename(tmp_path / "a")
    assert digests.file_digest(tmp_path / "a") == expected(b"b")


@pytest.mark.parametrize("damage", [b"no data base", b""])
def test_a_damaged_memory_costs_reading_and_nothing_else(tmp_path, cache, damage):
    (tmp_path / "a").write_bytes(b"picture")
    digests.file_digest(tmp_path / "a")
    digests._remembered.cache_clear()
    cache.write_bytes(damage)
    assert digests.file_digest(tmp_path / "a") == expected(b"picture")


def test_a_digest_that_cannot_be_one_is_not_believed(tmp_path, cache):
    (tmp_path / "a").write_bytes(b"picture")
    digests.file_digest(tmp_path / "a")
    with sqlite3.connect(cache) as base:
        base.execute("UPDATE digests SET digest = 'short'")
    assert digests.file_digest(tmp_path / "a") == expected(b"picture")


def test_two_processes_at_once_do_not_wait_for_each_other(tmp_path, cache):
    (tmp_path / "a").write_bytes(b"picture")
    cache.parent.mkdir()
    one, other = digests.RememberedDigests(cache.parent), digests.RememberedDigests(cache.parent)
    status = (tmp_path / "a").stat()
    one.put(tmp_path / "a", status, b"1" * 16)
    other.put(tmp_path / "b", status, b"2" * 16)
    assert (other.get(tmp_path / "a", status), one.get(tmp_path / "b", status)) == (b"1" * 16, b"2" * 16)


def test_a_file_that_cannot_be_read_says_so_in_place_of_its_digest(tmp_path, cache):
    (tmp_path / "a").write_bytes(b"picture")
    found = FileDigests([tmp_path / "a", tmp_path / "gone"])
    assert [found[0], found[1]] == [expected(b"picture").hex(), "unreadable: No such file or directory"]


def test_many_paths_are_the_paths(tmp_path):
    odd = os.fsdecode(b"caf\xe9.png")
    paths = [tmp_path / "a" / "b.png", tmp_path / odd, Path("elsewhere/c.png"), tmp_path.parent / "d.png"]
    many = ManyPaths(tmp_path, paths)
    assert (list(many), many[-1], many[1:3], len(many)) == (paths, paths[-1], paths[1:3], 4)
    assert many == ManyPaths(tmp_path, map(str, paths)) != ManyPaths(tmp_path, paths[:3])
    assert not ManyPaths(tmp_path, [])
