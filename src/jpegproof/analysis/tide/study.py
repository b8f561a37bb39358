"""What faults cost along every edge and at every quality of a study, from its stored predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.analysis.tide.columns import ColumnCosts, Tellable, column_costs
from jpegproof.analysis.tide.differences import comparisons_of
from jpegproof.analysis.tide.rows import ErrorComparison, ErrorRow
from jpegproof.exceptions import DataError, StoreError, UnknownNameError, nearest
from jpegproof.studies.plan import Plan
from jpegproof.studies.store import Store
from jpegproof.tasks.detection_columns import TRUTH_SCHEMA, objects_of
from jpegproof.tasks.objects import Objects

#: Per task of a detector, what its answers can be compared by.
KINDS: dict[str, tuple[Kind, ...]] = {"detection": ("boxes",), "instance_segmentation": ("boxes", "masks")}

#: Resamples of the intervals: fewer than for means, since each works out nine average precisions anew.
RESAMPLES = 200


class StudyErrors(NamedTuple):
    """The rows of ``errors.csv`` and of ``errors_comparisons.csv``."""

    rows: list[ErrorRow]
    comparisons: list[ErrorComparison]


def study_errors(
    plan: Plan,
    store: Store,
    finished: frozenset[str],
    model: str | None = None,
    kind: Kind | None = None,
    resamples: int = RESAMPLES,
) -> StudyErrors:
    """Works out what each kind of fault costs, wherever all predictions of an edge at a compression are finished.

    Args:
        plan: of the study.
        store: its predictions.
        finished: fingerprints of the finished cells.
        model: only this one; None for all detectors of the study.
        kind: only boxes or only masks; None for all that a model answers with.
        resamples: of the intervals; 0 for none, and no comparisons.

    Returns:
        Nine rows per model, kind, edge and compression: the average precision, then one per kind of fault; and the
        differences of each edge from the originals, and of each cure from none at the same compression.

    Raises:
        UnknownNameError: no such model.
        DataError: there is no detector, it draws no masks, or its pictures have no truth.
        StoreError: a detector's answers on the originals are not finished, or a file is damaged.
    """
    found = StudyErrors([], [])
    for name in _detectors(plan, model, kind):
        reference = _reference(plan, store, finished, name)
        if reference is None:
            raise StoreError(
                f"{name}: its answers on the originals are not finished, and the truth is stored beside them; run the "
                "study again"
            )
        kinds: tuple[Kind, ...] = (kind,) if kind is not None else KINDS[plan.tasks[name]]
        truths = objects_of(reference)
        _refuse_unlabelled(truths, reference, _data_of(plan, name), kinds)
        _add(found, plan, store, finished, Tellable(name, _data_of(plan, name), truths, kinds), resamples)
    return found


def tellable_errors(plan: Plan, store: Store, finished: frozenset[str], resamples: int = RESAMPLES) -> StudyErrors:
    """Those of `study_errors` that can be told: of detectors whose truth is there, masks where it has masks.

    Raises:
        StoreError: a file is damaged.
    """
    found = StudyErrors([], [])
    for name, task in plan.tasks.items():
        reference = _reference(plan, store, finished, name) if task in KINDS else None
        if reference is None:
            continue
        truths = objects_of(reference)
        known = [truth for truth in truths if truth is not None]
        has_masks = all(truth.masks is not None or not len(truth) for truth in known)
        kinds: list[Kind] = [kind for kind in KINDS[task] if known and (kind == "boxes" or has_masks)]
        _add(found, plan, store, finished, Tellable(name, _data_of(plan, name), truths, kinds), resamples)
    return found


def _add(
    found: StudyErrors, plan: Plan, store: Store, finished: frozenset[str], about: Tellable, resamples: int
) -> None:
    columns: dict[Kind, list[ColumnCosts]] = {kind: [] for kind in about.kinds}
    for column in column_costs(plan, store, finished, about, resamples):
        columns[column.kind].append(column)
        found.rows.extend(column.rows)
    for own in columns.values():
        found.comparisons.extend(comparisons_of(plan, own))


def _reference(plan: Plan, store: Store, finished: frozenset[str], model: str) -> pa.Table | None:
    """The truth beside a model's answers on the originals, all pictures in order; None while some are missing."""
    cells = plan.cells_of(plan.reference_edge(model), 0)
    wanted = ["height", "width", *TRUTH_SCHEMA.names]
    return read_cells(store, cells, wanted) if is_whole(cells, finished) else None


def _data_of(plan: Plan, model: str) -> str:
    return plan.shards[plan.cells_of(plan.reference_edge(model), 0)[0].shard].data


def _detectors(plan: Plan, model: str | None, kind: Kind | None) -> list[str]:
    known = [name for name, task in plan.tasks.items() if task in KINDS]
    if model is not None and model not in plan.tasks:
        names = ", ".join(sorted(plan.tasks))
        raise UnknownNameError(f"the study has no model {model!r}.{nearest(model, plan.tasks)} Its models: {names}")
    if model is not None and model not in known:
        raise DataError(f"{model} does {plan.tasks[model]}; errors are told apart for detectors only")
    if not known:
        tasks = ", ".join(sorted(set(plan.tasks.values())))
        raise DataError(f"the study {plan.study!r} has no detector: its models do {tasks}")
    chosen = [name for name in known if model in (None, name)]
    drawing = [name for name in chosen if kind is None or kind in KINDS[plan.tasks[name]]]
    if not drawing:
        raise DataError(f"{', '.join(chosen)}: draws no {kind}; ask for boxes")
    return drawing


def _refuse_unlabelled(truths: Sequence[Objects | None], reference: pa.Table, data: str, kinds: Sequence[Kind]) -> None:
    used = [truth for truth, height in zip(truths, reference["height"].to_pylist(), strict=True) if height is not None]
    if used and all(truth is None for truth in used):
        raise DataError(
            f"data {data!r} has no boxes to compare with: errors are told apart by what is true. Give the study "
            "annotations (COCO's instances JSON)"
        )
    boxes_alone = any(truth is not None and len(truth) and truth.masks is None for truth in used)
    if "masks" in kinds and boxes_alone:
        raise DataError(f"data {data!r} has boxes and no masks; ask for boxes")
