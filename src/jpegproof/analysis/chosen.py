"""Pictures to look at, chosen by rule from stored predictions: where a cure gains most, as is usual, and least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from jpegproof.analysis.by_picture import columns_of_scores, picture_scores, reference_columns_of_scores
from jpegproof.analysis.detection.own_detections import CONFIDENT
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.exceptions import DataError, StoreError
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.store import Store

Rule = Literal["largest_gain", "median", "least_gain", "named"]
#: Of which `choose` makes use; `named` is a user's own choice.
RULES: tuple[Rule, ...] = ("largest_gain", "median", "least_gain")


@dataclass(frozen=True, slots=True)
class Choice:
    """A picture and why it was chosen.

    Attributes:
        rule: by which it was.
        rank: its place among those of the rule, from 1.
        number: the picture's in the model's data set.
        gain: how much better the picture's own score is with the cure than without, in the score's unit; None where
            nobody asked.
    """

    rule: Rule
    rank: int
    number: int
    gain: float | None = None


def choose(
    plan: Plan,
    store: Store,
    finished: frozenset[str],
    cure: Edge,
    compression: int,
    count: int,
    confidence: float = CONFIDENT,
) -> list[Choice]:
    """The pictures on which a cure gains most, on which it gains what is usual, and loses most.

    Pictures are ranked by their gain and, where it is the same, by their number; ``median`` takes those in the middle.
    No picture is chosen by two rules.

    Args:
        plan: the study's.
        store: its predictions.
        finished: fingerprints of those that are there.
        cure: an edge with a cure.
        compression: its number in the plan.
        count: how many pictures per rule; a third of them where there are not as many.
        confidence: the score from which on a detection counts.

    Raises:
        StoreError: the predictions are not finished, or a file is damaged.
        DataError: the task's pictures are not scored one by one, or no picture has a score.
    """
    task, first = plan.tasks[cure.model], plan.reference_edge(cure.model)
    columns = columns_of_scores(task)
    originals = plan.cells_of(first, 0)
    by_edge = [plan.cells_of(place, compression) for place in (first, plan.edges.index(cure))]
    for cells, along in zip([originals, *by_edge], ("the originals", "none", cure.mitigation), strict=True):
        if not is_whole(cells, finished):
            raise StoreError(
                f"the predictions of {cure.model} along {along} are not finished; run the study again, or "
                "name the pictures"
            )
    reference = read_cells(store, originals, reference_columns_of_scores(task))
    without, cured = (
        picture_scores(task, read_cells(store, cells, columns), reference, confidence) for cells in by_edge
    )
    numbers = [number for cell in originals for number in plan.shards[cell.shard].pictures]
    gains = cured.gains_over(without)
    ranked = sorted(np.flatnonzero(np.isfinite(gains)).tolist(), key=lambda row: (-gains[row], row))
    if not ranked:
        raise DataError(f"no picture has a score both with and without {cure.mitigation}")
    by_rule = dict(zip(RULES, _thirds(ranked, min(count, max(len(ranked) // 3, 1))), strict=True))
    return [
        Choice(rule, rank, numbers[row], float(gains[row]))
        for rule, rows in by_rule.items()
        for rank, row in enumerate(rows, 1)
    ]


def _thirds(ranked: Sequence[int], count: int) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """The first, the middle and the last `count`, the last one first; none of them twice."""
    first, rest = ranked[:count], ranked[count:]
    last, middle = rest[::-1][:count], rest[: max(len(rest) - count, 0)]
    # The middle of all, not of what is left: the two are the same where both ends gave `count`.
    begin = max((len(middle) - count) // 2, 0)
    return first, middle[begin : begin + count], last
