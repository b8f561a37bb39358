"""Where predictions live: files that are written once, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from jpegproof.exceptions import StoreError

PREDICTIONS = "predictions"
ARTIFACTS = "artifacts"


class Store:
    """A results folder on a disk. Its one way of writing results is `put_once`.

    Args:
        root: the folder; it need not be there before `begin`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._parts = root / PREDICTIONS / ".parts"

    def begin(self) -> None:
        """Makes the folder where it is not there, and removes what killed writers left behind in it.

        Raises:
            StoreError: the folder cannot be made or written.
        """
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.root}: cannot be used as a results folder: {error.strerror}") from error
        for part in self._parts.iterdir():
            pid = part.name.split(".")[-2]
            if not (pid.isdigit() and is_alive(int(pid))):
                part.unlink(missing_ok=True)

    def put_once(self, name: str, content: bytes) -> bool:
        """Stores a prediction file whole, unless it is there already.

        Written beside, made durable, then renamed: a reader sees all of it or nothing, whenever the writer dies.

        Args:
            name: the cell's fingerprint.
            content: the file's bytes.

        Returns:
            Whether this call wrote it.

        Raises:
            StoreError: the disk is full, or the folder cannot be written.
        """
        return self._put(self.path(name), name, content)

    def put_artifact(self, name: str, content: bytes) -> bool:
        """Stores a trained thing's file whole, unless it is there already; see `put_once`."""
        return self._put(self.artifact(name), name, content)

    def _put(self, path: Path, name: str, content: bytes) -> bool:
        if path.exists():
            return False
        part = self._parts / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"{path}: cannot be written: {error.strerror}; what is finished is kept") from error
        return True

    def get(self, name: str) -> bytes:
        """The bytes of a finished prediction file.

        Raises:
            StoreError: it is not there.
        """
        try:
            return self.path(name).read_bytes()
        except OSError as error:
            raise StoreError(f"{self.path(name)}: cannot be read: {error.strerror}; run the study again") from error

    def path(self, name: str) -> Path:
        """Where a cell's prediction file is or will be."""
        return self.root / PREDICTIONS / name[:2] / f"{name}.parquet"

    def artifact(self, name: str) -> Path:
        """Where a trained thing is or will be."""
        return self.root / ARTIFACTS / f"{name}.safetensors"

    def checkpoint(self, name: str) -> Path:
        """Where an unfinished training stands."""
        return self.root / ARTIFACTS / "unfinished" / f"{name}.pt"

    def finished(self) -> set[str]:
        """The fingerprints of all finished cells."""
        return set(self.finished_names())

    def finished_names(self) -> Iterator[str]:
        """The same one by one, of which there may be more than should be held at once."""
        for folder in (self.root / PREDICTIONS).glob("[0-9a-f][0-9a-f]"):
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".parquet"):
                        yield entry.name.removesuffix(".parquet")


def write_whole(path: Path, content: str) -> None:
    """Replaces a text file in one step, for what is a view of the results and may be made again.

    Raises:
        StoreError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(content, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def is_alive(pid: int) -> bool:
    """Whether a process of this machine may still be running."""
    if os.name == "nt":  # where signal 0 is no question but the end of the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
