"""Digests of files that were read before, so that planning a study again reads only what has changed."""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from jpegproof.data.cache_folder import cache_folder, is_settled, stamp_of

#: So many are written down at once, and only the few after the last time are read again by a later run.
_AT_ONCE = 64
_TABLE = """CREATE TABLE IF NOT EXISTS digests
    (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER, digest BLOB) WITHOUT ROWID"""


def file_digest(path: Path | str) -> bytes:
    """The digest of a file's bytes, 16 of them; remembered for as long as the file is not written.

    Raises:
        OSError: it cannot be read.
    """
    status = os.stat(path)  # noqa: PTH116, of very many files
    remembered = _remembered(cache_folder())
    found = remembered.get(path, status)
    if found is not None:
        return found
    with open(path, "rb") as file:  # noqa: PTH123
        digest = blake2b(file.read(), digest_size=16).digest()
    remembered.put(path, status, digest)
    return digest


class RememberedDigests:
    """A file of digests in the cache folder. Where it cannot be used, nothing is remembered.

    Args:
        folder: the cache folder; None for no memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._lock = Lock()
        self._waiting: list[tuple[bytes | int, ...]] = []
        self._base: sqlite3.Connection | None = None
        if folder is not None:
            try:
                self._base = sqlite3.connect(folder / "digests.sqlite", timeout=1.0, check_same_thread=False)
                with self._base:
                    self._base.execute(_TABLE)
            except sqlite3.Error:
                self._base = None

    def get(self, path: Path | str, status: os.stat_result) -> bytes | None:
        """The digest of a file that is as it was when this was remembered; None where it is not known."""
        if self._base is None:
            return None
        try:
            with self._lock:
                row = self._base.execute(
                    "SELECT size, mtime, ctime, inode, digest FROM digests WHERE path = ?", (_key(path),)
                ).fetchone()
        except sqlite3.Error:
            return None
        if row is None or tuple(row[:4]) != stamp_of(status):
            return None
        return row[4] if isinstance(row[4], bytes) and len(row[4]) == 16 else None

    def put(self, path: Path | str, status: os.stat_result, digest: bytes) -> None:
        """Remembers a file's digest, unless the file was written just now."""
        stamp = stamp_of(status)
        if self._base is None or not is_settled(stamp):
            return
        with self._lock:
            self._waiting.append((_key(path), *stamp, digest))
            if len(self._waiting) < _AT_ONCE:
                return
            rows, self._waiting = self._waiting, []
            try:
                with self._base:
                    self._base.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?)", rows)
            except sqlite3.Error:
                self._base = None  # full, damaged, or of somebody else


@cache
def _remembered(folder: Path | None) -> RememberedDigests:
    return RememberedDigests(folder)


def _key(path: Path | str) -> bytes:
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100, links are told apart by what they lead to
