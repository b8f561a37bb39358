"""What a report is made from: the rows of a study and what is known of how they came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from jpegproof.analysis.budget.rows import BudgetAnswer
from jpegproof.analysis.codecs import CodecRow
from jpegproof.analysis.fixable import FixableRow
from jpegproof.analysis.flips import Flip
from jpegproof.analysis.frontier import Offer
from jpegproof.analysis.originals import OriginalRow, SweepRow
from jpegproof.analysis.rows import Comparison, Gap, Result, Skip
from jpegproof.analysis.speed import Speed
from jpegproof.analysis.tide.rows import ErrorComparison, ErrorRow
from jpegproof.analysis.unsure import UnsureRow
from jpegproof.analysis.worst import WorstPicture
from jpegproof.reports.shown_pictures import ExplainedPicture, ShownLook


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study as its report sees it.

    Attributes:
        title: the study's name, as a person wrote it.
        results: the rows of ``results.csv``.
        comparisons: the rows of ``comparisons.csv``. A comparison whose ``first_mitigation`` is ``reference`` is that
            of the originals (first) with the compressed pictures (second): the loss, picture by picture.
        skips: the rows of ``skipped.csv``.
        environment: what the numbers were made with, such as ``{"Pillow": "11.3.0"}``.
        study_yaml: the study file as resolved.
        missing_cells: cells that are planned and not there yet; 0 for a finished study.
        total_cells: cells that are planned.
        gaps: the rows of ``gaps.csv``.
        errors: the rows of ``errors.csv``.
        error_comparisons: the rows of ``errors_comparisons.csv``.
        classes: the rows of ``classes.csv``.
        class_comparisons: the rows of ``classes_comparisons.csv``.
        unsure: the rows of ``unsure.csv``.
        flips: the rows of ``flips.csv``.
        speeds: the rows of ``throughput.csv``.
        offers: these beside the results.
        fixable: the rows of ``fixable.csv``.
        sources: by a model's name where it comes from, such as ``torchvision:resnet50``.
        trained_through: by a corrector's name the models that it was trained through.
        against_paper: whether the paper's numbers are wanted beside the study's.
        worst: the rows of ``worst_pictures.csv``.
        looks: the rows of ``sheets/sheets.csv``.
        explained: the rows of ``explain/explain.csv``.
        explanations: the rows of ``explanations.csv``, whose measure is the metric.
        originals: the rows of ``originals.csv``.
        sweep: the rows of ``originals_sweep.csv``.
        codecs: the rows of ``codecs.csv``.
        budget: the rows of ``budget_answers.csv``.
        folder: the results folder, where ``sheets/`` and ``explain/`` are; only needed for `looks` and `explained`.
        notes: sentences that a reader must know before the numbers.
        blocks: by data set, how many pictures that follow each other were resampled together, where that is not one.
    """

    title: str
    results: list[Result]
    comparisons: list[Comparison]
    skips: list[Skip]
    environment: dict[str, str]
    study_yaml: str
    missing_cells: int = 0
    total_cells: int = 0
    notes: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    errors: list[ErrorRow] = field(default_factory=list)
    error_comparisons: list[ErrorComparison] = field(default_factory=list)
    classes: list[Result] = field(default_factory=list)
    class_comparisons: list[Comparison] = field(default_factory=list)
    blocks: dict[str, int] = field(default_factory=dict)
    unsure: list[UnsureRow] = field(default_factory=list)
    flips: list[Flip] = field(default_factory=list)
    speeds: list[Speed] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    fixable: list[FixableRow] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    trained_through: dict[str, tuple[str, ...]] = field(default_factory=dict)
    against_paper: bool = False
    worst: list[WorstPicture] = field(default_factory=list)
    looks: list[ShownLook] = field(default_factory=list)
    explained: list[ExplainedPicture] = field(default_factory=list)
    explanations: list[Result] = field(default_factory=list)
    originals: list[OriginalRow] = field(default_factory=list)
    sweep: list[SweepRow] = field(default_factory=list)
    codecs: list[CodecRow] = field(default_factory=list)
    budget: list[BudgetAnswer] = field(default_factory=list)
    folder: Path | None = None
