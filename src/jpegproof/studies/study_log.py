"""The log of a study's runs: one JSON object a line, for people who look afterwards and for programs that watch."""

from __future__ import annotations

import json
import os
import platform
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from jpegproof.exceptions import StoreError
from jpegproof.studies.logs import LOG_FILE
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.store import is_alive


class StudyLog:
    """Writes the log; runs at the same time may share the file.

    Each line has ``time`` (UTC, ISO 8601), ``run`` (a name drawn for the run) and ``event``: ``run_begun``,
    ``training_begun``, ``training_done``, ``unit_begun``, ``unit_done``, ``unit_failed``, ``note``, ``run_done``,
    ``run_failed``.

    Args:
        store: the place of results that it belongs to.
    """

    def __init__(self, store: ResultStore) -> None:
        self._opened = store.log(LOG_FILE)
        self._run = secrets.token_hex(4)

    def __enter__(self) -> Self:
        self._lines = self._opened.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            with suppress(StoreError):  # the disk may be full, and what stopped the run is what the user has to hear of
                self.add("run_failed", reason=str(error) or type(error).__name__)
        self._opened.__exit__(kind, error, trace)

    def begin(self, **facts: Any) -> None:
        """Notes who runs; facts are added to what the log says of it."""
        self.add("run_begun", pid=os.getpid(), machine=platform.node(), **facts)

    def add(self, event: str, **facts: Any) -> None:
        """Notes an event.

        Raises:
            StoreError: it cannot be written.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._lines.add(json.dumps({"time": now, "run": self._run, "event": event, **facts}, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class UnitsNow:
    """What the log says of units that are not done.

    Attributes:
        running: shards in hand, by whoever is still at work.
        lost: shards in hand when the run that had them ended.
        failed: why, by shard; of units that were not done since.
    """

    running: frozenset[int]
    lost: frozenset[int]
    failed: Mapping[int, str]


def units_now(lines: Iterable[str]) -> UnitsNow:
    """Reads the lines of a study's log, to which more may be written at the moment."""
    in_hand: dict[int, str] = {}
    failed: dict[int, str] = {}
    alive: dict[str, bool] = {}
    for entry in _entries(lines):
        run, event, shard = str(entry.get("run")), entry.get("event"), entry.get("shard")
        if event == "run_begun":
            alive[run] = _may_be_alive(entry)
            failed.clear()
        elif event in ("run_done", "run_failed"):
            alive[run] = False
        elif isinstance(shard, int):
            if event == "unit_begun":
                in_hand[shard] = run
            elif event in ("unit_done", "unit_failed"):
                in_hand.pop(shard, None)
            if event == "unit_failed":
                failed[shard] = str(entry.get("reason", ""))
            else:
                failed.pop(shard, None)
    running = frozenset(shard for shard, run in in_hand.items() if alive.get(run))
    return UnitsNow(running, frozenset(in_hand) - running, failed)


def _may_be_alive(entry: Mapping[str, Any]) -> bool:
    """Whether the run that a line tells of may go on: on another machine nobody can know."""
    if entry.get("machine") != platform.node():
        return True
    pid = entry.get("pid")
    return isinstance(pid, int) and is_alive(pid)


def _entries(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # a line that was cut off when its writer was killed
        if isinstance(entry, dict):
            yield entry
