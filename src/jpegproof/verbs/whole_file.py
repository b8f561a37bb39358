"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from jpegproof.studies.store import is_alive

_BEGIN, _END = ".jpegproof-", ".part"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file to write, which takes its name only when it is whole and on the disk.

    Args:
        path: its name; a file that is there is replaced in one step.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    part = path.with_name(f"{_BEGIN}{os.getpid()}-{secrets.token_hex(4)}{_END}")
    try:
        with part.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def ignores_case(folder: Path) -> bool:
    """Whether names in a folder that differ in upper and lower case alone are those of one file.

    Raises:
        OSError: the folder cannot be written; only a file in it can tell.
    """
    with NamedTemporaryFile(prefix=f"{_BEGIN}{os.getpid()}-", suffix=_END, dir=folder) as probe:
        return os.path.lexists(folder / Path(probe.name).name.upper())


def remove_leftovers(folder: Path) -> None:
    """Removes what killed writers have left in a folder.

    Raises:
        OSError: the folder cannot be read, or the file not be removed.
    """
    for part in folder.glob(f"{_BEGIN}*{_END}"):
        pid = part.name.removeprefix(_BEGIN).partition("-")[0]
        if not (pid.isdigit() and is_alive(int(pid))):
            part.unlink(missing_ok=True)
