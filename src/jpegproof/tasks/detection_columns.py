"""Stored columns of detections and of their truth, there and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from jpegproof.tasks.objects import Detections, Objects

DETECTION_SCHEMA = pa.schema(
    [
        ("height", pa.int32()),
        ("width", pa.int32()),
        ("boxes", pa.list_(pa.float32())),
        ("labels", pa.list_(pa.int32())),
        ("scores", pa.list_(pa.float32())),
        ("masks", pa.list_(pa.binary())),
    ]
)
TRUTH_SCHEMA = pa.schema(
    [
        ("true_boxes", pa.list_(pa.float64())),
        ("true_labels", pa.list_(pa.int32())),
        ("true_crowd", pa.list_(pa.bool_())),
        ("true_areas", pa.list_(pa.float64())),
        ("true_masks", pa.list_(pa.binary())),
    ]
)
_SIZE = [DETECTION_SCHEMA.field(name) for name in ("height", "width")]


def detection_columns(answers: Sequence[Detections]) -> dict[str, list[Any]]:
    """The columns of `DETECTION_SCHEMA`, one row a picture; no masks are null."""
    return {
        "height": [item.size[0] for item in answers],
        "width": [item.size[1] for item in answers],
        "boxes": [item.boxes.reshape(-1).astype(np.float32) for item in answers],
        "labels": [item.labels.astype(np.int32) for item in answers],
        "scores": [item.scores.astype(np.float32) for item in answers],
        "masks": [None if item.masks is None else list(item.masks) for item in answers],
    }


def truth_columns(targets: Sequence[Objects | None]) -> Mapping[str, list[Any]]:
    """The columns of `TRUTH_SCHEMA`, one row a picture; all null where nothing is known of it."""
    columns: dict[str, list[Any]] = {field.name: [] for field in TRUTH_SCHEMA}
    for target in targets:
        known = (
            {}
            if target is None
            else {
                "true_boxes": target.boxes.reshape(-1),
                "true_labels": target.labels.astype(np.int32),
                "true_crowd": target.crowd,
                "true_areas": target.areas,
                "true_masks": None if target.masks is None else list(target.masks),
            }
        )
        for name, values in columns.items():
            values.append(known.get(name))
    return columns


def detections_of(table: pa.Table) -> list[Detections | None]:
    """The detections of each picture, from stored columns; None where the picture was skipped."""
    return list(each_detections(table))


def each_detections(table: pa.Table) -> Iterator[Detections | None]:
    """Those of `detections_of` one after the other: a large data set's need not be held all at once."""
    for row in _rows(table, DETECTION_SCHEMA):
        yield (
            None
            if row["boxes"] is None
            else Detections(
                (row["height"], row["width"]),
                np.array(row["boxes"], dtype=np.float32).reshape(-1, 4),
                np.array(row["labels"], dtype=np.int64),
                np.array(row["scores"], dtype=np.float32),
                None if row["masks"] is None else tuple(row["masks"]),
            )
        )


def objects_of(table: pa.Table) -> list[Objects | None]:
    """What is true of each picture, from the columns stored beside the answers on the originals; None if unknown."""
    return list(each_objects(table))


def each_objects(table: pa.Table) -> Iterator[Objects | None]:
    """Those of `objects_of` one after the other."""
    for row in _rows(table, [*_SIZE, *TRUTH_SCHEMA]):
        yield (
            None
            if row["true_boxes"] is None
            else Objects(
                (row["height"], row["width"]),
                np.array(row["true_boxes"], dtype=np.float64).reshape(-1, 4),
                np.array(row["true_labels"], dtype=np.int64),
                np.array(row["true_crowd"], dtype=bool),
                np.array(row["true_areas"], dtype=np.float64),
                None if row["true_masks"] is None else tuple(row["true_masks"]),
            )
        )


def _rows(table: pa.Table, fields: Iterable[pa.Field]) -> Iterator[dict[str, Any]]:
    """The pictures as dictionaries; of a few files at a time, as they are stored."""
    wanted = [field.name for field in fields if field.name in table.column_names]
    for batch in table.select(wanted).to_batches():
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield dict(zip(wanted, values, strict=True))
