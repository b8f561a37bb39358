"""The prediction file: one row per picture of a shard, as Parquet bytes that depend on the predictions alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jpegproof.exceptions import DamagedPredictionsError
from jpegproof.tasks.protocol import Task

#: What files of earlier versions may lack: then it is not known. Predictions mean the same with and without.
_ADDED = [("pixels", pa.int64()), ("file_bytes", pa.int64())]
_COMMON = [("picture", pa.string()), ("skipped", pa.string()), ("bytes", pa.int64()), *_ADDED]

#: Parquet has checksums of its pages and none of what says where they are and what they mean. So the file's own
#: metadata hold a digest of all its bytes, computed with the digest's place left blank.
_SEAL, _MARK, _BLANK = "digest", b"blake2b:", b"0" * 32


def prediction_bytes(
    task: Task[Any, Any],
    names: Sequence[str],
    skipped: Sequence[str | None],
    sizes: Sequence[int | None],
    columns: Mapping[str, Sequence[Any]],
    rows: Sequence[int],
    with_reference: bool,
    areas: Sequence[int | None] | None = None,
    file_sizes: Sequence[int | None] | None = None,
) -> bytes:
    """Makes a prediction file.

    Args:
        task: whose columns are stored.
        names: of all the shard's pictures.
        skipped: per picture, why it could not be used, or None.
        sizes: per picture, the compressed size in bytes; None for originals and pictures not used.
        columns: the task's columns for the pictures that went through the model.
        rows: which pictures those are.
        with_reference: whether the columns of `Task.keep` are among them.
        areas: per picture, how many pixels were compressed, or the original has; None where that is not known.
        file_sizes: per picture, the size of the original's file in bytes; None where there is no file.
    """
    fields = [*_COMMON, *((f.name, f.type) for f in task.schema)]
    fields += [(f.name, f.type) for f in task.reference_schema] if with_reference else []
    table: dict[str, list[Any]] = {name: [None] * len(names) for name, _ in fields}
    table["picture"], table["skipped"], table["bytes"] = list(names), list(skipped), list(sizes)
    table["pixels"] = list(areas) if areas is not None else table["pixels"]
    table["file_bytes"] = list(file_sizes) if file_sizes is not None else table["file_bytes"]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            table[name][row] = value
    arrays = [pa.array(table[name], type=kind) for name, kind in fields]
    out = BytesIO()
    table_of_all = pa.Table.from_arrays(arrays, names=[name for name, _ in fields])
    # Statistics and dictionaries would only add size to files this small.
    quiet = {"compression": "zstd", "use_dictionary": False, "write_statistics": False, "store_schema": False}
    with pq.ParquetWriter(out, table_of_all.schema, **quiet) as writer:
        writer.write_table(table_of_all)
        writer.add_key_value_metadata({_SEAL: (_MARK + _BLANK).decode()})
    return _sealed(out.getvalue())


def read_predictions(content: bytes, where: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Reads a prediction file.

    Args:
        content: its bytes.
        where: its path, for the message.
        columns: only these; None for all.

    Returns:
        The columns that the file has; of those that were asked for, ``pixels`` and ``file_bytes`` in any case, empty in
        files that were written without them.

    Raises:
        DamagedPredictionsError: the file is not what was written, as its checksums say.
    """
    if _is_broken(content):
        raise DamagedPredictionsError(_damaged(where, "its digest is another"))
    try:
        file = pq.ParquetFile(BytesIO(content))
        held = set(file.schema_arrow.names)
        asked = None if columns is None else list(columns)
        late = {name: kind for name, kind in _ADDED if asked is not None and name in asked and name not in held}
        table = file.read(columns=asked and [name for name in asked if name not in late])
        for name, kind in late.items():
            table = table.append_column(name, pa.nulls(len(table), kind))
        return table
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DamagedPredictionsError(_damaged(where, (str(error).splitlines() or [""])[0])) from error


def _sealed(content: bytes) -> bytes:
    """The file with its own digest in the place that was left blank for it."""
    place = content.rindex(_MARK + _BLANK) + len(_MARK)
    return content[:place] + _digest(content) + content[place + len(_BLANK) :]


def _is_broken(content: bytes) -> bool:
    """Whether a file is not the one that was written. Files of earlier versions have no seal and are taken as whole."""
    place = content.rfind(_MARK) + len(_MARK)
    if place < len(_MARK):
        return False
    told = content[place : place + len(_BLANK)]
    return _digest(content[:place] + _BLANK + content[place + len(told) :]) != told


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=len(_BLANK) // 2).hexdigest().encode()


def _damaged(where: str, how: str) -> str:
    return (
        f"{where}: is damaged ({how}); run the study again: the file is set aside then, and only what it held is "
        "computed anew"
    )
