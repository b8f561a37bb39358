"""The verb ``errors``: what goes wrong in the detectors of a study, and what each kind of fault costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.rows import write_rows
from jpegproof.analysis.tide.rows import ErrorComparison, ErrorRow
from jpegproof.analysis.tide.study import RESAMPLES, study_errors
from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.reports.write_errors import write_errors
from jpegproof.studies.result_store import require_folder
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store


@dataclass(frozen=True, slots=True)
class Errors:
    """What goes wrong in the detectors of a study.

    Attributes:
        folder: the results folder.
        rows: every number, as in ``errors.csv``.
        comparisons: paired differences, as in ``errors_comparisons.csv``.
        figures: the figures, as PNG; each is there as SVG too.
        missing_cells: how much of the study is not done yet; what is missing has no rows.
    """

    folder: Path
    rows: list[ErrorRow]
    comparisons: list[ErrorComparison]
    figures: list[Path]
    missing_cells: int


def errors(folder: str | Path, model: str | None = None, kind: str | None = None, resamples: int = RESAMPLES) -> Errors:
    """Sorts a detector's faults into TIDE's kinds along every edge and at every quality of a study.

    Needs neither the data nor the models: everything comes from the stored predictions, of an unfinished study from
    those edges and qualities that are whole. Writes ``errors.csv``, ``errors_comparisons.csv``, ``tables/errors-*`` and
    ``figures/errors-*``.

    Args:
        folder: a results folder of `measure` or `study`.
        model: only this one of the study's detectors; None for all.
        kind: ``boxes`` or ``masks``: what is compared with the truth; None for all that a model answers with.
        resamples: of the 95 % intervals, by picture; 0 for none, which is faster.

    Raises:
        StoreError: the folder holds no study, a detector's answers on the originals are not finished, or a file is
            damaged or cannot be written.
        UnknownNameError: there is no such model, or nothing of that kind.
        DataError: the study has no detector, it draws no masks, or its pictures have no truth.
        MissingExtraError: pycocotools is not installed.
    """
    if kind not in (None, "boxes", "masks"):
        raise UnknownNameError(
            f"kind {kind!r} is not known.{nearest(str(kind), ['boxes', 'masks'])} Known: boxes, masks"
        )
    out = require_folder(folder, "errors")
    status = study_status(out)
    found = study_errors(status.plan, Store(out), status.finished, model, cast("Kind | None", kind), resamples)
    write_rows(out / "errors.csv", ErrorRow, found.rows)
    write_rows(out / "errors_comparisons.csv", ErrorComparison, found.comparisons)
    return Errors(out, found.rows, found.comparisons, write_errors(found.rows, out), status.total - status.done)
