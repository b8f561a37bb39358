"""Where jpegproof remembers what it found out about the user's files: all of it can be made anew."""

from __future__ import annotations

import os
import time
from hashlib import blake2b
from pathlib import Path

from platformdirs import user_cache_path

#: Names another folder; empty for none, and nothing is remembered.
VARIABLE = "JPEGPROOF_CACHE"

#: A file that was written less long ago may be written again without a trace in its times.
SETTLED_NS = 2_000_000_000


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


def is_settled(stamp: tuple[int, int, int, int]) -> bool:
    """Whether a file of this stamp was written long enough ago for something to be remembered of it."""
    return time.time_ns() - max(stamp[1], stamp[2]) > SETTLED_NS


def place_of(source: Path, folder: Path, kind: str) -> Path:
    """Where in the cache folder an Arrow file of what is known of one large file lies.

    Args:
        source: the file.
        folder: what `cache_folder` answers.
        kind: of what is known; a folder's name.
    """
    return folder / kind / f"{blake2b(os.fsencode(source.resolve()), digest_size=16).hexdigest()}.arrow"
