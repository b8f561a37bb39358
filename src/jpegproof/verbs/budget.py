"""The verb ``budget``: which quality may be stored or sent at?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

from jpegproof.analysis.budget.bounds import Question
from jpegproof.analysis.budget.rows import ANSWERS_FILE, BudgetAnswer, BudgetRow, PictureBudget
from jpegproof.analysis.budget.study import study_budget
from jpegproof.analysis.rows import write_rows
from jpegproof.data.files import folder_at
from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.models.model import Model
from jpegproof.reports.budget_text import budget_groups, budget_heading, budget_sentences
from jpegproof.reports.write_budget import write_budget
from jpegproof.studies.qualities import parse_qualities
from jpegproof.studies.run import Progress
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.verbs.measure import measure
from jpegproof.verbs.names import WORLD, short
from jpegproof.verbs.report import report

#: From the best down, in steps of 5.
QUALITIES = "10:95:5"


class Measured(TypedDict, total=False):
    """What `measure` takes besides a model, pictures, qualities and a folder for the results."""

    weights: str | Path | None
    task: str | None
    layout: str
    classes: str | Path | None
    annotations: str | Path | None
    labels: str | Path | None
    void: str | int | Sequence[str | int]
    equalise: bool
    limit: int | None
    stage: str
    subsampling: str
    codecs: str | Sequence[str]
    correctors: Sequence[str]
    gate: bool
    preparation: Mapping[str, Any] | None
    batch_size: int | None
    device: str
    workers: int | None
    threads: int | None
    seed: int
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class Budget:
    """How low each edge may go.

    Attributes:
        folder: the results folder.
        answers: one per edge, codec and part of the pictures, as in ``budget_answers.csv``; the whole first.
        rows: what is lost at each quality, as in ``budget.csv``.
        parts: the same of each class and size of objects, as in ``budget_classes.csv``.
        pictures: how low each picture may go, as in ``budget_pictures.csv``.
        figures: the figures, as PNG; each is there as SVG and PDF too.
        missing_cells: how much of the study is not done yet; what is missing has no rows.
        said: the answers in plain words: of each model and data set a heading, and what is said of its edges.
    """

    folder: Path
    answers: list[BudgetAnswer]
    rows: list[BudgetRow]
    parts: list[BudgetRow]
    pictures: list[PictureBudget]
    figures: list[Path]
    missing_cells: int
    said: list[tuple[str, list[str]]]


def budget(
    subject: str | Path | Model,
    data: str | Path | None = None,
    *,
    bound: float = 1.0,
    confidence: float = 95.0,
    metric: str | None = None,
    qualities: str | int | Sequence[int] | None = None,
    out: str | Path | None = None,
    **options: Unpack[Measured],
) -> Budget:
    """Finds the lowest quality that keeps what is lost under a bound, with a confidence.

    Qualities are tested from the best down, each at the level that the confidence leaves, and no further than the first
    that is not shown safe: so the whole answer holds with that confidence, for each edge by itself. With labels it is
    about points of the task's metric against the originals, picture by picture; without, about the share of answers
    that change. What is lost along the edge of a cure is what remains with it.

    Args:
        subject: a model as `measure` takes it; or, without `data`, a results folder of `measure`, `study` or `budget`,
            of which nothing is computed anew.
        data: a folder of pictures, or ``world``.
        bound: what is still borne, in points (percent of the pictures), above 0 and below 100.
        confidence: in percent, above 50 and below 100.
        metric: what is not to be lost, such as ``top1``, ``mAP`` or ``agreement``; the task's own where there are
            labels, else agreement, unless given.
        qualities: ``first:last:step``, ``10,50`` or a list; 10 to 95 in steps of 5, or of a folder all that it holds,
            unless given.
        out: the results folder; ``out/budget-MODEL-DATA`` unless given. What is finished there is not done again.
        **options: as `measure` takes them.

    Raises:
        JpegproofError: the bound, the confidence, the data, the model or the folder is at fault; the message says how
            to mend it.
    """
    question = _question(bound, confidence)
    chosen = _parsed(qualities)
    if data is None:
        if isinstance(subject, Model) or options or out is not None:
            raise JpegproofError("a model needs pictures; name their folder, or a results folder and nothing else")
        folder = Path(subject).expanduser()
        if not folder.is_dir():
            raise StoreError(
                f"{subject}: there is no such results folder; a model needs the folder of its pictures too"
            )
    else:
        folder = Path(out).expanduser() if out is not None else Path("out") / _called(subject, data)
        measure(_model(subject), data, qualities=chosen or _parsed(QUALITIES) or [], out=folder, **options)
    status = study_status(folder)
    found = study_budget(status.plan, Store(folder), status.finished, question, metric, chosen)
    write_rows(folder / "budget.csv", BudgetRow, found.rows)
    write_rows(folder / "budget_classes.csv", BudgetRow, found.parts)
    answers = sorted(found.answers, key=lambda answer: answer.by != "all")
    write_rows(folder / ANSWERS_FILE, BudgetAnswer, answers)
    write_rows(folder / "budget_pictures.csv", PictureBudget, found.pictures)
    figures = write_budget(found.rows, answers, folder)
    if data is not None:
        report(folder)  # the page that measure made knows nothing of it yet
    missing = status.total - status.done
    said = [
        (budget_heading(group), [" ".join(budget_sentences(answer)) for answer in group])
        for group in budget_groups(answers)
    ]
    return Budget(folder, answers, found.rows, found.parts, found.pictures, figures, missing, said)


def _question(bound: float, confidence: float) -> Question:
    if not (math.isfinite(bound) and 0 < bound < 100):
        raise JpegproofError(f"bound: {bound:g} points cannot be borne; use a number above 0 and below 100, such as 1")
    if not (math.isfinite(confidence) and 50 < confidence < 100):
        raise JpegproofError(
            f"confidence: {confidence:g} % cannot be tested at; use a number above 50 and below 100, such as 95"
        )
    return Question(bound, round(1 - confidence / 100, 12))


def _parsed(qualities: str | int | Sequence[int] | None) -> list[int] | None:
    try:
        return None if qualities is None else parse_qualities(qualities)
    except ValueError as error:
        raise JpegproofError(f"qualities: {error}") from error


def _model(subject: str | Path | Model) -> str | Model:
    return str(subject) if isinstance(subject, Path) else subject


def _called(subject: str | Path | Model, data: str | Path) -> str:
    """The results folder's name."""
    model = short(type(subject.network).__name__ if isinstance(subject, Model) else str(subject))
    return f"budget-{model}-{WORLD if str(data) == WORLD else short(folder_at(data).resolve().name)}"
