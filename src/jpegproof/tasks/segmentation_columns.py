"""Stored columns of semantic segmentation, there and back: counts of pixels for the classes that occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.tasks.class_map import ClassCounts, ClassMap

#: What an answer is counted against: the label, or the model's own answer on the original.
Against = Literal["label", "own"]

_COUNTED: dict[Against, tuple[str, ...]] = {
    "label": ("intersection", "predicted", "labelled"),
    "own": ("own_intersection", "own_predicted", "own_labelled"),
}

#: A picture shows a dozen classes of 150, so only those that occur in it are stored: ``present`` lists them, rising,
#: and the other lists go with it. Those against the label are null where there is none.
SEGMENTATION_SCHEMA = pa.schema(
    [
        ("classes", pa.int32()),
        ("present", pa.list_(pa.int32())),
        *((name, pa.list_(pa.int32())) for names in _COUNTED.values() for name in names),
    ]
)
OWN_MAP_SCHEMA = pa.schema([("height", pa.int32()), ("width", pa.int32()), ("own_map", pa.binary())])


def count_columns(
    classes: Sequence[int], labels: Sequence[ClassCounts | None], own: Sequence[ClassCounts]
) -> dict[str, list[Any]]:
    """The columns of `SEGMENTATION_SCHEMA`, one row a picture.

    Args:
        classes: how many the model knows.
        labels: counts against the label; None without one.
        own: counts against the model's own answer on the original.
    """
    columns: dict[str, list[Any]] = {name: [] for name in SEGMENTATION_SCHEMA.names}
    for known, label, self in zip(classes, labels, own, strict=True):
        both = (*(label or ()), *self)
        present = np.flatnonzero(np.sum(both, axis=0))
        columns["classes"].append(known)
        columns["present"].append(present.astype(np.int32))
        for names, counts in ((_COUNTED["label"], label), (_COUNTED["own"], self)):
            for place, name in enumerate(names):
                columns[name].append(None if counts is None else counts[place][present].astype(np.int32))
    return columns


def own_map_columns(answers: Sequence[ClassMap]) -> dict[str, list[Any]]:
    """The columns of `OWN_MAP_SCHEMA`, one row a picture."""
    return {
        "height": [answer.numbers.shape[0] for answer in answers],
        "width": [answer.numbers.shape[1] for answer in answers],
        "own_map": [answer.packed() for answer in answers],
    }


def own_maps_of(table: pa.Table) -> list[ClassMap]:
    """The answers on the originals, back from `own_map_columns` and the number of classes."""
    columns = [table.column(name).to_pylist() for name in ("own_map", "height", "width", "classes")]
    return [
        ClassMap.unpacked(content, (height, width), classes)
        for content, height, width, classes in zip(*columns, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class StoredCounts:
    """The counts of many pictures, an entry for each picture and class that occurs in it.

    Attributes:
        usable: (N,) bool: the pictures that have counts.
        classes: how many the model knows; 0 where no picture has counts.
        pictures: (E,) each entry's picture.
        present: (E,) each entry's class.
        counts: (3, E) int32 pixels: said rightly, said, and true.
    """

    usable: NDArray[np.bool_]
    classes: int
    pictures: NDArray[np.int32]
    present: NDArray[np.int32]
    counts: NDArray[np.int32]

    @classmethod
    def of(cls, table: pa.Table, against: Against) -> Self:
        """From stored columns, one row a picture; a skipped picture has none, and one without a label none against it.

        Raises:
            ValueError: the pictures' answers are of different numbers of classes.
        """
        names = _COUNTED[against]
        usable = table.column(names[0]).is_valid().to_numpy()
        used = table.filter(pa.array(usable))
        known = set(used.column("classes").to_pylist())
        if len(known) > 1:
            raise ValueError(f"answers of {sorted(known)} classes cannot be counted together")
        lists = [used.column(name).combine_chunks() for name in ("present", *names)]
        pictures = np.repeat(np.flatnonzero(usable).astype(np.int32), lists[0].value_lengths().to_numpy())
        present, *counts = (item.flatten().to_numpy() for item in lists)
        return cls(usable, next(iter(known), 0), pictures, present, np.stack(counts))
