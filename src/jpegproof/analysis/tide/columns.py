"""What faults cost along one edge at one compression, in all resamples: what rows and comparisons are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import LEVEL, resampling_weights, units_that_count
from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.analysis.tide.costs import costs_of, resampled_costs
from jpegproof.analysis.tide.evidence import Evidence, gather_evidence
from jpegproof.analysis.tide.faults import FAULTS
from jpegproof.analysis.tide.rows import NO_ERROR, ErrorRow
from jpegproof.studies.plan import Cell, Plan
from jpegproof.studies.store import Store
from jpegproof.tasks.detection_columns import DETECTION_SCHEMA, detections_of
from jpegproof.tasks.objects import Objects

#: Thresholds on the overlap that tell right, misplaced and background apart.
#: Source: TIDE, section 2.2.
FOREGROUND, BACKGROUND = 0.5, 0.1

#: What the nine numbers are called in rows.
ERRORS = (NO_ERROR, *(fault.value for fault in FAULTS))

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]

#: (number of an edge, number of a compression) in the plan.
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tellable:
    """A detector whose faults can be told.

    Attributes:
        model: its name in the study.
        data: the name of its data set.
        truths: per picture; None where the picture has none.
        kinds: what is compared.
    """

    model: str
    data: str
    truths: Sequence[Objects | None]
    kinds: Sequence[Kind]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCosts:
    """One edge at one compression.

    Attributes:
        place: (number of the edge, number of the compression) in the plan.
        kind: what was compared.
        scope: what rows of every kind say of where it belongs.
        rows: nine, the average precision and one per kind of fault.
        usable: (N,) the pictures that count for it.
        drawn: (1 + R, 9), the numbers and the same in R resamples, by the bytes of the flags of the pictures that
            count: its own, and for each column that it is compared with those that both have.
    """

    place: Place
    kind: Kind
    scope: dict[str, Any]
    rows: list[ErrorRow]
    usable: Flags
    drawn: dict[bytes, Values]


def column_costs(
    plan: Plan, store: Store, finished: frozenset[str], about: Tellable, resamples: int
) -> Iterator[ColumnCosts]:
    """The columns of a detector that are finished, one after the other; of each only numbers are kept.

    Raises:
        StoreError: a prediction file is damaged.
    """
    cells = {
        (edge, compression): own
        for edge in range(len(plan.edges))
        for compression in range(len(plan.compressions))
        if plan.edges[edge].model == about.model and is_whole(own := plan.cells_of(edge, compression), finished)
    }
    known = np.array([truth is not None for truth in about.truths], dtype=bool)
    usable = {place: known & _answered(store, own) for place, own in cells.items()}
    pairs = compared(plan, about.model, list(cells))
    block = plan.data[about.data].block
    weights = np.concatenate([np.ones((1, len(known))), *resampling_weights(len(known), plan.seed, resamples, block)])
    for place, own in cells.items():
        partners = [pair[0] if pair[1] == place else pair[1] for pair in pairs if place in pair]
        counted = [usable[place], *(usable[place] & usable[partner] for partner in partners)]
        detections = detections_of(read_cells(store, own, DETECTION_SCHEMA.names))
        for kind in about.kinds:
            evidence = gather_evidence(about.truths, detections, kind, FOREGROUND, BACKGROUND)
            drawn: dict[bytes, Values] = {}
            for flags in counted:
                if flags.tobytes() not in drawn:
                    drawn[flags.tobytes()] = _drawn(evidence, weights, flags, block)
            scope = _scope(plan, about, kind, place)
            rows = list(_rows(plan, place, scope, evidence, drawn[usable[place].tobytes()]))
            yield ColumnCosts(place, kind, scope, rows, usable[place], drawn)


def compared(plan: Plan, model: str, places: Sequence[Place]) -> list[tuple[Place, Place]]:
    """Which columns of a model are compared: each with the originals, and each cure with none at its compression."""
    untreated = plan.reference_edge(model)
    jpegs = [place for place in places if not plan.compressions[place[1]].is_original]
    pairs = [((untreated, 0), place) for place in jpegs if (untreated, 0) in places]
    without = [((untreated, place[1]), place) for place in jpegs if place[0] != untreated]
    return pairs + [pair for pair in without if pair[0] in places]


def interval_ends(drawn: Values) -> tuple[Values, Values] | None:
    """The ends of the 95 % intervals of nine numbers, from (1 + R, 9); None where no resample says anything."""
    told = drawn[1:][np.isfinite(drawn[1:]).all(axis=1)]
    tail = 100 * (1 - LEVEL) / 2
    return (*np.percentile(told, [tail, 100 - tail], axis=0),) if len(told) else None


def _drawn(evidence: Evidence, weights: Values, counted: Flags, block: int) -> Values:
    """NaN in a resample that misses every picture that counts, and in all of them where one block alone counts."""
    values = resampled_costs(evidence, weights * counted)
    says_nothing = np.asarray(weights @ counted.astype(np.float64) == 0)
    says_nothing[1:] |= units_that_count(counted[:, None], block)[0] < 2
    values[says_nothing] = np.nan
    return values


def _answered(store: Store, cells: Sequence[Cell]) -> Flags:
    """(N,) whether the detector could use each picture."""
    return read_cells(store, cells, ["height"])["height"].is_valid().to_numpy()


def _scope(plan: Plan, about: Tellable, kind: Kind, place: Place) -> dict[str, Any]:
    setting = plan.compressions[place[1]]
    original = setting.is_original
    return {
        "task": plan.tasks[about.model],
        "dataset": about.data,
        "slice": "all",
        "model": about.model,
        "kind": kind,
        "codec": setting.codec,
        "subsampling": "" if original else setting.subsampling,
        "chain": setting.delivery,
        "stage": "" if original else plan.stage,
        "quality": setting.nominal_quality,
        "seed": plan.seed,
    }


def _rows(plan: Plan, place: Place, scope: dict[str, Any], evidence: Evidence, drawn: Values) -> Iterator[ErrorRow]:
    costs, edge, ends = costs_of(evidence), plan.edges[place[0]], interval_ends(drawn)
    values = [costs.ap, *(costs.rises[fault] for fault in FAULTS)]
    for number, (fault, value) in enumerate(zip([None, *FAULTS], values, strict=True)):
        yield ErrorRow(
            **scope,
            mitigation=edge.mitigation,
            corrector=edge.corrector,
            error=ERRORS[number],
            value=value if costs.pictures else None,
            ci_low=None if ends is None else float(ends[0][number]),
            ci_high=None if ends is None else float(ends[1][number]),
            share=costs.shares.get(fault) if fault is not None and costs.pictures else None,
            count=None if fault is None else costs.counts[fault],
            n=costs.pictures,
            n_skipped=len(evidence.usable) - costs.pictures,
        )
