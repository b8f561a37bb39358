"""Where jpegproof remembers what it found out about the user's files: all of it can be made anew."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

#: Names another folder; empty for none, and nothing is remembered.
VARIABLE = "JPEGPROOF_CACHE"


def cache_folder() -> Path | None:
    """The folder, made where it is not there; None where there is to be none or it cannot be made."""
    named = os.environ.get(VARIABLE)
    if named == "":
        return None
    folder = Path(named).expanduser() if named else user_cache_path("jpegproof", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def stamp_of(status: os.stat_result) -> tuple[int, int, int, int]:
    """What changes whenever a file is written: size, both times in nanoseconds, and where it is on the disk.

    The time of change is among them, as no program can set it back.
    """
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
