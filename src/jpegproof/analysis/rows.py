"""The rows of a study's result files: plain data that tables, plots and other tools rely on."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jpegproof.exceptions import StoreError
from jpegproof.safe_text import harmless

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class Result:
    """One number of a study: one metric of one edge at one compression. One row of ``results.csv``.

    Attributes:
        task: ``classification``, ...
        dataset: the data set's name in the study.
        slice: the part of the data set that counts; ``all`` for the whole.
        model: the model's name in the study.
        metric: ``top1``, ``mAP``, ``mIoU``, ``agreement``, ... (all in percent), ``true_label_log_probability`` (nats)
            or ``distance`` (in the model's own output units).
        mitigation: the paper's row name: ``none``, ``off_the_shelf``, ...
        corrector: the corrector's name in the study; ``identity`` where there is none.
        codec: ``jpeg``; empty for the reference.
        subsampling: chroma subsampling such as ``4:2:0``; empty for the reference.
        chain: what happened to the picture before the last save; empty where nothing did.
        stage: ``source`` or ``input``: where in the path the picture was compressed; empty for the reference.
        quality: libjpeg quality 1..100; ``None`` for the uncompressed reference.
        value: the number; ``None`` where it cannot be computed.
        ci_low: lower end of the 95 % bootstrap interval.
        ci_high: upper end.
        n: pictures that count.
        n_skipped: pictures that could not be used.
        bytes_per_image: mean size of the compressed file in bytes; ``None`` for the reference.
        seed: the study's seed.
        bits_per_pixel: all bits of the compressed files over all pixels that were compressed; ``None`` for the
            reference and for predictions of versions that did not count pixels.
    """

    task: str
    dataset: str
    slice: str
    model: str
    metric: str
    mitigation: str
    corrector: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: int | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    n_skipped: int
    bytes_per_image: float | None
    seed: int
    bits_per_pixel: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two edges compared picture by picture at one compression. One row of ``comparisons.csv``.

    ``difference`` is ``second - first`` in the metric's unit (percentage points for percentages), over the pictures
    that both could use, with a 95 % interval of the paired bootstrap. A comparison with the uncompressed originals has
    ``reference`` as its first mitigation and no first corrector. The other columns are those of `Result`.
    """

    task: str
    dataset: str
    slice: str
    model: str
    metric: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: int | None
    first_mitigation: str
    first_corrector: str
    second_mitigation: str
    second_corrector: str
    difference: float
    ci_low: float
    ci_high: float
    n: int
    seed: int


@dataclass(frozen=True, slots=True)
class Gap:
    """How much of what compression costs a cure gives back. One row of ``gaps.csv``.

    Attributes:
        quality: libjpeg quality, or several joined by ``+`` that are pooled: ``10+20+30``.
        gap: what is lost without a cure, in the metric's unit, averaged over the qualities.
        share: how much of it the cure gives back, in percent; below 0 it does harm; ``None`` where nothing is lost.
        ci_low: lower end of its 95 % bootstrap interval, resampled by picture; ``None`` where the gap itself cannot be
            told apart from none.
        ci_high: upper end.

    The other columns are those of `Result`.
    """

    task: str
    dataset: str
    slice: str
    model: str
    metric: str
    mitigation: str
    corrector: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: str
    gap: float | None
    share: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    seed: int


@dataclass(frozen=True, slots=True)
class Skip:
    """A picture that could not be used, and why. One row of ``skipped.csv``."""

    dataset: str
    picture: str
    reason: str


def write_rows(path: Path, kind: type[DataclassInstance], rows: Iterable[DataclassInstance]) -> None:
    """Writes rows of one kind of dataclass as CSV: a header of the field names, ``None`` as an empty cell.

    Texts are `harmless` in a spreadsheet.

    Raises:
        StoreError: the file cannot be written.
    """
    names = [field.name for field in fields(kind)]
    try:
        with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            writer.writerows([_cell(getattr(row, name)) for name in names] for row in rows)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}; is it open elsewhere, or a folder?") from error


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    return f"{value:.6g}" if isinstance(value, float) else value


def by_column(rows: Sequence[DataclassInstance], *names: str) -> dict[tuple[Any, ...], list[Any]]:
    """Groups rows by the values of the named columns, keeping the order in which each group first appears."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in names), []).append(row)
    return groups
