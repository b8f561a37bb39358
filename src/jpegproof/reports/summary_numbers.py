"""The numbers that a summary puts into words: what JPEG costs a model, and what a cure gives back."""

from __future__ import annotations

from dataclasses import dataclass

from jpegproof.reports.paired import ORIGINALS, Difference, PairedDifferences, Scope
from jpegproof.reports.tables import Cell, ModelBlock, Table, TableRow


@dataclass(frozen=True, slots=True)
class Loss:
    """What an untreated model loses at one quality.

    Attributes:
        quality: libjpeg quality.
        score: the metric at that quality.
        loss: reference minus score, in the metric's unit; positive where compression hurts.
        paired: the same loss compared picture by picture, where the study did so; it is what the words say then.
    """

    quality: int
    score: Cell
    loss: float
    paired: Difference | None

    @property
    def told(self) -> float:
        """The number that the words say."""
        return self.paired.value if self.paired else self.loss


@dataclass(frozen=True, slots=True)
class Gain:
    """What a cure gives back at one quality.

    Attributes:
        label: the cure's display name.
        quality: libjpeg quality; ``None`` where nothing is known of the cure yet.
        gain: the cure's score minus the untreated one, in the metric's unit; ``None`` where either is missing.
        paired: the same compared picture by picture, where the study did so; it is what the words say then.
    """

    label: str
    quality: int | None
    gain: float | None
    paired: Difference | None

    @property
    def told(self) -> float | None:
        """The number that the words say."""
        return self.paired.value if self.paired else self.gain


@dataclass(frozen=True, slots=True)
class Measured:
    """One model of a table of values, with what was compared picture by picture."""

    table: Table
    block: ModelBlock
    comparisons: PairedDifferences

    @property
    def untreated(self) -> TableRow | None:
        """The row without a cure."""
        return next((row for row in self.block.rows if row.mitigation == "none"), None)

    @property
    def cures(self) -> list[TableRow]:
        """The rows with one."""
        return [row for row in self.block.rows if row is not self.untreated]

    @property
    def known(self) -> dict[int, Cell]:
        """The untreated numbers by quality, ascending; none where the originals are not known."""
        if self.untreated is None or self.block.reference.value is None:
            return {}
        cells = zip(self.table.columns, self.untreated.cells, strict=True)
        return {quality: cell for quality, cell in cells if quality is not None and cell.value is not None}

    def loss_at(self, quality: int) -> Loss:
        """What is lost without a cure.

        Args:
            quality: one of `known`.
        """
        cell, untreated = self.known[quality], self.untreated
        loss = (self.block.reference.value or 0.0) - (cell.value or 0.0)
        paired = untreated and self.comparisons.find(self._scope, quality, untreated.edge, ORIGINALS)
        return Loss(quality, cell, loss, paired or None)

    def gain_at(self, row: TableRow, quality: int) -> Gain:
        """What a cure gives back, as far as it is known.

        Args:
            row: one of `cures`.
            quality: one of the table's.
        """
        if self.untreated is None:
            return Gain(row.label, quality, None, None)
        place = self.table.columns.index(quality)
        own, without = row.cells[place].value, self.untreated.cells[place].value
        gain = None if own is None or without is None else own - without
        paired = self.comparisons.find(self._scope, quality, self.untreated.edge, row.edge)
        return Gain(row.label, quality, gain, paired)

    @property
    def _scope(self) -> Scope:
        return self.table.key.scope(self.block.model)
