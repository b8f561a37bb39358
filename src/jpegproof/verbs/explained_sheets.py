"""The sheets of an explained picture: one for each cure beside none and the original, and one of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from jpegproof.analysis.read_rows import read_rows
from jpegproof.analysis.rows import write_rows
from jpegproof.exceptions import DataError, StoreError
from jpegproof.jpeg.compression import Compression
from jpegproof.probes.explanations.explained import Explained, ExplainedPicture
from jpegproof.reports.explanation_sheets import ExplanationColumn, ExplanationSheet, draw_explanations
from jpegproof.reports.figures import png
from jpegproof.reports.filenames import slugify
from jpegproof.reports.files import replace_file
from jpegproof.reports.names import edge_label, mitigation_label, plain
from jpegproof.studies.plan import Edge
from jpegproof.verbs.explained_numbers import measures_of

#: What stands for the cure in the row of a sheet that shows all of them.
ALL = "all"


@dataclass(frozen=True, slots=True)
class ExplanationSheetRow:
    """One sheet. One row of ``explain/explain.csv``.

    Attributes:
        sheet: the sheet's file name.
        dataset: the data set's name in the study.
        picture: the picture's name.
        rule: why it was chosen: ``largest_gain``, ``median``, ``least_gain``, ``by_seed``; ``named`` by the user.
        model: the model's name in the study.
        task: what it does.
        target: what is explained: the class, with a detector's box.
        mitigation: the cure; ``all`` where the sheet shows every one.
        corrector: the cure's corrector; empty where the sheet shows every cure.
        quality: libjpeg quality of the JPEG.
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


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """A picture that gets sheets, its number in the data set, and why: the rule, and the place among the rule's."""

    number: int
    rule: str
    rank: int


@dataclass(frozen=True, slots=True, eq=False)
class _MadeSheet:
    """A sheet, and its row."""

    drawn: ExplanationSheet
    row: ExplanationSheetRow


class DrawnSheets:
    """The sheets of pictures, each on disk as soon as it is drawn.

    Args:
        folder: where they go.
        model, data, task: of the study.

    Attributes:
        files: the sheets.
        rows: one per sheet.
        faults: pictures that have none, and why.
    """

    def __init__(self, folder: Path, model: str, data: str, task: str) -> None:
        self._folder, self._model, self._data, self._task = folder, model, data, task
        self.files: list[Path] = []
        self.rows: list[ExplanationSheetRow] = []
        self.faults: list[tuple[str, str]] = []

    def add(self, explained: ExplainedPicture, chosen: SheetPicture, compression: Compression) -> None:
        """Draws a picture's sheets.

        Raises:
            DataError: it was named by the user, and there is nothing to draw.
        """
        if explained.original.explanation is None:
            if chosen.rule == "named":
                raise DataError(f"{explained.name}: cannot be explained: {explained.original.fault}")
            self.faults.append((explained.name, explained.original.fault))
        for sheet in _sheets_of(explained, chosen, self._model, self._data, self._task, compression):
            self.files.append(self._folder / sheet.row.sheet)
            replace_file(self.files[-1], png(draw_explanations(sheet.drawn)))
            self.rows.append(sheet.row)

    def write_table(self) -> None:
        """Writes ``explain.csv``, with the rows of earlier sheets that are still there."""
        table = self._folder / "explain.csv"
        if self.rows:
            others = _others(table, {row.sheet for row in self.rows})
            write_rows(table, ExplanationSheetRow, [*others, *self.rows])


