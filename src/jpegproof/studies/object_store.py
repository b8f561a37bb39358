"""Where predictions live in an object store: a bucket whose writers need not know each other."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from jpegproof.exceptions import StoreError
from jpegproof.studies.bucket import Bucket
from jpegproof.studies.logs import WORK_FILE, ObjectLog
from jpegproof.studies.store import ARTIFACTS, DAMAGED, PREDICTIONS


class ObjectStore:
    """A results "folder" in an object store; one of the two kinds of `ResultStore`, which see.

    A file is put under the condition that there is none of its name (``If-None-Match: *``): of several writers one
    wins, and no finished file is written again. Trained things, checkpoints, plan, study and environment pass through
    a working folder of this machine.

    Args:
        address: as a `Bucket` takes it.
        root: the working folder; one in the user's cache unless given.

    Raises:
        StoreError, MissingExtraError: as `Bucket`.
    """

    def __init__(self, address: str, root: Path | None = None) -> None:
        self.bucket = Bucket(address)
        self.root = root if root is not None else working_folder(self.bucket.address)

    @property
    def address(self) -> str:
        """What `open_store` opens it by."""
        return self.bucket.address

    def begin(self) -> None:
        """Makes the working folder, and has the store answer once, so that a wrong address is told before the work."""
        try:
            (self.root / ARTIFACTS / "unfinished").mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.root}: cannot be made: {error.strerror}") from error
        self.bucket.names(_log_folder(WORK_FILE))

    def put_once(self, name: str, content: bytes) -> bool:
        """See `ResultStore`."""
        return self.bucket.put_new(_prediction(name), content)

    def get(self, name: str) -> bytes:
        """See `ResultStore`."""
        content = self.bucket.get(_prediction(name))
        if content is None:
            raise StoreError(f"{self.where(name)}: is not there; run the study again")
        return content

    def set_aside(self, name: str) -> None:
        """See `ResultStore`."""
        self._set_aside(_prediction(name))

    def set_aside_artifact(self, name: str) -> None:
        """See `ResultStore`."""
        self.artifact(name).unlink(missing_ok=True)
        self._set_aside(_artifact(name))

    def _set_aside(self, name: str) -> None:
        content = self.bucket.get(name)
        if content is not None:
            self.bucket.put(f"{DAMAGED}/{name}.{secrets.token_hex(4)}", content)
            self.bucket.remove(name)

    def where(self, name: str) -> str:
        """See `ResultStore`."""
        return self.bucket.where(_prediction(name))

    def finished(self) -> set[str]:
        """See `ResultStore`."""
        return set(self.finished_names())

    def finished_names(self) -> Iterator[str]:
        """See `ResultStore`."""
        names = (PurePosixPath(name) for name in self.bucket.names(PREDICTIONS))
        return (name.stem for name in names if name.suffix == ".parquet")

    def finished_of(self, names: Iterable[str]) -> set[str]:
        """See `ResultStore`."""
        return {PurePosixPath(name).stem for name in self.bucket.those_there(map(_prediction, names))}

    def put_artifact(self, name: str, content: bytes) -> bool:
        """See `ResultStore`."""
        return self.bucket.put_new(_artifact(name), content)

    def has_artifact(self, name: str) -> bool:
        """See `ResultStore`."""
        return self.bucket.has(_artifact(name))

    def artifact(self, name: str) -> Path:
        """See `ResultStore`."""
        return self.root / ARTIFACTS / f"{name}.safetensors"

    def fetch_artifact(self, name: str) -> None:
        """See `ResultStore`."""
        if not self.artifact(name).exists():
            content = self.bucket.get(_artifact(name))
            if content is None:
                raise StoreError(f"{self.bucket.where(_artifact(name))}: is not there; run the study again")
            _replace(self.artifact(name), content)

    def put_record(self, name: str, text: str) -> None:
        """See `ResultStore`."""
        self.bucket.put(f"{ARTIFACTS}/{name}.json", text.encode("utf-8"))

    def record(self, name: str) -> str | None:
        """See `ResultStore`."""
        content = self.bucket.get(f"{ARTIFACTS}/{name}.json")
        return content.decode("utf-8", "replace") if content is not None else None

    def checkpoint(self, name: str) -> Path:
        """See `ResultStore`."""
        self._bring(_checkpoint(name))
        return self.root / _checkpoint(name)

    def keep_checkpoint(self, name: str) -> None:
        """See `ResultStore`."""
        self.publish(_checkpoint(name))

    def drop_checkpoint(self, name: str) -> None:
        """See `ResultStore`."""
        (self.root / _checkpoint(name)).unlink(missing_ok=True)
        self.bucket.remove(_checkpoint(name))

    def recall(self, file: str) -> None:
        """See `ResultStore`."""
        self._bring(file)

    def publish(self, file: str) -> None:
        """See `ResultStore`."""
        try:
            content = (self.root / file).read_bytes()
        except OSError as error:
            raise StoreError(f"{self.root / file}: cannot be read: {error.strerror}") from error
        self.bucket.put(file, content)

    def withdraw(self, file: str) -> None:
        """See `ResultStore`."""
        (self.root / file).unlink(missing_ok=True)
        self.bucket.remove(file)

    def log(self, file: str) -> ObjectLog:
        """See `ResultStore`. An object for each run, since objects cannot be appended to; named so that they sort."""
        begun = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        name = f"{_log_folder(file)}/{begun}-{secrets.token_hex(4)}.jsonl"
        return ObjectLog(lambda content: self.bucket.put(name, content))

    def log_lines(self, file: str) -> list[str]:
        """See `ResultStore`."""
        logs = [self.bucket.get(name) or b"" for name in sorted(self.bucket.names(_log_folder(file)))]
        return [line for log in logs for line in log.decode("utf-8", "replace").splitlines()]

    def _bring(self, file: str) -> None:
        content = self.bucket.get(file)
        if content is None:
            (self.root / file).unlink(missing_ok=True)
        else:
            _replace(self.root / file, content)


def working_folder(address: str) -> Path:
    """The folder of this machine in which files of an object store are handled; its content may be deleted."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "jpegproof" / "stores" / blake2b(address.encode(), digest_size=8).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Writes a file whole, whoever on this machine does the same at the moment."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def _log_folder(file: str) -> str:
    return PurePosixPath(file).stem


def _prediction(name: str) -> str:
    return f"{PREDICTIONS}/{name[:2]}/{name}.parquet"


def _artifact(name: str) -> str:
    return f"{ARTIFACTS}/{name}.safetensors"


def _checkpoint(name: str) -> str:
    return f"{ARTIFACTS}/unfinished/{name}.pt"
