"""The paper's Tables 1 to 5 as data, to stand beside measured numbers.

Source: Ehrlich, Davis, Lim, Shrivastava, Analyzing and Mitigating JPEG Compression Defects in Deep Learning (ICCV
Workshops 2021), appendices; `reference` is the number on the originals that the same table prints.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: The file of each table.
TABLES = {
    1: "table1_classification.csv",
    2: "table2_detection.csv",
    3: "table3_segmentation.csv",
    4: "table4_forensics.csv",
    5: "table5_transfer_multihead.csv",
}

#: The table whose rows are correctors trained through other models, or through several.
TRANSFER_TABLE = 5


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """One number of a table.

    Attributes:
        table: 1 to 5.
        task: as the paper divides them: ``classification``, ``detection``, ``segmentation``, ``forensics``.
        model: the paper's name.
        metric: ``top1``, ``mAP``, ``mIoU``, ``accuracy`` or ``patch_accuracy``.
        reference: the number on the originals, in percent.
        mitigation: ``none``, ``supervised_fine_tuning``, ``off_the_shelf``, ``task_targeted``; in Table 5 also
            ``transfer_mobilenetv2``, ``transfer_resnet18``, ``multihead_two``, ``multihead_three``.
        quality: libjpeg quality, 10 to 90 in steps of 10 (to 50 in Table 5).
        value: percent; None where the source cannot be read.
    """

    table: int
    task: str
    model: str
    metric: str
    reference: float
    mitigation: str
    quality: int
    value: float | None


@cache
def published_numbers() -> tuple[PublishedNumber, ...]:
    """Every number of the five tables, in their order."""
    return tuple(
        PublishedNumber(
            table,
            row["task"],
            row["model"],
            row["metric"],
            float(row["reference"]),
            row["mitigation"],
            int(row["quality"]),
            float(row["value"]) if row["value"] else None,
        )
        for table, name in TABLES.items()
        for row in _rows(name)
    )


def find_published(table: int, model: str, metric: str, mitigation: str, quality: int) -> PublishedNumber | None:
    """One number by its place; None where the table has no such place (a place that cannot be read has no value)."""
    return _by_place().get((table, model, metric, mitigation, quality))


@cache
def published_references() -> Mapping[str, float]:
    """The numbers on the originals by model, as section D.3 lists them; two differ from the tables by 0.01."""
    return {row["model"]: float(row["value"]) for row in _rows("reference_uncompressed.csv")}


@cache
def _by_place() -> Mapping[tuple[int, str, str, str, int], PublishedNumber]:
    return {
        (number.table, number.model, number.metric, number.mitigation, number.quality): number
        for number in published_numbers()
    }


def _rows(name: str) -> list[dict[str, str]]:
    text = files("jpegproof.paper").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
