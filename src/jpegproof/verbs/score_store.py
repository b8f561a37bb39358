"""The scores of a benchmark as they are measured, so that a run that was stopped goes on where it stood."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jpegproof.exceptions import StoreError
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.studies.store import write_whole

#: Raised whenever a metric, or the way to the compared pictures, changes, so that old scores are not taken for new.
VERSION = 1


class ScoreStore:
    """A file with one JSON line for every set of scores, under a fingerprint of all that they depend on.

    Args:
        path: the file, in a folder that is there; what it holds from earlier runs is read, and a last line that was
            cut off is dropped.

    Raises:
        StoreError: the file cannot be read or written, or is no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._earlier()

    def find(self, facts: Mapping[str, Any]) -> dict[str, float] | None:
        """See `KeptScores`."""
        return self._known.get(_name(facts))

    def keep(self, facts: Mapping[str, Any], values: Mapping[str, float]) -> None:
        """See `KeptScores`.

        Raises:
            StoreError: the file cannot be written.
        """
        name = _name(facts)
        self._known[name] = dict(values)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"name": name, "scores": dict(values)}) + "\n")
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}; what is finished is kept") from error

    def _earlier(self) -> dict[str, dict[str, float]]:
        if not os.path.lexists(self._path):
            return {}
        try:
            text = self._path.read_text(encoding="utf-8")
            whole = text[: text.rfind("\n") + 1]
            known = {line["name"]: dict(line["scores"]) for line in map(json.loads, whole.splitlines())}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"{self._path}: cannot be read as scores of earlier runs: {error}; delete it, or give --out another "
                "folder"
            ) from error
        if whole != text:
            write_whole(self._path, whole)
        return known


def _name(facts: Mapping[str, Any]) -> str:
    return fingerprint({"version": VERSION, **facts})
