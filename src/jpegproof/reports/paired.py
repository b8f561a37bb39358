"""Finds the paired comparison that belongs to a number of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jpegproof.analysis.rows import Comparison
from jpegproof.reports.names import REFERENCE

Edge = tuple[str, str]
"""(mitigation, corrector)"""

Scope = tuple[str, str, str, str, str, str, str, str, str]
"""(task, dataset, slice, model, metric, codec, subsampling, chain, stage)"""

ORIGINALS: Edge = (REFERENCE, "")


@dataclass(frozen=True, slots=True)
class Difference:
    """``second - first`` over the same pictures, in the metric's unit, with its 95 % interval."""

    value: float
    ci_low: float
    ci_high: float
    n: int

    @property
    def is_told_apart_from_zero(self) -> bool:
        return self.ci_low > 0 or self.ci_high < 0

    def negated(self) -> Difference:
        """The same comparison seen from the other side."""
        return Difference(-self.value, -self.ci_high, -self.ci_low, self.n)


class PairedDifferences:
    """The comparisons of a study, found by what they compare."""

    def __init__(self, comparisons: Iterable[Comparison]) -> None:
        self._found: dict[tuple[Scope, int | None, Edge, Edge], Difference] = {}
        for row in comparisons:
            first = _edge(row.first_mitigation, row.first_corrector)
            second = _edge(row.second_mitigation, row.second_corrector)
            difference = Difference(row.difference, row.ci_low, row.ci_high, row.n)
            self._found[_scope(row), row.quality, first, second] = difference

    def find(self, scope: Scope, quality: int | None, first: Edge, second: Edge) -> Difference | None:
        """``second - first`` at a quality, whichever way round the study compared them; ``None`` where it did not.

        Args:
            scope: what both numbers have in common, see ``Scope``.
            quality: the quality that was compared.
            first: (mitigation, corrector), or ``ORIGINALS``.
            second: the same.
        """
        found = self._found.get((scope, quality, first, second))
        if found is None and (turned := self._found.get((scope, quality, second, first))):
            found = turned.negated()
        return found


def _scope(row: Comparison) -> Scope:
    setting = (row.codec, row.subsampling, row.chain, row.stage)
    return (row.task, row.dataset, row.slice, row.model, row.metric, *setting)


def _edge(mitigation: str, corrector: str) -> Edge:
    return ORIGINALS if mitigation == REFERENCE else (mitigation, corrector)
