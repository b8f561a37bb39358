"""What a results folder holds of pictures: the rows of ``sheets/sheets.csv`` and ``explain/explain.csv``."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from jpegproof.exceptions import StoreError
from jpegproof.safe_text import without_mark

Row = TypeVar("Row")

TRUTH = "truth"
"""The mitigation of the row of a sheet that shows the ground truth."""


@dataclass(frozen=True, slots=True)
class ShownLook:
    """A picture as a model saw it along one edge. A row of ``sheets.csv``, whose columns these are.

    Attributes:
        sheet: file name of the sheet on which it stands beside the others.
        file: of the picture alone, relative to the sheets' folder; empty where there is none.
        rule: why the picture was chosen.
        gain: how much the choosing cure gains on it, in the metric's unit; None for a picture that was named.
        mitigation: the edge's; ``truth`` for the ground truth.
        quality: None for the original and the truth.
        value: the metric of this picture alone, in its unit; None where it has none.
        fault: why it could not be used; empty where it could.
        answer: what the model says, or what is true, in words; empty where it is only drawn.
    """

    sheet: str
    file: str
    dataset: str
    picture: str
    rule: str
    gain: float | None
    model: str
    metric: str
    mitigation: str
    corrector: str
    quality: int | None
    value: float | None
    fault: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedPicture:
    """A sheet of explanations. A row of ``explain.csv``, whose columns these are.

    Attributes:
        sheet: its file name.
        target: what is explained: a class, a box.
        mitigation: the cure of the sheet; ``all`` where it has every one.
        corrector: the cure's; empty where it is not said.
        quality: libjpeg quality; None where it is not said.
    """

    sheet: str
    dataset: str
    picture: str
    rule: str
    model: str
    task: str
    target: str
    mitigation: str
    corrector: str
    quality: int | None


def read_shown_looks(path: Path) -> list[ShownLook]:
    """The rows of a ``sheets.csv``; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    return _read(path, _look, "draw the sheets again")


def read_explained_pictures(path: Path) -> list[ExplainedPicture]:
    """The rows of an ``explain.csv``; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    return _read(path, _explained, "explain the pictures again")


def _read(path: Path, read: Callable[[Mapping[str, str]], Row], remedy: str) -> list[Row]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [read(line) for line in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise StoreError(f"{path}: cannot be read ({error}); delete it and {remedy}") from error


def _look(line: Mapping[str, str]) -> ShownLook:
    texts = ("sheet", "dataset", "picture", "rule", "model", "metric", "mitigation", "corrector", "fault")
    return ShownLook(
        **{name: without_mark(line[name]) for name in texts},
        file=without_mark(line.get("file") or ""),  # sheets of older versions have no pictures of their own
        answer=without_mark(line.get("answer") or ""),
        gain=_number(line["gain"]),
        quality=_whole(line["quality"]),
        value=_number(line["value"]),
    )


def _explained(line: Mapping[str, str]) -> ExplainedPicture:
    texts = ("sheet", "dataset", "picture", "rule", "model", "task", "target", "mitigation")
    return ExplainedPicture(
        **{name: without_mark(line[name]) for name in texts},
        corrector=without_mark(line.get("corrector") or ""),
        quality=_whole(line["quality"]),
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def _whole(text: str) -> int | None:
    return int(text) if text else None
