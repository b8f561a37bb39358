"""Logs of a place of results: lines that runs add, of which several may do so at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from jpegproof.exceptions import StoreError

#: One JSON object for each finished unit: its counters and seconds.
WORK_FILE = "work.jsonl"

#: What runs did and what happened to them, see `study_log`.
LOG_FILE = "log.jsonl"

#: Seconds between two writings of a log that has to be written whole.
_PATIENCE = 20.0


class Log(Protocol):
    """Takes the lines."""

    def add(self, line: str) -> None:
        """Keeps a line, without its end; whoever reads the log while the study runs sees it soon.

        Raises:
            StoreError: it cannot be written.
        """
        ...


class AppendedLog:
    """A log at the end of a file. Runs at the same time may share the file: each line is one write.

    Args:
        path: the file; made where it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, line: str) -> None:
        """See `Log`."""
        assert self._file is not None
        try:
            self._file.write(f"{line}\n".encode())
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error


class ObjectLog:
    """A log that is written whole each time, as objects are: now and then, and at the end.

    Args:
        put: writes the content of the log.
    """

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._lines: list[str] = []
        self._kept = 0
        self._put_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._keep()
        except StoreError:
            if error is None:  # else what stopped the work is what the user has to hear of
                raise

    def add(self, line: str) -> None:
        """See `Log`."""
        self._lines.append(line)
        if time.monotonic() - self._put_at > _PATIENCE:
            self._keep()

    def _keep(self) -> None:
        if len(self._lines) > self._kept:
            self._put("".join(f"{line}\n" for line in self._lines).encode())
            self._kept = len(self._lines)
            self._put_at = time.monotonic()
