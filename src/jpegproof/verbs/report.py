"""The verb ``report``: numbers, tables, figures and the page, from what a results folder holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from jpegproof.analysis.blocks import BlockGain
from jpegproof.analysis.budget.rows import ANSWERS_FILE, BudgetAnswer
from jpegproof.analysis.codecs import CodecRow, study_codecs
from jpegproof.analysis.fixable import FixableRow
from jpegproof.analysis.flips import Flip
from jpegproof.analysis.frontier import FACTS_FILE, OFFERS_FILE, Offer, find_offers, wanted_quality
from jpegproof.analysis.originals import OriginalRow, SweepRow, original_notes, original_rows, sweep_rows
from jpegproof.analysis.read_rows import read_rows
from jpegproof.analysis.results import study_numbers
from jpegproof.analysis.rows import Comparison, Gap, Result, Skip, write_rows
from jpegproof.analysis.speed import SPEEDS_FILE, read_speeds
from jpegproof.analysis.tide.rows import ErrorComparison, ErrorRow
from jpegproof.analysis.tide.study import tellable_errors
from jpegproof.analysis.unsure import UnsureRow, study_unsure
from jpegproof.analysis.worst import WorstPicture, study_worst
from jpegproof.exceptions import StoreError
from jpegproof.reports.against_paper import require_paper_models
from jpegproof.reports.codec_tables import build_codec_tables
from jpegproof.reports.files import replace_file
from jpegproof.reports.original_tables import build_original_tables
from jpegproof.reports.page_explained import read_measures
from jpegproof.reports.plain_tables import plain_markdown
from jpegproof.reports.shown_pictures import read_explained_pictures, read_shown_looks
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.write import write_report
from jpegproof.reports.write_errors import write_errors
from jpegproof.reports.write_throughput import write_throughput
from jpegproof.studies.fetch import fetch_results, fetched_folder
from jpegproof.studies.plan import Plan
from jpegproof.studies.result_store import is_remote
from jpegproof.studies.run import ENVIRONMENT_FILE, STUDY_FILE
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_facts import study_facts


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a study.

    Attributes:
        folder: the results folder.
        page: the HTML page.
        results: every number, as in ``results.csv``.
        comparisons: paired differences, as in ``comparisons.csv``.
        gaps: how much of the gap each cure closes, as in ``gaps.csv``.
        skips: pictures that could not be used, as in ``skipped.csv``.
        blocks: what each cure gains in each block of pictures that follow each other, as in ``blocks.csv``.
        flips: how often verdicts change along delivery chains, as in ``flips.csv``.
        missing_cells: how much of the study is not done yet.
        classes: every number of each class, as in ``classes.csv``.
        errors: what each kind of fault costs each detector, as in ``errors.csv``.
        error_comparisons: what cures change in that, as in ``errors_comparisons.csv``.
        unsure: what detectors of fakes gain by leaving pictures without a verdict, as in ``unsure.csv``.
        fixable: losses, split into what the best cure recovers and what remains, as in ``fixable.csv``.
        worst: the pictures that lose most, as in ``worst_pictures.csv``.
        notes: what must be known before the numbers, as of originals that are JPEGs themselves.
    """

    folder: Path
    page: Path
    results: list[Result]
    comparisons: list[Comparison]
    gaps: list[Gap]
    skips: list[Skip]
    blocks: list[BlockGain]
    flips: list[Flip]
    missing_cells: int
    classes: list[Result]
    errors: list[ErrorRow]
    error_comparisons: list[ErrorComparison]
    unsure: list[UnsureRow]
    fixable: list[FixableRow]
    worst: list[WorstPicture]
    notes: list[str]


