"""What the page shows of explanations: the drawn sheets, and how far maps and gradients are from the clean ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jpegproof.analysis.explanations.rows import ExplanationRow, read_explanations
from jpegproof.analysis.rows import Result, by_column
from jpegproof.reports.filenames import file_stems
from jpegproof.reports.names import edge_label, mitigation_label, plain
from jpegproof.reports.page_pictures import EmbeddedPicture, PictureRoom
from jpegproof.reports.sections import Section
from jpegproof.reports.shown_pictures import ExplainedPicture, ShownLook
from jpegproof.reports.tables import build_tables


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
        rows: from `read_measures`.
    """
    tables = build_tables(rows)
    return [Section(table, f"explained-{stem}") for table, stem in zip(tables, file_stems(tables), strict=True)]


def read_measures(path: Path) -> list[Result]:
    """The rows of an ``explanations.csv``, their measure as the metric; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    return [_result(row) for row in read_explanations(path, ExplanationRow)]


def _result(row: ExplanationRow) -> Result:
    return Result(
        task=row.task,
        dataset=row.dataset,
        slice="all",
        model=row.model,
        metric=row.measure,
        mitigation=row.mitigation,
        corrector=row.corrector,
        codec="" if row.quality is None else "jpeg",
        subsampling="",
        chain="",
        stage="",
        quality=row.quality,
        value=row.value,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        n=row.n,
        n_skipped=row.n_skipped,
        bytes_per_image=None,
        seed=row.seed,
    )
