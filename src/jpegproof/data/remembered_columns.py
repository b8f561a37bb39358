"""What was found out about one large file, in columns of numbers: written beside, and mapped rather than read again."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.data.cache_folder import cache_folder, is_settled, place_of, stamp_of


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of a file.

    Attributes:
        facts: what JSON can hold.
        arrays: (N,) arrays of numbers by name, each with its own length; they cannot be written to.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def digest(self) -> str:
        """A digest of everything in it."""
        digest = blake2b(json.dumps(self.facts).encode(), digest_size=16)
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.dtype.str} {len(array)}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def remembered_columns(source: Path, kind: str, version: int, make: Callable[[], Columns]) -> Columns:
    """What is known of a file, made once for as long as the file is not written.

    What is remembered lies on the disk and is mapped, so that processes share it. It is made again where it is damaged,
    of another version, or of a file that has changed since. Where the cache folder cannot be written, it is in memory.

    Args:
        source: the file.
        kind: what the columns are, a folder's name in the cache.
        version: raised whenever they would come out otherwise.
        make: finds them out.

    Raises:
        OSError: the file is not there.
        Exception: whatever ``make`` raises.
    """
    folder, stamp = cache_folder(), stamp_of(source.stat())
    if folder is None:
        return make()
    place = place_of(source, folder, kind)
    remembered = _opened(place, version, stamp)
    if remembered is not None:
        return remembered
    settled = is_settled(stamp)
    made = make()
    if not settled or stamp_of(source.stat()) != stamp:
        return made
    _write(made, place, version, stamp)
    return _opened(place, version, stamp) or made


def _write(columns: Columns, place: Path, version: int, stamp: tuple[int, ...]) -> None:
    """Writes a table of one row, in which each column is a list, so that each has its own length."""
    told = {"version": version, "stamp": stamp, "facts": columns.facts, "digest": columns.digest()}
    lists = {name: _list_of(array) for name, array in columns.arrays.items()}
    table = pa.table(lists).replace_schema_metadata({b"jpegproof": json.dumps(told).encode()})
    part = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(exist_ok=True)
        with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        part.replace(place)
    except OSError:  # the disk of the cache is full, or it may not be written
        with suppress(OSError):
            part.unlink()


def _opened(place: Path, version: int, stamp: tuple[int, ...]) -> Columns | None:
    """What was written of a file that is as it was then; None where nothing was, or where it is damaged."""
    try:
        table = pa.ipc.open_file(pa.memory_map(str(place))).read_all()
        told = json.loads((table.schema.metadata or {})[b"jpegproof"])
        if told["version"] != version or told["stamp"] != list(stamp):
            return None
        table.validate(full=True)
        arrays = {name: _array_of(table[name].chunk(0).values) for name in table.column_names}
        columns = Columns(told["facts"], arrays)
        return columns if columns.digest() == told["digest"] else None
    except (OSError, LookupError, TypeError, ValueError, AttributeError, RecursionError, pa.ArrowException):
        return None  # whatever else lies there: it is made again


# Arrow's own ways from and to NumPy import pandas, which takes a second and 45 MiB.


def _list_of(array: NDArray[Any]) -> pa.Array:
    """A column of one row, which is a list of an array's numbers."""
    kind = pa.from_numpy_dtype(array.dtype)
    values = pa.Array.from_buffers(kind, len(array), [None, pa.py_buffer(np.ascontiguousarray(array))])
    ends = pa.py_buffer(np.array([0, len(array)], dtype=np.int64))
    return pa.Array.from_buffers(pa.large_list(kind), 1, [None, ends], children=[values])


def _array_of(values: pa.Array) -> NDArray[Any]:
    dtype = np.dtype(str(values.type))
    if not len(values):
        return np.empty(0, dtype)
    return np.frombuffer(values.buffers()[1], dtype, len(values), values.offset * dtype.itemsize)