def report(folder: str | Path, against_paper: bool = False, *, to: str | Path | None = None) -> Report:
    """Writes the CSV files of all numbers, ``tables/``, ``figures/`` and ``report.html``.

    Needs neither the data nor the models: everything comes from the stored predictions, of an unfinished study from
    those edges and qualities that are whole. What goes wrong in detectors is told too, where their pictures have truth
    (`errors` draws it for every quality). What `sheets`, `explain` and `budget` have left in the
    folder is shown on the page.

    Args:
        folder: a results folder of `measure` or `study`; or the address of results in an object store
            (``s3://BUCKET/PREFIX``), of which first all that is missing is downloaded.
        against_paper: puts the paper's published numbers beside the study's.
        to: the results folder into which they are downloaded; ``out/`` and the last part of the address unless given.

    Raises:
        UnknownNameError: that was asked for, and none of the study's models is one of the paper's.
        StoreError: the folder holds no study, or a file in it is damaged.
    """
    out = _fetched(folder, to)
    status = study_status(out)
    study_yaml = _text(out / STUDY_FILE)
    facts = study_facts(study_yaml)
    if against_paper:
        require_paper_models({model: facts.sources.get(model, "") for model in status.plan.tasks})
    numbers = study_numbers(status.plan, Store(out), status.finished)
    write_rows(out / "results.csv", Result, numbers.results)
    write_rows(out / "comparisons.csv", Comparison, numbers.comparisons)
    write_rows(out / "gaps.csv", Gap, numbers.gaps)
    write_rows(out / "skipped.csv", Skip, numbers.skips)
    write_rows(out / "fixable.csv", FixableRow, numbers.fixable)
    write_rows(out / "classes.csv", Result, numbers.classes)
    write_rows(out / "classes_comparisons.csv", Comparison, numbers.class_comparisons)
    errors = tellable_errors(status.plan, Store(out), status.finished)
    if errors.rows:
        write_rows(out / "errors.csv", ErrorRow, errors.rows)
        write_rows(out / "errors_comparisons.csv", ErrorComparison, errors.comparisons)
        write_errors(errors.rows, out, every_quality=False)
    worst = study_worst(status.plan, Store(out), status.finished)
    if worst:
        write_rows(out / "worst_pictures.csv", WorstPicture, worst)
    unsure = study_unsure(status.plan, Store(out), status.finished)
    if unsure:
        write_rows(out / "unsure.csv", UnsureRow, unsure)
    codecs = study_codecs(status.plan, Store(out), status.finished)
    if codecs:
        write_rows(out / "codecs.csv", CodecRow, codecs)
        replace_file(
            out / "tables" / "codecs.md", plain_markdown(build_codec_tables(codecs)).encode("utf-8", "replace")
        )
    if numbers.blocks:
        write_rows(out / "blocks.csv", BlockGain, numbers.blocks)
    if numbers.flips:
        write_rows(out / "flips.csv", Flip, numbers.flips)
    originals, sweep = original_rows(status.plan), sweep_rows(status.plan)
    if sweep:
        write_rows(out / "originals.csv", OriginalRow, originals)
        write_rows(out / "originals_sweep.csv", SweepRow, sweep)
        told = plain_markdown(build_original_tables(originals, sweep))
        replace_file(out / "tables" / "originals.md", told.encode("utf-8", "replace"))
    notes = _notes(status.plan)
    speeds = read_speeds(out / SPEEDS_FILE)
    offers = find_offers(speeds, numbers.results, wanted_quality(out / FACTS_FILE))
    if offers:
        write_rows(out / OFFERS_FILE, Offer, offers)
    if speeds:
        write_throughput(speeds, offers, out)
    missing = status.total - status.done
    record = StudyRecord(
        title=status.plan.study,
        results=numbers.results,
        comparisons=numbers.comparisons,
        gaps=numbers.gaps,
        skips=numbers.skips,
        environment=_environment(out / ENVIRONMENT_FILE),
        study_yaml=study_yaml,
        missing_cells=missing,
        total_cells=status.total,
        notes=notes,
        errors=errors.rows,
        error_comparisons=errors.comparisons,
        classes=numbers.classes,
        class_comparisons=numbers.class_comparisons,
        unsure=unsure,
        flips=numbers.flips,
        speeds=speeds,
        offers=offers,
        fixable=numbers.fixable,
        sources=facts.sources,
        trained_through=facts.trained_through,
        against_paper=against_paper,
        blocks={name: data.block for name, data in status.plan.data.items() if data.block > 1},
        worst=worst,
        looks=read_shown_looks(out / "sheets" / "sheets.csv"),
        explained=read_explained_pictures(out / "explain" / "explain.csv"),
        explanations=read_measures(out / "explanations.csv"),
        originals=originals,
        sweep=sweep,
        codecs=codecs,
        budget=read_rows(out / ANSWERS_FILE, BudgetAnswer, "delete it and ask for the budget again"),
        folder=out,
    )
    page = write_report(record, out)
    return Report(
        folder=out,
        page=page,
        results=numbers.results,
        comparisons=numbers.comparisons,
        gaps=numbers.gaps,
        skips=numbers.skips,
        blocks=numbers.blocks,
        flips=numbers.flips,
        missing_cells=missing,
        classes=numbers.classes,
        errors=errors.rows,
        error_comparisons=errors.comparisons,
        unsure=unsure,
        fixable=numbers.fixable,
        worst=worst,
        notes=notes,
    )


def _fetched(folder: str | Path, to: str | Path | None) -> Path:
    """The results folder on this machine."""
    if not is_remote(folder):
        if to is not None:
            raise StoreError(f"{folder}: is a folder, and its report is written into it; leave out to")
        return Path(folder).expanduser()
    out = Path(to).expanduser() if to is not None else fetched_folder(str(folder))
    fetch_results(str(folder), out)
    return out


def _notes(plan: Plan) -> list[str]:
    """What must stand beside the results; with the data set's name where the study has several."""
    several = len(plan.data) > 1
    notes = [(name, note) for name, facts in plan.data.items() for note in facts.notes]
    notes += original_notes(plan)
    return list(dict.fromkeys(f"{name}: {note}" if several else note for name, note in notes))


def _environment(path: Path) -> dict[str, str]:
    try:
        return {str(name): str(value) for name, value in json.loads(_text(path)).items()}
    except (ValueError, AttributeError):
        return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
