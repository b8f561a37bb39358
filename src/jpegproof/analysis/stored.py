"""Stored predictions as they are read for metrics."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from jpegproof.studies.plan import Cell
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.store import Store


def is_whole(cells: Sequence[Cell], finished: frozenset[str]) -> bool:
    """Whether an edge at a compression can be counted: it was planned, and all its cells are finished."""
    return bool(cells) and all(cell.name in finished for cell in cells)


def read_cells(store: Store, cells: Sequence[Cell], columns: Sequence[str]) -> pa.Table:
    """The predictions of one edge at one compression, all pictures in order.

    Raises:
        StoreError: a file is damaged.
    """
    wanted = ["picture", "skipped", "bytes", "pixels", "file_bytes", *columns]
    tables = [read_predictions(store.get(cell.name), str(store.path(cell.name)), wanted) for cell in cells]
    # Files of before and after a column was added put it in different places.
    return pa.concat_tables([table.select(tables[0].column_names) for table in tables])
