"""The verb ``explain``: what a model's answers rest on, on originals, on JPEGs and with each cure; and as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from jpegproof.analysis.chosen import choose
from jpegproof.analysis.explanations.gathered import Gathered
from jpegproof.analysis.explanations.observations import Observation, observations
from jpegproof.analysis.explanations.rows import ExplanationComparison, ExplanationRow, read_explanations
from jpegproof.analysis.rows import write_rows
from jpegproof.exceptions import DataError, ModelError, UnknownNameError, nearest
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.probes.explanations.explained import Explainer
from jpegproof.probes.explanations.subject import EXPLAINED_TASKS, class_number, refuse_unexplained
from jpegproof.reports.files import replace_file
from jpegproof.reports.observations_text import observations_markdown
from jpegproof.studies.engine import find_hands, limited_threads
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.qualities import parse_qualities
from jpegproof.studies.result_store import require_folder
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.find import same_targets
from jpegproof.verbs.explained_numbers import measured
from jpegproof.verbs.explained_sheets import DrawnSheets, ExplanationSheetRow, SheetPicture
from jpegproof.verbs.finished_study import data_of, numbers_of, numbers_of_names, workshop_again
from jpegproof.verbs.sheet_subject import PAPERS, chooser_of, compression_of, edges_of

_ROWS, _COMPARISONS = "explanations.csv", "explanations_comparisons.csv"


class ExplainProgress(Protocol):
    """What a caller may want to hear while pictures are explained."""

    def begin(self, total: int, finished: int) -> None:
        """How many pictures there are."""
        ...

    def advance(self) -> None:
        """One more picture is explained."""
        ...


@dataclass(frozen=True, slots=True)
class Explanations:
    """What a model's answers rest on.

    Attributes:
        folder: the results folder.
        model: the model's name.
        layer: what Grad-CAM looked at; None where no picture could be explained.
        files: the sheets, as PNG.
        sheets: one row per sheet, as in ``explain/explain.csv``.
        faults: pictures that should have had a sheet, and why they have none.
        rows: the numbers, as in ``explanations.csv``; none where no numbers were asked for.
        comparisons: what cures change in them, as in ``explanations_comparisons.csv``.
        observations: the paper's four statements, as in ``explain/observations.md``.
    """

    folder: Path
    model: str
    layer: str | None
    files: list[Path]
    sheets: list[ExplanationSheetRow]
    faults: list[tuple[str, str]]
    rows: list[ExplanationRow]
    comparisons: list[ExplanationComparison]
    observations: list[Observation]


def explain(
    folder: str | Path,
    model: str | None = None,
    *,
    layer: str | None = None,
    wanted: str | int | None = None,
    quality: int | None = None,
    cures: Sequence[str] = PAPERS,
    count: int = 1,
    names: Sequence[str] = (),
    qualities: str | int | Iterable[int] | None = None,
    pictures: int = 100,
    seed: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    allow_code: bool = False,
    progress: ExplainProgress | None = None,
) -> Explanations:
    """Shows and measures what a model's answers rest on: its gradient at the input, and Grad-CAM.

    What is explained of a picture is one number of the model's own answer on the original, the same number for every
    version of the picture: a classifier's logit of its class; a segmenter's scores of the class that fills most of the
    picture, summed over its region; a detector's belief in its surest box. Writes ``explain/*.png`` and
    ``explain/explain.csv`` (sheets: each cure beside no cure and the original, and all cures at once), and
    ``explanations.csv``, ``explanations_comparisons.csv`` and ``explain/observations.md`` (numbers).

    Args:
        folder: a results folder of `measure` or `study`; its data and its models' weights must be where they were.
        model: a classifier, detector or segmenter of the study; may be left out where there is one.
        layer: name of the layer that Grad-CAM looks at, as in ``network.named_modules()``; found unless given.
        wanted: a class by name or number, to be explained instead of the one that the answer puts first; not for
            detectors.
        quality: of the sheets, one of the study's; the lowest unless given.
        cures: mitigations; what the study does not have is left out of the paper's three, and an error where it was
            asked for.
        count: pictures per rule that get sheets: those on which the cure gains most, as much as is usual, and least; 0
            for no sheets.
        names: pictures that get sheets instead of those that the rules choose.
        qualities: of the numbers, such as ``10,30,50``; all of the study's unless given.
        pictures: how many the numbers are of, the first ones of an order that the seed fixes, so that more of them
            include fewer; 0 for no numbers.
        seed: of that order and of the bootstrap; the study's unless given.
        device, threads: as of `study`.
        allow_code: whether models may come from entry points, which run their code.
        progress: hears of the pictures.

    Raises:
        StoreError: the folder holds no study, or what is needed of it is not finished or has changed.
        UnknownNameError: there is no such model, layer, class, quality, cure or picture.
        DataError: models of the task are not explained, or a named picture cannot be.
        ModelError: the network has no map for Grad-CAM, or carries no gradient; or no picture could be explained.
        MissingExtraError: captum is not installed.
        JpegproofError: the data or a model is not there any more.
    """
    if count < 0 or pictures < 0:
        raise DataError(f"{min(count, pictures)} pictures cannot be explained; use 0 or more")
    out = require_folder(folder, "explain")
    status = study_status(out)
    plan, store = status.plan, Store(out)
    name = _model(plan, model)
    place = compression_of(plan, quality, None)
    compressions = _compressions(plan, qualities)
    edges = edges_of(plan, name, cures, every=False)
    data = data_of(plan, name)
    hands = find_hands(device, 1, threads)
    workshop = workshop_again(plan, store, edges, hands.device, allow_code)
    seed = plan.seed if seed is None else seed
    used = numbers_of(plan, data)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(used).tolist()
    if names:
        numbers = numbers_of_names(plan, workshop, data, names)
        chosen = [SheetPicture(number, "named", rank) for rank, number in enumerate(numbers, 1)]
    elif count and len(edges) > 1:
        found = choose(plan, store, status.finished, chooser_of(edges), place, count)
        chosen = [SheetPicture(choice.number, choice.rule, choice.rank) for choice in found]
    else:  # without a cure there are no gains to choose by
        chosen = [SheetPicture(number, "by_seed", rank) for rank, number in enumerate(order[:count], 1)]
    subject = None if wanted is None else _class(workshop, data, name, str(wanted))
    explainer = Explainer(plan, workshop, data, name, subject, layer)
    if progress is not None:
        progress.begin(len(chosen) + len(order[:pictures]), 0)
    with limited_threads(hands.threads):
        compression = plan.compressions[place]
        drawn = DrawnSheets(out / "explain", name, data, plan.tasks[name])
        for picture in chosen:
            drawn.add(explainer.explain(picture.number, [(compression, edges)]), picture, compression)
            _advance(progress)
        drawn.write_table()
        gathered = Gathered(plan.tasks[name], data, seed, used, plan.data[data].block)
        asked = _asked(plan, edges, compressions)
        faults = list[str]()
        for number in order[:pictures]:
            explained = explainer.explain(number, asked)
            gathered.add(number, measured(explained))
            faults += [one.fault for one in (explained.original, *explained.versions) if one.fault]
            _advance(progress)
    rows, comparisons = gathered.rows(), gathered.comparisons()
    if rows and not any(row.n for row in rows):
        raise ModelError(
            f"no picture of {len(order[:pictures])} could be explained, so the fault is not in one of them: "
            f"{next(iter(faults), 'every map and every gradient is empty')}"
        )
    found = observations(rows, comparisons)
    if rows:
        _write_numbers(out, name, rows, comparisons)
        replace_file(out / "explain" / "observations.md", observations_markdown(found).encode())
    return Explanations(out, name, explainer.layer, drawn.files, drawn.rows, drawn.faults, rows, comparisons, found)


def _model(plan: Plan, wanted: str | None) -> str:
    """The model that is explained: the wanted one, or the only one there is."""
    known = [model for model, task in plan.tasks.items() if task in EXPLAINED_TASKS]
    if wanted is None:
        if len(known) > 1:
            raise UnknownNameError(f"the study has {len(known)} models; name one of them: {', '.join(known)}")
        wanted = (known or list(plan.tasks))[0]
    if wanted not in plan.tasks:
        raise UnknownNameError(
            f"model {wanted!r} is not in the study.{nearest(wanted, plan.tasks)} It has: {', '.join(plan.tasks)}"
        )
    refuse_unexplained(plan.tasks[wanted])
    return wanted


def _compressions(plan: Plan, qualities: str | int | Iterable[int] | None) -> list[Compression]:
    """What the numbers are of: single saves of the study."""
    if qualities is None:
        return [
            item for item in plan.compressions if item.quality is not None and item.codec == "jpeg" and not item.chain
        ]
    try:
        return [plan.compressions[compression_of(plan, quality, None)] for quality in parse_qualities(qualities)]
    except ValueError as error:
        raise UnknownNameError(f"qualities: {error}") from error


def _class(workshop: Workshop, data: str, model: str, wanted: str) -> int:
    pictures = workshop.pictures(data)
    told = same_targets(pictures.task, workshop.model(model).task.name)
    return class_number(wanted, pictures.class_names if told else None)


def _asked(
    plan: Plan, edges: Sequence[Edge], compressions: Sequence[Compression]
) -> list[tuple[Compression, Sequence[Edge]]]:
    """What is measured: every edge at every quality, and cured networks on the originals too."""
    tuned = [edge for edge in edges if edge.tuned and plan.cells_of(plan.edges.index(edge), 0)]
    return [*([(ORIGINAL, tuned)] if tuned else []), *((compression, edges) for compression in compressions)]


def _write_numbers(
    out: Path, model: str, rows: Sequence[ExplanationRow], comparisons: Sequence[ExplanationComparison]
) -> None:
    """Writes both tables; the rows of the study's other models stay."""
    others = [row for row in read_explanations(out / _ROWS, ExplanationRow) if row.model != model]
    write_rows(out / _ROWS, ExplanationRow, [*others, *rows])
    compared = [row for row in read_explanations(out / _COMPARISONS, ExplanationComparison) if row.model != model]
    write_rows(out / _COMPARISONS, ExplanationComparison, [*compared, *comparisons])


def _advance(progress: ExplainProgress | None) -> None:
    if progress is not None:
        progress.advance()