def _sheets_of(
    picture: ExplainedPicture, chosen: SheetPicture, model: str, dataset: str, task: str, compression: Compression
) -> Iterator[_MadeSheet]:
    """The sheets of one picture; none where there is nothing to explain.

    Args:
        picture: explained under one compression, without a cure first.
        chosen: why it was.
        model, dataset, task: of the study.
        compression: the one.
    """
    if picture.subject is None or picture.original.explanation is None or picture.geometry is None:
        return
    without, *cured = picture.versions
    shared = [version.edge.mitigation for version in cured]
    sheets: list[tuple[Edge | None, list[Explained]]] = [
        (version.edge, [version, without, picture.original]) for version in cured
    ]
    if len(cured) != 1:
        sheets.append((None, [without, *cured, picture.original]))
    for edge, versions in sheets:
        several = edge is not None and shared.count(edge.mitigation) > 1
        drawn = ExplanationSheet(
            f"{plain(picture.name)}, {plain(model)}, {plain(_target(picture))}",
            [_column(version, picture.original, shared.count(version.edge.mitigation) > 1) for version in versions],
            None if picture.subject.box is None else _box(picture),
            None if picture.subject.region is None else _outline(picture),
        )
        cure = ALL if edge is None else edge.mitigation + (f" {edge.tuned or edge.corrector}" if several else "")
        rule = chosen.rule.replace("_", " ")
        row = ExplanationSheetRow(
            sheet=f"{slugify(f'{model} q{compression.quality} {rule} {chosen.rank} {cure}'.replace('_', ' '))}.png",
            dataset=dataset,
            picture=picture.name,
            rule=chosen.rule,
            model=model,
            task=task,
            target=_target(picture),
            mitigation=ALL if edge is None else edge.mitigation,
            corrector="" if edge is None else edge.corrector,
            quality=compression.quality,
        )
        yield _MadeSheet(drawn, row)


def _others(table: Path, replaced: set[str]) -> list[ExplanationSheetRow]:
    """The rows of earlier sheets that are still there."""
    try:
        found = read_rows(table, ExplanationSheetRow, "")
    except StoreError:  # not ours
        return []
    return [row for row in found if row.sheet not in replaced and (table.parent / row.sheet).exists()]


def _target(picture: ExplainedPicture) -> str:
    subject = picture.subject
    if subject is None:
        return ""
    if subject.box is None:
        return subject.label
    return f"{subject.label} at {' '.join(f'{value:.0f}' for value in subject.box)}"


def _column(version: Explained, original: Explained, shared: bool) -> ExplanationColumn:
    found, heading = version.explanation, _heading(version, original, shared)
    if found is None:
        return ExplanationColumn(heading, version.seen, None, None, version.fault, "")
    if version is original:
        return ExplanationColumn(heading, version.seen, found.gradient, found.cam, "", "")
    values = measures_of(version, original)
    return ExplanationColumn(
        heading,
        version.seen,
        found.gradient,
        found.cam,
        _told(values.get("gradient_snr"), "signal to noise {:.2f} dB"),
        _told(values.get("cam_rank_correlation"), "rank correlation {:.2f}"),
    )


def _told(value: float | None, form: str) -> str:
    return "empty" if value is None or math.isnan(value) else form.format(value)


def _heading(version: Explained, original: Explained, shared: bool) -> str:
    if version is original:
        return "Original"
    edge: Edge = version.edge
    if edge.mitigation == "none":
        return f"JPEG, quality {version.compression.quality}"
    label = edge_label(edge.mitigation, edge.tuned or edge.corrector, True) if shared else None
    return (label or mitigation_label(edge.mitigation)).replace(" Artifact Correction", "")  # a column is narrow


def _box(picture: ExplainedPicture) -> NDArray[Any]:
    """The explained box in pixels of what the model was shown."""
    assert picture.subject is not None
    assert picture.subject.box is not None
    assert picture.geometry is not None
    return picture.geometry.to_input(torch.from_numpy(picture.subject.box)[None])[0].numpy()


def _outline(picture: ExplainedPicture) -> NDArray[np.bool_]:
    """The explained region at the size of what the model was shown: all of the picture, since segmenters see it all."""
    assert picture.subject is not None
    assert picture.subject.region is not None
    assert picture.original.seen is not None
    height, width = picture.original.seen.shape[:2]
    region = Image.fromarray(picture.subject.region.astype(np.uint8) * 255)
    return np.asarray(region.resize((width, height), Image.Resampling.NEAREST)) > 0
