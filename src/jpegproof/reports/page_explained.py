"""What the page shows of explanations: the drawn sheets, and how far maps and gradients are from the clean ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jpegproof.analysis.rows import Result, by_column
from jpegproof.exceptions import StoreError
from jpegproof.reports.filenames import file_stems
from jpegproof.reports.names import edge_label, mitigation_label, plain
from jpegproof.reports.page_pictures import EmbeddedPicture, PictureRoom
from jpegproof.reports.sections import Section
from jpegproof.reports.shown_pictures import ExplainedPicture, ShownLook
from jpegproof.reports.tables import build_tables
from jpegproof.safe_text import without_mark

_TEXTS = ("task", "dataset", "model", "mitigation", "corrector")
_NUMBERS = ("value", "ci_low", "ci_high")
_COUNTS = ("n", "n_skipped", "seed")


@dataclass(frozen=True, slots=True)
class PageSheet:
    """A drawn sheet on the page.

    Attributes:
        caption: what it shows.
        alternative: what a reader who cannot see it is told.
        picture: itself.
    """

    caption: str
    alternative: str
    picture: EmbeddedPicture


def build_explained(rows: Sequence[ExplainedPicture], folder: Path, room: PictureRoom) -> list[PageSheet]:
    """The sheets of ``explain.csv``, as far as there is room for them.

    Args:
        rows: of ``explain.csv``.
        folder: where the files are.
        room: that the page has for pictures.
    """
    sheets = []
    for row in {row.sheet: row for row in rows}.values():
        picture = room.embed_sheet(folder, row.sheet)
        if picture is None:
            continue
        cure = (
            "every cure" if row.mitigation == "all" else edge_label(row.mitigation, row.corrector or "identity", False)
        )
        at = "" if row.quality is None else f", quality {row.quality}"
        caption = f"{plain(row.picture)}, {plain(row.model)}, {plain(row.target)}: {cure}{at}"
        alternative = f"Gradient at the model's input and Grad-CAM of {plain(row.target)} in {caption}"
        sheets.append(PageSheet(caption, alternative, picture))
    return sheets


def build_sheets(rows: Sequence[ShownLook], folder: Path, room: PictureRoom) -> list[PageSheet]:
    """The drawn sheets of ``sheets.csv`` of which there are no single pictures to be laid over each other.

    Args:
        rows: of ``sheets.csv``.
        folder: where the files are.
        room: that the page has for pictures.
    """
    sheets = []
    for (name,), own in by_column(rows, "sheet").items():
        if any(row.file for row in own) or (picture := room.embed_sheet(folder, name)) is None:
            continue
        caption = f"{plain(own[0].picture)}, {plain(own[0].model)} on {plain(own[0].dataset)}"
        edges = ", ".join(dict.fromkeys(mitigation_label(row.mitigation) for row in own))
        sheets.append(PageSheet(caption, f"{caption}, with what the model says of it: {edges}", picture))
    return sheets


def build_explanation_sections(rows: Sequence[Result]) -> list[Section]:
    """Tables of the measures of explanations, which are drawn as other numbers are.

    Args:
        rows: from `read_explanations`.
    """
    tables = build_tables(rows)
    return [Section(table, f"explained-{stem}") for table, stem in zip(tables, file_stems(tables), strict=True)]


def read_explanations(path: Path) -> list[Result]:
    """The rows of an ``explanations.csv``, their measure as the metric; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_result(line) for line in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise StoreError(f"{path}: cannot be read ({error}); delete it and explain the pictures again") from error


def _result(line: Mapping[str, str]) -> Result:
    quality = int(line["quality"]) if line["quality"] else None
    values: dict[str, Any] = {
        **{name: without_mark(line[name]) for name in _TEXTS},
        **{name: float(line[name]) if line[name] else None for name in _NUMBERS},
        **{name: int(line[name]) for name in _COUNTS},
        "metric": without_mark(line["measure"]),
        "quality": quality,
        "codec": "" if quality is None else "jpeg",
    }
    return Result(slice="all", subsampling="", chain="", stage="", bytes_per_image=None, **values)
