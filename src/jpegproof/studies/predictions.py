"""The prediction file: one row per picture of a shard, as Parquet bytes that depend on the predictions alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jpegproof.exceptions import StoreError
from jpegproof.tasks.protocol import Task

_COMMON = [("picture", pa.string()), ("skipped", pa.string()), ("bytes", pa.int64())]


def prediction_bytes(
    task: Task[Any, Any],
    names: Sequence[str],
    skipped: Sequence[str | None],
    sizes: Sequence[int | None],
    columns: Mapping[str, Sequence[Any]],
    rows: Sequence[int],
    with_reference: bool,
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
    """
    fields = [*_COMMON, *((f.name, f.type) for f in task.schema)]
    fields += [(f.name, f.type) for f in task.reference_schema] if with_reference else []
    table: dict[str, list[Any]] = {name: [None] * len(names) for name, _ in fields}
    table["picture"], table["skipped"], table["bytes"] = list(names), list(skipped), list(sizes)
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            table[name][row] = value
    arrays = [pa.array(table[name], type=kind) for name, kind in fields]
    out = BytesIO()
    # Statistics and dictionaries would only add size to files this small.
    pq.write_table(
        pa.Table.from_arrays(arrays, names=[name for name, _ in fields]),
        out,
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
    )
    return out.getvalue()


def read_predictions(content: bytes, where: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Reads a prediction file.

    Args:
        content: its bytes.
        where: its path, for the message.
        columns: only these; None for all.

    Raises:
        StoreError: the file is damaged.
    """
    try:
        return pq.read_table(BytesIO(content), columns=list(columns) if columns is not None else None)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise StoreError(
            f"{where}: is damaged ({str(error).splitlines()[0]}); delete it and run the study again, "
            "only what it held is computed anew"
        ) from error
