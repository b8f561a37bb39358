"""Files in an object store: put under the condition that there is none, read, listed; its failures made plain."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from jpegproof.exceptions import JpegproofError, StoreError, missing_extra

#: Requests at the same time, where there are many to be made.
REQUESTS = 16

#: How often a put is tried where the store says that somebody else is at it.
_TRIES = 5

#: The extra that brings what speaks a protocol, and its library.
_EXTRAS = {"s3": ("s3fs", "s3"), "s3a": ("s3fs", "s3")}

#: What the environment may hold that no message may show.
_SECRET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class Bucket:
    """The files under a prefix of an object store.

    Keys and endpoint come from where the library of the protocol looks for them; for S3 those are the usual
    environment variables, profiles and roles.

    Args:
        address: ``s3://BUCKET/PREFIX``; `fsspec` knows other protocols.

    Raises:
        StoreError: the address names no bucket and prefix, or holds a password.
        MissingExtraError: what speaks to such a store is not installed.
    """

    def __init__(self, address: str) -> None:
        self.address = _checked(address)
        protocol, _, base = self.address.partition("://")
        self._base = base
        self._fs = _file_system(protocol, self.address)
        self._conditional = True

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes a file whole under the condition that there is none of its name; whether it did.

        A store that knows no such condition is asked first, and then written to; two writers that meet there write the
        same content, since names say what files hold.

        Raises:
            StoreError: it cannot be written.
        """
        for attempt in range(_TRIES):
            with self._told(name, "written"):
                if not self._conditional:
                    if self.has(name):
                        return False
                    self._fs.pipe_file(self._key(name), content)
                    return True
                try:
                    self._fs.pipe_file(self._key(name), content, mode="create")
                    return True
                except FileExistsError:
                    return False
                except OSError as error:
                    # Not every server says which condition failed, and one may say that another put is on its way.
                    if self.has(name):
                        return False
                    if error.errno == errno.ENOSYS:
                        self._conditional = False
                    elif error.errno != errno.EBUSY or attempt == _TRIES - 1:
                        raise
                    time.sleep(0.2 * attempt)
        raise StoreError(f"{self.where(name)}: cannot be written: the store is busy; what is finished is kept")

    def put(self, name: str, content: bytes) -> None:
        """Writes a file whole, in the stead of an earlier one. Raises StoreError."""
        with self._told(name, "written"):
            self._fs.pipe_file(self._key(name), content)

    def get(self, name: str) -> bytes | None:
        """The content of a file; None where there is none. Raises StoreError."""
        with self._told(name, "read"):
            try:
                return self._fs.cat_file(self._key(name))
            except FileNotFoundError:
                return None

    def has(self, name: str) -> bool:
        """Whether there is such a file. Raises StoreError."""
        with self._told(name, "looked for"):
            try:
                self._fs.info(self._key(name))
            except FileNotFoundError:
                return False
            return True

    def those_there(self, names: Iterable[str]) -> set[str]:
        """Which of a few files are there: a request each, several at a time. Raises StoreError."""
        asked = list(names)
        with ThreadPoolExecutor(min(REQUESTS, len(asked)) or 1) as pool:
            return {name for name, there in zip(asked, pool.map(self.has, asked), strict=True) if there}

    def names(self, folder: str) -> list[str]:
        """The names of all files under a prefix, in order: one listing. Raises StoreError."""
        with self._told(folder, "listed"):
            try:
                keys = self._fs.find(self._key(folder))
            except FileNotFoundError:
                return []
        return sorted(str(key).strip("/").removeprefix(f"{self._base}/") for key in keys)

    def remove(self, name: str) -> None:
        """Removes a file, if it is there. Raises StoreError."""
        with self._told(name, "removed"):
            try:
                self._fs.rm_file(self._key(name))
            except FileNotFoundError:
                return

    def where(self, name: str) -> str:
        """The address of a file."""
        return f"{self.address}/{name}"

    def _key(self, name: str) -> str:
        return f"{self._base}/{name}"

    @contextmanager
    def _told(self, name: str, done: str) -> Iterator[None]:
        """Every library has failures of its own; the user is told where it happened and what it said, and no key."""
        try:
            yield
        except (JpegproofError, FileNotFoundError, FileExistsError) as error:
            if isinstance(error, FileNotFoundError):
                raise StoreError(f"{self.where(name)}: cannot be {done}: there is no such bucket") from error
            raise
        except Exception as error:
            said = (str(error).splitlines() or [""])[0] or type(error).__name__
            advice = ""
            if isinstance(error, PermissionError) or "credential" in said.lower():
                advice = "; keys are read from the environment, a profile or a role, as the store's own tools do"
            elif "endpoint" in said.lower():
                advice = "; what is finished is kept. Does the server run, and is AWS_ENDPOINT_URL_S3 its http address?"
            raise StoreError(f"{self.where(name)}: cannot be {done}: {without_secrets(said)}{advice}") from error


def without_secrets(text: str) -> str:
    """A message without the keys that the environment holds."""
    for name in _SECRET:
        if value := os.environ.get(name):
            text = text.replace(value, f"({name})")
    return text


def _checked(address: str) -> str:
    """The address without a slash at its end. Raises StoreError where it is none."""
    parts = urlsplit(address)
    example = f"{parts.scheme or 's3'}://BUCKET/PREFIX"
    if "@" in parts.netloc:
        raise StoreError(
            f"{parts.scheme}://…@…: an address holds no keys, since it is written into results; give {example} and put "
            "the keys where the store's own tools look for them"
        )
    if parts.scheme in ("http", "https"):
        raise StoreError(
            f"{address}: is a server's address, and not that of a place in it; give s3://BUCKET/PREFIX, and the server "
            "by AWS_ENDPOINT_URL_S3"
        )
    if not parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
        raise StoreError(f"{address}: names no place for results in an object store; give {example}")
    return f"{parts.scheme}://{parts.netloc}/{parts.path.strip('/')}"


def _file_system(protocol: str, address: str) -> Any:
    import fsspec

    library, extra = _EXTRAS.get(protocol, ("fsspec", ""))
    try:
        import_module(library)
    except ImportError as error:
        raise missing_extra(library, extra, f"{address}: an object store") from error
    try:
        # What other machines write must be seen, so listings are not remembered.
        return fsspec.filesystem(protocol, use_listings_cache=False)
    except ImportError as error:
        raise StoreError(f"{address}: {str(error).splitlines()[0]}") from error
    except ValueError as error:
        raise StoreError(
            f"{address}: {protocol!r} is no protocol of an object store; give s3://BUCKET/PREFIX"
        ) from error
