"""The verb ``sheets``: pictures along the edges of a study, with what the model says of each, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jpegproof.analysis.chosen import Choice, choose
from jpegproof.analysis.detection.own_detections import CONFIDENT
from jpegproof.exceptions import DataError
from jpegproof.probes.draw import draw
from jpegproof.probes.shown import ShownPicture, show
from jpegproof.reports.figures import png
from jpegproof.reports.filenames import slugify
from jpegproof.reports.files import replace_file
from jpegproof.reports.sheet_of import sheet_of
from jpegproof.reports.sheets import draw_sheet
from jpegproof.reports.single_pictures import single_pictures
from jpegproof.studies.engine import find_hands, limited_threads
from jpegproof.studies.plan import Edge
from jpegproof.studies.result_store import require_folder
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.finished_study import data_of, numbers_of_names, workshop_again
from jpegproof.verbs.sheet_rows import SheetRow, replace_rows, rows_of
from jpegproof.verbs.sheet_subject import PAPERS, chooser_of, compression_of, edges_of, models_of


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets of a study.

    Attributes:
        folder: where they are.
        files: the sheets, as PNG.
        rows: every column of each, as in ``sheets.csv``.
    """

    folder: Path
    files: list[Path]
    rows: list[SheetRow]


@dataclass(frozen=True, slots=True)
class _Subject:
    """A model that is drawn, and which of its pictures."""

    edges: list[Edge]
    data: str
    chosen: list[Choice]
    chooser: str


def sheets(
    folder: str | Path,
    model: str | None = None,
    *,
    every_model: bool = False,
    quality: int | None = None,
    compression: str | None = None,
    cures: Sequence[str] = PAPERS,
    count: int = 1,
    pictures: Sequence[str] = (),
    confidence: float = CONFIDENT,
    device: str = "auto",
    threads: int | None = None,
    allow_code: bool = False,
) -> Sheets:
    """Draws pictures of a study along its edges, with what the model says: JPEG, each cure, original, truth.

    Which pictures is a rule's choice and nobody's: those on which task-targeted correction (or else the first of the
    cures) gains most, those on which it gains what is usual, and those on which it loses most, by the stored
    predictions. The networks are asked again, on the way on which the predictions were made. Writes ``sheets/*.png``,
    ``sheets/sheets.csv`` and each column by itself as ``sheets/pictures/*.webp`` into the results folder.

    Args:
        folder: a results folder of `measure` or `study`; its data and its models' weights must be where they were.
        model: one of the study's; may be left out where there is one.
        every_model: draws all models of the study, of which those without any of the cures are left out.
        quality: one of the study's; the lowest unless given.
        compression: instead of a quality, what a compression is called: ``messenger, save 2``.
        cures: mitigations that get a column for each of the study's edges, in this order; what the study does not have
            is left out of the paper's three, and an error where it was asked for.
        count: pictures per rule.
        pictures: names of pictures to draw, instead of those that the rules choose.
        confidence: the score from which on a detection is drawn and counted, 0..1.
        device, threads: as of `study`.
        allow_code: whether models may come from entry points, which run their code.

    Raises:
        StoreError: the folder holds no study, or what is needed of it is not finished.
        UnknownNameError: there is no such model, quality, compression, cure or picture.
        DataError: a number is out of its range, a model has no cure by whose gains pictures could be chosen, or a
            picture cannot be used.
        JpegproofError: the data or a model is not there any more.
    """
    if count < 1:
        raise DataError(f"{count} pictures per rule cannot be drawn; use 1 or more")
    if not 0 <= confidence <= 1:
        raise DataError(f"a confidence of {confidence} is no score of a detection; use a number from 0 to 1")
    out = require_folder(folder, "sheets")
    status = study_status(out)
    plan, store = status.plan, Store(out)
    place = compression_of(plan, quality, compression)
    by_model = [edges_of(plan, name, cures, every_model) for name in models_of(plan, model, every_model)]
    if every_model and not pictures:
        by_model = [edges for edges in by_model if len(edges) > 1] or by_model[:1]
    hands = find_hands(device, 1, threads)
    workshop = workshop_again(plan, store, [edge for edges in by_model for edge in edges], hands.device, allow_code)
    # All is chosen before anything is drawn: a mistake in the last model is said at once.
    subjects = []
    for edges in by_model:
        data = data_of(plan, edges[0].model)
        if pictures:
            numbers = numbers_of_names(plan, workshop, data, pictures)
            named = [Choice("named", rank, number) for rank, number in enumerate(numbers, 1)]
            subjects.append(_Subject(edges, data, named, ""))
        else:
            chooser = chooser_of(edges)
            chosen = choose(plan, store, status.finished, chooser, place, count, confidence)
            subjects.append(_Subject(edges, data, chosen, chooser.mitigation))
    files, rows = [], list[SheetRow]()
    for subject in subjects:
        numbers = [choice.number for choice in subject.chosen]
        with limited_threads(hands.threads):
            shown = show(plan, workshop, subject.data, numbers, subject.edges, plan.compressions[place], confidence)
        for choice, picture in zip(subject.chosen, shown, strict=True):
            files.append(out / "sheets" / f"{_stem(picture, choice)}.png")
            rows += _draw(files[-1], workshop, subject, picture, choice, confidence)
    replace_rows(out / "sheets", rows)
    return Sheets(out / "sheets", files, rows)


def _draw(
    file: Path, workshop: Workshop, subject: _Subject, picture: ShownPicture, choice: Choice, confidence: float
) -> list[SheetRow]:
    """Writes one sheet and its single pictures; its rows."""
    drawn = draw(picture, workshop.pictures(subject.data).class_names, confidence)
    replace_file(file, png(draw_sheet(sheet_of(picture, drawn, choice, subject.chooser))))
    rows = rows_of(file.name, subject.data, picture, drawn, choice)
    shown = [(row.file, one) for row, one in rows if one is not None]
    for (name, _), content in zip(shown, single_pictures([one for _, one in shown]), strict=True):
        replace_file(file.parent / name, content)
    return [row for row, _ in rows]


def _stem(picture: ShownPicture, choice: Choice) -> str:
    stored = picture.compression
    how = f"q{stored.quality}" if stored.quality is not None and not stored.chain else stored.label
    return slugify(f"{picture.model} {how} {choice.rule.replace('_', ' ')} {choice.rank}")
