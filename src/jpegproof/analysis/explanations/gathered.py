"""Measures of many pictures, and the means, intervals and paired differences that come of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.explanations.measures import MEASURES
from jpegproof.analysis.explanations.rows import ExplanationComparison, ExplanationRow
from jpegproof.studies.plan import Edge

#: An edge at a quality; None for the originals.
Column = tuple[Edge, int | None]


class Gathered:
    """The measures of some of a data set's pictures.

    Args:
        task: of the model.
        dataset: the data set's name.
        seed: of the bootstrap.
        order: the numbers of all pictures that the study uses, in the order of the data set.
        block: how many that follow each other are resampled together.
    """

    def __init__(self, task: str, dataset: str, seed: int, order: Sequence[int], block: int = 1) -> None:
        self._task, self._dataset, self._seed, self._block = task, dataset, seed, block
        self._place = {number: place for place, number in enumerate(order)}
        self._chosen: set[int] = set()
        self._values: dict[Column, NDArray[np.float64]] = {}

    def add(self, number: int, measured: Mapping[Column, Mapping[str, float]]) -> None:
        """One picture's values by edge, quality and measure; NaN, or nothing at all, where it has none."""
        self._chosen.add(self._place[number])
        for column, values in measured.items():
            table = self._values.setdefault(column, np.full((len(self._place), len(MEASURES)), np.nan))
            table[self._place[number]] = [values.get(measure, np.nan) for measure in MEASURES]

    def rows(self) -> list[ExplanationRow]:
        """One row per edge, quality and measure."""
        return [
            ExplanationRow(
                task=self._task,
                dataset=self._dataset,
                model=edge.model,
                measure=measure,
                mitigation=edge.mitigation,
                corrector=edge.corrector,
                quality=quality,
                value=found.value,
                ci_low=found.low,
                ci_high=found.high,
                n=found.n,
                n_skipped=len(self._chosen) - found.n,
                seed=self._seed,
            )
            for (edge, quality), table in self._values.items()
            for measure, found in zip(MEASURES, self._intervals(table), strict=True)
        ]

    def comparisons(self) -> list[ExplanationComparison]:
        """One row per cure, quality and measure."""
        return [
            ExplanationComparison(
                task=self._task,
                dataset=self._dataset,
                model=edge.model,
                measure=measure,
                mitigation=edge.mitigation,
                corrector=edge.corrector,
                quality=quality,
                difference=found.value,
                ci_low=found.low,
                ci_high=found.high,
                n=found.n,
                seed=self._seed,
            )
            for edge, quality, difference in self._differences()
            for measure, found in zip(MEASURES, self._intervals(difference), strict=True)
        ]

    def _differences(self) -> Iterator[tuple[Edge, int, NDArray[np.float64]]]:
        for (edge, quality), table in self._values.items():
            if quality is None or edge.mitigation == "none":
                continue
            for (other, at), without in self._values.items():
                if other.mitigation == "none" and at == quality:
                    yield edge, quality, table - without

    def _intervals(self, table: NDArray[np.float64]) -> list[Interval]:
        # Of independent pictures only the chosen are drawn; blocks keep their places, since what follows is alike.
        kept = sorted(self._chosen) if self._block == 1 else range(len(self._place))
        return mean_intervals(table[list(kept)], self._seed, block=self._block)
