"""What faults cost along every edge and at every quality of a study, from its stored predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import LEVEL, resampling_weights, units_that_count
from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.tide.costs import costs_of, resampled_costs
from jpegproof.analysis.tide.evidence import Evidence, gather_evidence
from jpegproof.analysis.tide.faults import FAULTS
from jpegproof.analysis.tide.rows import NO_ERROR, ErrorRow
from jpegproof.exceptions import DataError, StoreError, UnknownNameError, nearest
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.store import Store
from jpegproof.tasks.detection_columns import DETECTION_SCHEMA, TRUTH_SCHEMA, detections_of, objects_of
from jpegproof.tasks.objects import Objects

#: Per task of a detector, what its answers can be compared by.
KINDS: dict[str, tuple[Kind, ...]] = {"detection": ("boxes",), "instance_segmentation": ("boxes", "masks")}

#: Thresholds on the overlap that tell right, misplaced and background apart.
#: Source: TIDE, section 2.2.
FOREGROUND, BACKGROUND = 0.5, 0.1

#: Resamples of the intervals: fewer than for means, since each works out nine average precisions anew.
RESAMPLES = 200


def study_errors(
    plan: Plan,
    store: Store,
    finished: frozenset[str],
    model: str | None = None,
    kind: Kind | None = None,
    resamples: int = RESAMPLES,
) -> list[ErrorRow]:
    """Works out what each kind of fault costs, wherever all predictions of an edge at a compression are finished.

    Args:
        plan: of the study.
        store: its predictions.
        finished: fingerprints of the finished cells.
        model: only this one; None for all detectors of the study.
        kind: only boxes or only masks; None for all that a model answers with.
        resamples: of the intervals; 0 for none.

    Returns:
        Nine rows per model, kind, edge and compression: the average precision, then one per kind of fault.

    Raises:
        UnknownNameError: no such model.
        DataError: there is no detector, it draws no masks, or its pictures have no truth.
        StoreError: a detector's answers on the originals are not finished, or a file is damaged.
    """
    rows: list[ErrorRow] = []
    for name in _detectors(plan, model, kind):
        reference_edge = plan.reference_edge(name)
        reference = _predictions(plan, store, finished, plan.cells_of(reference_edge, 0), TRUTH_SCHEMA.names)
        if reference is None:
            raise StoreError(
                f"{name}: its answers on the originals are not finished, and the truth is stored beside them; run the "
                "study again"
            )
        truths = objects_of(reference)
        data = plan.shards[plan.cells_of(reference_edge, 0)[0].shard].data
        kinds: tuple[Kind, ...] = (kind,) if kind is not None else KINDS[plan.tasks[name]]
        _refuse_unlabelled(truths, reference, data, kinds)
        for number, edge in enumerate(plan.edges):
            if edge.model != name:
                continue
            for place in range(len(plan.compressions)):
                answers = _predictions(plan, store, finished, plan.cells_of(number, place), [])
                if answers is None:
                    continue
                detections = detections_of(answers)
                for wanted in kinds:
                    evidence = gather_evidence(truths, detections, wanted, FOREGROUND, BACKGROUND)
                    scope = {"dataset": data, "kind": wanted, **_place(plan, number, place)}
                    rows.extend(_rows(evidence, scope, plan.seed, resamples, plan.data[data].block))
    return rows


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


def _predictions(
    plan: Plan, store: Store, finished: frozenset[str], cells: Sequence[Cell], more: Sequence[str]
) -> pa.Table | None:
    """The detections of one edge at one compression, all pictures in order; None while some are missing."""
    if not cells or any(cell.name not in finished for cell in cells):
        return None
    wanted = [*DETECTION_SCHEMA.names, *more]
    return pa.concat_tables(
        [read_predictions(store.get(cell.name), str(store.path(cell.name)), wanted) for cell in cells]
    )


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


def _place(plan: Plan, edge: int, compression: int) -> dict[str, Any]:
    """What rows say of where they belong."""
    row, setting = plan.edges[edge], plan.compressions[compression]
    original = setting.is_original
    return {
        "task": plan.tasks[row.model],
        "slice": "all",
        "model": row.model,
        "mitigation": row.mitigation,
        "corrector": row.corrector,
        "codec": setting.codec,
        "subsampling": "" if original else setting.subsampling,
        "chain": "",
        "stage": "" if original else plan.stage,
        "quality": setting.nominal_quality,
    }


def _rows(evidence: Evidence, scope: dict[str, Any], seed: int, resamples: int, block: int) -> Iterator[ErrorRow]:
    costs = costs_of(evidence)
    shares = costs.shares
    low, high = _ends(evidence, seed, resamples, block)
    about = {**scope, "seed": seed, "n": costs.pictures, "n_skipped": len(evidence.usable) - costs.pictures}
    values = [costs.ap, *(costs.rises[fault] for fault in FAULTS)]
    for place, (fault, value) in enumerate(zip([None, *FAULTS], values, strict=True)):
        yield ErrorRow(
            **about,
            error=NO_ERROR if fault is None else fault.value,
            value=value if costs.pictures else None,
            ci_low=None if low is None else float(low[place]),
            ci_high=None if high is None else float(high[place]),
            share=shares.get(fault) if fault is not None and costs.pictures else None,
            count=None if fault is None else costs.counts[fault],
        )


def _ends(
    evidence: Evidence, seed: int, resamples: int, block: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """The ends of the intervals of the nine numbers; the draws are those of the study's other intervals."""
    pictures = len(evidence.usable)
    if resamples < 1 or units_that_count(evidence.usable[:, None], block)[0] < 2:
        return None, None
    weights = np.concatenate(list(resampling_weights(pictures, seed, resamples, block)))
    # A resample may miss every picture that counts; it then says nothing.
    weights = weights[weights[:, evidence.usable].any(axis=1)]
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(resampled_costs(evidence, weights), [tail, 100 - tail], axis=0)
    return low, high
