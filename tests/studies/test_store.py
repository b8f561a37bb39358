"""The folder of results, which several processes on several machines write into."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from jpegproof.exceptions import StoreError
from jpegproof.studies.logs import WORK_FILE
from jpegproof.studies.store import ABANDONED_SECONDS, Store

NAME = "ab" * 16


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path)
    made.begin()
    return made


def refusing(number: int) -> Callable[..., NoReturn]:
    def link(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return link


def test_of_many_writers_at_once_one_writes_and_nothing_is_left_beside(store: Store, tmp_path: Path):
    for number in range(20):
        name = f"{number:032x}"
        contents = [b"%d" % writer for writer in range(8)]
        with ThreadPoolExecutor(8) as pool:
            wrote = list(pool.map(lambda content, name=name: store.put_once(name, content), contents))
        assert sum(wrote) == 1
        assert store.get(name) == contents[wrote.index(True)]
    assert not list((tmp_path / "predictions" / ".parts").iterdir())


def test_a_disk_without_hard_links_is_written_all_the_same(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "link", refusing(errno.EPERM))
    assert store.put_once(NAME, b"first")
    assert not store.put_once(NAME, b"second")
    assert store.get(NAME) == b"first"


def test_a_disk_that_fails_is_told_and_nothing_is_left_beside(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "link", refusing(errno.ENOSPC))
    with pytest.raises(StoreError, match="No space left on device; what is finished is kept"):
        store.put_once(NAME, b"first")
    assert store.finished() == set()
    assert not list((tmp_path / "predictions" / ".parts").iterdir())


def test_what_another_machine_is_writing_is_left_alone_until_it_is_old(store: Store, tmp_path: Path):
    parts = tmp_path / "predictions" / ".parts"
    fresh, old = parts / f"{NAME}.0badcafe.99999999.1234", parts / f"{NAME}.0badcafe.99999998.1234"
    for part in (fresh, old):
        part.write_bytes(b"half")
    long_ago = old.stat().st_mtime - ABANDONED_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    store.begin()
    assert (fresh.exists(), old.exists()) == (True, False)


def test_which_of_a_few_cells_are_finished_is_seen_at_once(store: Store):
    assert store.finished_of([NAME]) == set()
    store.put_once(NAME, b"first")
    assert store.finished_of([NAME, "cd" * 16]) == {NAME}


def test_runs_at_the_same_time_share_one_log(store: Store):
    with store.log(WORK_FILE) as one, store.log(WORK_FILE) as other:
        one.add("first")
        other.add("second")
        assert store.log_lines(WORK_FILE) == ["first", "second"]
