"""Where predictions live on a disk: files that are written once, whole or not at all."""

from __future__ import annotations

import errno
import os
import platform
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path

from jpegproof.exceptions import StoreError
from jpegproof.studies.logs import AppendedLog, Log

PREDICTIONS = "predictions"
ARTIFACTS = "artifacts"
DAMAGED = ".damaged"

#: What another machine began to write so long ago will not be finished any more.
ABANDONED_SECONDS = 24 * 3600.0

#: File systems without hard links say one of these.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})


class Store:
    """A results folder on a disk, which several machines may share. Its one way of writing results is `put_once`.

    It is one of the two kinds of `ResultStore`, which see.

    Args:
        root: the folder; it need not be there before `begin`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._parts = root / PREDICTIONS / ".parts"

    @property
    def address(self) -> str:
        """What `open_store` opens it by in another process, wherever that one works."""
        return str(self.root.expanduser().resolve())

    def begin(self) -> None:
        """Makes the folder where it is not there, and removes what killed writers left behind in it.

        Raises:
            StoreError: the folder cannot be made or written.
        """
        scheme = self.root.parts[0] if self.root.parts else ""
        if len(scheme) > 2 and scheme.endswith(":") and not scheme.startswith("."):
            raise StoreError(
                f"{self.root}: an object store's address is understood by study, status and report; give a folder"
            )
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.root}: cannot be used as a results folder: {error.strerror}") from error
        for part in self._parts.iterdir():
            if not _may_be_written(part):
                part.unlink(missing_ok=True)

    def put_once(self, name: str, content: bytes) -> bool:
        """Stores a prediction file whole, unless it is there already.

        Written beside, made durable, then given its name: a reader sees all of it or nothing, whenever the writer dies,
        and of several writers one wins.

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
        part = self._parts / f"{name}.{_this_machine()}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            return _name_once(part, path)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}; what is finished is kept") from error
        finally:
            part.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """The bytes of a finished prediction file.

        Raises:
            StoreError: it is not there.
        """
        try:
            return self.path(name).read_bytes()
        except OSError as error:
            raise StoreError(f"{self.path(name)}: cannot be read: {error.strerror}; run the study again") from error

    def set_aside(self, name: str) -> None:
        """Takes a damaged prediction file out of the way, to where it can be looked at.

        Raises:
            StoreError: it cannot be moved.
        """
        _move(self.path(name), self.root / PREDICTIONS / DAMAGED)

    def set_aside_artifact(self, name: str) -> None:
        """Takes a damaged trained thing out of the way; see `set_aside`."""
        _move(self.artifact(name), self.root / ARTIFACTS / DAMAGED)

    def where(self, name: str) -> str:
        """Where a cell's prediction file is or will be, for messages."""
        return str(self.path(name))

    def path(self, name: str) -> Path:
        """Where a cell's prediction file is or will be."""
        return self.root / PREDICTIONS / name[:2] / f"{name}.parquet"

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

    def finished_of(self, names: Iterable[str]) -> set[str]:
        """Which of a few cells are finished at this moment."""
        return {name for name in names if self.path(name).exists()}

    def artifact(self, name: str) -> Path:
        """Where a trained thing is or will be."""
        return self.root / ARTIFACTS / f"{name}.safetensors"

    def has_artifact(self, name: str) -> bool:
        """Whether a thing is trained."""
        return self.artifact(name).exists()

    def fetch_artifact(self, name: str) -> None:
        """Nothing to do: what is there lies where `artifact` says."""

    def put_record(self, name: str, text: str) -> None:
        """Writes what is to be known of a trained thing beside it.

        Raises:
            StoreError: the file cannot be written.
        """
        path = self.artifact(name).with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)

    def record(self, name: str) -> str | None:
        """What `put_record` has kept; None where there is nothing."""
        return _text(self.artifact(name).with_suffix(".json"))

    def checkpoint(self, name: str) -> Path:
        """Where an unfinished training stands."""
        return self.root / ARTIFACTS / "unfinished" / f"{name}.pt"

    def keep_checkpoint(self, name: str) -> None:
        """Nothing to do: it was written where it is kept."""

    def drop_checkpoint(self, name: str) -> None:
        """Removes the checkpoint of a finished training."""
        self.checkpoint(name).unlink(missing_ok=True)

    def recall(self, file: str) -> None:
        """Nothing to do: a file of the folder is read where it lies."""

    def publish(self, file: str) -> None:
        """Nothing to do: a file of the folder is written where it lies."""

    def withdraw(self, file: str) -> None:
        """Takes a file away; one that is not there is fine."""
        try:
            (self.root / file).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{self.root / file}: cannot be deleted: {error.strerror}") from error

    def log(self, file: str) -> AbstractContextManager[Log]:
        """Takes lines at the end of a log, for as long as the block lasts.

        Raises:
            StoreError: it cannot be written.
        """
        return AppendedLog(self.root / file)

    def log_lines(self, file: str) -> list[str]:
        """The lines of all runs; the last one of a run that was killed may be cut off."""
        path = self.root / file
        try:
            return path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from error


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error


def _move(path: Path, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.replace(folder / f"{path.name}.{secrets.token_hex(4)}")
    except FileNotFoundError:
        return  # another run has moved it
    except OSError as error:
        raise StoreError(f"{path}: is damaged, and cannot be set aside: {error.strerror}; delete it") from error


def _name_once(part: Path, path: Path) -> bool:
    """Gives a whole file its name, unless that is taken; whether it did."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if path.exists():
            return False
        part.rename(path)  # where two meet, both hold the same
    return True


def _this_machine() -> str:
    """Tells machines that share a folder apart: process numbers mean nothing on another one."""
    return blake2b(platform.node().encode("utf-8", "replace"), digest_size=4).hexdigest()


def _may_be_written(part: Path) -> bool:
    """Whether a file that is not whole may still have a writer: a living process here, or a fresh one of elsewhere."""
    _, *machine, pid, _ = part.name.split(".")
    if machine in ([], [_this_machine()]):  # none: written by a version that knew of one machine only
        return pid.isdigit() and is_alive(int(pid))
    try:
        return time.time() - part.stat().st_mtime < ABANDONED_SECONDS
    except OSError:
        return False


def write_whole(path: Path, content: str) -> None:
    """Replaces a text file in one step, for what is a view of the results and may be made again.

    Raises:
        StoreError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")  # machines may share process numbers
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
