"""Where a study's results go: what every kind of place can do, and which kind an address asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from jpegproof.exceptions import StoreError
from jpegproof.studies.logs import Log
from jpegproof.studies.store import Store

#: An address with one slash; Windows calls its drives by one letter.
_ONE_SLASH = re.compile(r"([a-z][a-z0-9+.-]+):/(?!/)")


class ResultStore(Protocol):
    """A place of results: a folder (`Store`), or a bucket (`ObjectStore`) with a working folder on this machine.

    Predictions and trained things are written once, under names made of all that they depend on, so that any number of
    processes on any number of machines may write at the same time. All methods raise StoreError where the place fails.

    Attributes:
        root: the folder itself, or the working folder: where ``plan.json``, ``study.yaml`` and ``environment.json``
            lie on this machine.
        address: what `open_store` opens the place by in another process.
    """

    root: Path

    @property
    def address(self) -> str: ...

    def begin(self) -> None:
        """Makes the place ready for writers."""
        ...

    def put_once(self, name: str, content: bytes) -> bool:
        """Stores a cell's file whole, unless it is there already; whether this call wrote it."""
        ...

    def get(self, name: str) -> bytes:
        """The bytes of a finished cell's file."""
        ...

    def set_aside(self, name: str) -> None:
        """Takes a damaged file of a cell out of the way; the cell is missing then."""
        ...

    def set_aside_artifact(self, name: str) -> None:
        """Takes a damaged trained thing out of the way."""
        ...

    def where(self, name: str) -> str:
        """Where a cell's file is or will be, for messages."""
        ...

    def finished(self) -> set[str]:
        """The fingerprints of all finished cells."""
        ...

    def finished_names(self) -> Iterator[str]:
        """The same one by one, of which there may be more than should be held at once."""
        ...

    def finished_of(self, names: Iterable[str]) -> set[str]:
        """Which of a few cells are finished at this moment."""
        ...

    def put_artifact(self, name: str, content: bytes) -> bool:
        """Stores a trained thing's file whole, unless it is there already; whether this call wrote it."""
        ...

    def has_artifact(self, name: str) -> bool:
        """Whether a thing is trained."""
        ...

    def artifact(self, name: str) -> Path:
        """Where a trained thing is or will be on this machine, once `fetch_artifact` was called."""
        ...

    def fetch_artifact(self, name: str) -> None:
        """Brings a trained thing to this machine, if it is not there."""
        ...

    def put_record(self, name: str, text: str) -> None:
        """Keeps what is to be known of a trained thing beside it."""
        ...

    def record(self, name: str) -> str | None:
        """What `put_record` has kept; None where there is nothing."""
        ...

    def checkpoint(self, name: str) -> Path:
        """A file of this machine that holds how far an unfinished training has come, if any machine has begun it."""
        ...

    def keep_checkpoint(self, name: str) -> None:
        """Called when the file of `checkpoint` was written, so that another machine can go on from there."""
        ...

    def drop_checkpoint(self, name: str) -> None:
        """Forgets how far a training had come, once it is done."""
        ...

    def recall(self, file: str) -> None:
        """Brings a file of the place, such as ``plan.json``, into `root`; takes it away there where it has none."""
        ...

    def publish(self, file: str) -> None:
        """Takes a file from `root` to the place, in the stead of an earlier one."""
        ...

    def withdraw(self, file: str) -> None:
        """Takes a file away from the place and from `root`; one that is not there is fine."""
        ...

    def log(self, file: str) -> AbstractContextManager[Log]:
        """Takes lines at the end of one of the place's logs, for as long as the block lasts."""
        ...

    def log_lines(self, file: str) -> list[str]:
        """The lines of all runs, none before the first; the last one of a run that was killed may be cut off."""
        ...


def is_remote(out: str | Path) -> bool:
    """Whether results go to an object store rather than into a folder.

    Raises:
        StoreError: it is neither: an address that lacks a slash.
    """
    if isinstance(out, str) and (lacking := _ONE_SLASH.match(out)):
        protocol, rest = lacking[1], out[lacking.end() :]
        raise StoreError(f"{out}: an address has two slashes ({protocol}://{rest}); a folder of that name is ./{out}")
    return isinstance(out, str) and "://" in out


def open_store(out: str | Path) -> ResultStore:
    """The place of results that a folder or an address (``s3://BUCKET/PREFIX``) names. Nothing is made yet.

    Raises:
        StoreError: the address cannot be one.
        MissingExtraError: what speaks to such a store is not installed.
    """
    if not is_remote(out):
        return Store(Path(out).expanduser())
    from jpegproof.studies.object_store import ObjectStore

    return ObjectStore(str(out))


def require_folder(out: str | Path, what: str) -> Path:
    """The results folder that was named.

    Args:
        out: what was given.
        what: what needs a folder, for the message.

    Raises:
        StoreError: it is the address of an object store.
    """
    if is_remote(out):
        raise StoreError(f"{out}: {what} needs a folder; fetch the results first: jpegproof report {out} --to DIR")
    return Path(out).expanduser()


def folder_to_write(out: str | Path, verb: str) -> Path:
    """The folder that a verb was told to write into.

    Args:
        out: what was given.
        verb: which one, for the message.

    Raises:
        StoreError: it is the address of an object store, which only ``study`` writes to.
    """
    if is_remote(out):
        raise StoreError(
            f"{out}: {verb} writes into a folder; to a bucket go the results of: jpegproof study FILE.yaml --out {out}"
        )
    return Path(out).expanduser()
