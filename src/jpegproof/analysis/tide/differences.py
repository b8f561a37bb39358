"""How much more or less each kind of fault costs along one edge than along another, in the same resamples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jpegproof.analysis.tide.columns import ERRORS, ColumnCosts, compared, interval_ends
from jpegproof.analysis.tide.rows import ErrorComparison
from jpegproof.studies.plan import Plan

#: What the first edge of a comparison with the originals is called.
_REFERENCE = ("reference", "")


def comparisons_of(plan: Plan, columns: Sequence[ColumnCosts]) -> Iterator[ErrorComparison]:
    """Each column of a model against the originals, and each cure against none at the same compression.

    Only pictures that count for both are compared. Where there are no intervals, there are no comparisons.

    Args:
        plan: of the study.
        columns: of one model and one kind.
    """
    by_place = {column.place: column for column in columns}
    for one, other in compared(plan, columns[0].scope["model"], list(by_place)) if columns else ():
        first, second = by_place[one], by_place[other]
        counted = first.usable & second.usable
        difference = second.drawn[counted.tobytes()] - first.drawn[counted.tobytes()]
        ends = interval_ends(difference)
        if ends is None:
            continue
        before, after = plan.edges[one[0]], plan.edges[other[0]]
        is_original = plan.compressions[one[1]].is_original
        named = _REFERENCE if is_original else (before.mitigation, before.corrector)
        for number, error in enumerate(ERRORS):
            yield ErrorComparison(
                **second.scope,
                error=error,
                first_mitigation=named[0],
                first_corrector=named[1],
                second_mitigation=after.mitigation,
                second_corrector=after.corrector,
                difference=float(difference[0, number]),
                ci_low=float(ends[0][number]),
                ci_high=float(ends[1][number]),
                n=int(counted.sum()),
            )
