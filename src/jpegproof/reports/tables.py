"""The tables of a report as data, laid out like Tables 1 to 4 of the paper: models, mitigations, qualities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from jpegproof.analysis.rows import Result, by_column
from jpegproof.reports.metrics import AGREEMENTS, Metric, find_metric
from jpegproof.reports.names import edge_label, edge_rank, plain, setting_label
from jpegproof.reports.paired import ORIGINALS, Edge, PairedDifferences, Scope

DASH = "–"
"""What stands where there is no number."""


BITS_PER_PIXEL = "Bits per pixel"
"""The head of the line that says how large the files of each column are."""


class Mark(StrEnum):
    """How a cell stands among those of its model at its quality."""

    PLAIN = ""
    BEST = "best"
    SECOND = "second"


class Quantity(StrEnum):
    """What the cells of a table say."""

    VALUE = "value"
    LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a table in the metric's unit, with its 95 % interval; ``None`` is what is not known.

    ``is_exact`` is for what holds by definition: a model agrees with itself, whatever the pictures.
    """

    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int = 0
    bytes_per_image: float | None = None
    mark: Mark = Mark.PLAIN
    is_exact: bool = False
    bits_per_pixel: float | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One edge of a model: one cell per column of the table."""

    mitigation: str
    corrector: str
    label: str
    cells: tuple[Cell, ...]

    @property
    def edge(self) -> Edge:
        return (self.mitigation, self.corrector)


@dataclass(frozen=True, slots=True)
class ModelBlock:
    """The rows of one model. ``reference`` is its number on the originals, without a mitigation."""

    model: str
    reference: Cell
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class TableKey:
    """What all numbers of a table have in common; the fields of ``Result`` by the same names."""

    task: str
    dataset: str
    slice: str
    metric: str
    codec: str
    subsampling: str
    chain: str
    stage: str

    def scope(self, model: str) -> Scope:
        """Where the comparisons of one of its models are found."""
        setting = (self.codec, self.subsampling, self.chain, self.stage)
        return (self.task, self.dataset, self.slice, model, self.metric, *setting)


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        key: what its numbers have in common.
        quantity: the metric itself, or what is lost of it: the reference minus the value.
        columns: qualities, ascending; ``None`` stands for the originals and comes last, where a mitigation was
            measured on them too or nothing else was measured.
        blocks: one per model.
        decimals: digits behind the point that the numbers are shown with.
        block: how many pictures that follow each other were resampled together for the intervals.
    """

    key: TableKey
    quantity: Quantity
    columns: tuple[int | None, ...]
    blocks: tuple[ModelBlock, ...]
    decimals: int
    block: int = 1

    @property
    def metric(self) -> Metric:
        return find_metric(self.key.metric)

    @property
    def qualities(self) -> list[int]:
        return [quality for quality in self.columns if quality is not None]

    @property
    def bits_per_pixel(self) -> tuple[float | None, ...]:
        """Of the compressed files, column by column; None for the originals and where it is not known."""
        rows = [row.cells for block in self.blocks for row in block.rows]
        columns = (
            [cell.bits_per_pixel for cell in cells if cell.bits_per_pixel is not None]
            for cells in zip(*rows, strict=True)
        )
        # Files are the same along every edge; where edges leave out different pictures, the first one's stand for all.
        return tuple(found[0] if found else None for found in columns)

    @property
    def subject(self) -> str:
        """The data set, with its slice where it is not the whole."""
        part = "" if self.key.slice in ("", "all") else f", slice {plain(self.key.slice)}"
        return f"{plain(self.key.dataset)}{part}"

    @property
    def setting(self) -> str:
        return setting_label(self.key.codec, self.key.subsampling, self.key.chain, self.key.stage)

    @property
    def caption(self) -> str:
        """One line that says what the numbers are."""
        after = f"; {self.setting}" if self.setting else ""
        return f"{self.axis}: {plain(self.key.task)} on {self.subject}{after}{block_clause(self.block)}"

    @property
    def axis(self) -> str:
        """What the numbers are, with their unit."""
        return self.metric.loss_axis if self.quantity is Quantity.LOSS else self.metric.axis


def block_clause(block: int) -> str:
    """What a caption adds where pictures were resampled in blocks; empty where one by one."""
    return f"; intervals over blocks of {block} pictures" if block > 1 else ""


def format_number(value: float | None, decimals: int) -> str:
    """A number with a fixed count of decimals, never ``-0.0``; a dash for ``None``."""
    if value is None:
        return DASH
    shown = f"{value:.{decimals}f}"
    return shown.removeprefix("-") if float(shown) == 0 else shown


def column_label(quality: int | None) -> str:
    """The head of a column: the quality, or ``original``."""
    return "original" if quality is None else str(quality)


def model_label(block: ModelBlock, decimals: int) -> str:
    """A model's name with its reference value, as in ``squeezenet1_1 (60.0)``."""
    if block.reference.value is None:
        return plain(block.model)
    return f"{plain(block.model)} ({format_number(block.reference.value, decimals)})"


def build_tables(results: Sequence[Result]) -> list[Table]:
    """The tables of a study's numbers: one per task, data set, slice, metric and compression setting.

    Where two rows say the same thing of the same edge at the same compression, the later one counts.

    Args:
        results: rows of ``results.csv`` in any order.

    Returns:
        Tables in the order in which their rows first appear.
    """
    tables = []
    for (task, dataset, part, metric), rows in by_column(results, "task", "dataset", "slice", "metric").items():
        compressed = [row for row in rows if row.quality is not None]
        settings = list(by_column(compressed, "codec", "subsampling", "chain", "stage")) or [("", "", "", "")]
        for setting in settings:
            tables.append(_table(TableKey(task, dataset, part, metric, *setting), rows))
    return tables


def build_loss_table(table: Table, comparisons: PairedDifferences) -> Table | None:
    """What is lost against the originals, from a table of values.

    Args:
        table: a table of values.
        comparisons: an interval is given where the loss was compared picture by picture, or where the reference is
            known without measuring (agreement); there is none otherwise, since the intervals of two numbers do not
            make one of their difference.

    Returns:
        A table of the same shape, or ``None`` where no loss can be computed or the metric is itself a loss.
    """
    if table.metric.higher_is_better is False:
        return None
    key = table.key
    blocks = []
    for block in table.blocks:
        scope = key.scope(block.model)
        rows = []
        for row in block.rows:
            cells = []
            for quality, cell in zip(table.columns, row.cells, strict=True):
                if cell.value is None or block.reference.value is None:
                    cells.append(Cell(n=cell.n, bits_per_pixel=cell.bits_per_pixel))
                    continue
                paired = comparisons.find(scope, quality, row.edge, ORIGINALS)
                interval = (paired.ci_low, paired.ci_high) if paired else _exact_interval(block.reference, cell)
                # The paired value where there is one: it is what the summary says, to the last digit.
                loss = paired.value if paired and paired.n == cell.n else block.reference.value - cell.value
                cells.append(Cell(loss, *interval, cell.n, bits_per_pixel=cell.bits_per_pixel))
            rows.append(replace(row, cells=tuple(cells)))
        blocks.append(replace(block, rows=tuple(rows)))
    if all(cell.value is None for block in blocks for row in block.rows for cell in row.cells):
        return None
    better = None if table.metric.higher_is_better is None else False
    marked = tuple(replace(block, rows=_marked(block.rows, better, table.decimals)) for block in blocks)
    return replace(table, quantity=Quantity.LOSS, blocks=marked)


def _table(key: TableKey, rows: Sequence[Result]) -> Table:
    setting = (key.codec, key.subsampling, key.chain, key.stage)
    belongs = [row for row in rows if row.quality is None or _setting(row) == setting]
    # An edge that was compressed under other settings only has no place in this table, though its originals match.
    elsewhere = {(row.model, row.mitigation, row.corrector) for row in rows if row.quality is not None}
    elsewhere -= {(row.model, row.mitigation, row.corrector) for row in belongs if row.quality is not None}

    shown = [row for row in belongs if (row.model, row.mitigation, row.corrector) not in elsewhere]
    qualities = sorted({row.quality for row in shown if row.quality is not None})
    cured_originals = any(row.quality is None and row.mitigation != "none" for row in shown)
    columns = (*qualities, None) if cured_originals or not qualities else tuple(qualities)
    better = find_metric(key.metric).higher_is_better
    decimals = _decimals(shown, find_metric(key.metric))

    blocks = []
    for (model,), own in by_column(shown, "model").items():
        originals = [row for row in belongs if row.model == model and row.quality is None and row.mitigation == "none"]
        edges = by_column(sorted(own, key=edge_rank), "mitigation", "corrector")
        mitigations = [mitigation for mitigation, _ in edges]
        table_rows = []
        for (mitigation, corrector), numbers in edges.items():
            by_quality = {row.quality: _cell(row) for row in numbers}
            label = edge_label(mitigation, corrector, mitigations.count(mitigation) > 1)
            cells = tuple(by_quality.get(quality, Cell()) for quality in columns)
            table_rows.append(TableRow(mitigation, corrector, label, cells))
        # What agreement starts from needs no row.
        assumed = Cell(100.0, n=own[0].n, is_exact=True) if key.metric in AGREEMENTS else Cell()
        reference = _cell(originals[-1]) if originals else assumed
        blocks.append(ModelBlock(model, reference, _marked(tuple(table_rows), better, decimals)))
    return Table(key, Quantity.VALUE, columns, tuple(blocks), decimals)


def _exact_interval(reference: Cell, cell: Cell) -> tuple[float | None, float | None]:
    """Of a loss from a reference that is no estimate, such as a model's agreement with itself."""
    if reference.value is None or not reference.is_exact:
        return None, None
    if cell.ci_low is None or cell.ci_high is None:
        return None, None
    return reference.value - cell.ci_high, reference.value - cell.ci_low


def _setting(row: Result) -> tuple[str, str, str, str]:
    return (row.codec, row.subsampling, row.chain, row.stage)


def _cell(row: Result) -> Cell:
    if row.value is None or not math.isfinite(row.value):
        return Cell(n=row.n, bytes_per_image=row.bytes_per_image, bits_per_pixel=row.bits_per_pixel)
    return Cell(row.value, row.ci_low, row.ci_high, row.n, row.bytes_per_image, bits_per_pixel=row.bits_per_pixel)


def _decimals(rows: Sequence[Result], metric: Metric) -> int:
    """One decimal of a percentage is enough until a picture is worth less than a hundredth of a point."""
    if metric.decimals is not None:
        return metric.decimals
    if metric.is_percentage:
        return 2 if max((row.n for row in rows), default=0) >= 10_000 else 1
    largest = max((abs(row.value) for row in rows if row.value is not None), default=0.0)
    return 1 if largest >= 100 else 2 if largest >= 1 else 4


def _marked(rows: tuple[TableRow, ...], higher_is_better: bool | None, decimals: int) -> tuple[TableRow, ...]:
    """Marks the best and the second best of each column, as shown: what looks equal is marked alike."""
    if higher_is_better is None or not rows:
        return rows
    columns = []
    for column in zip(*(row.cells for row in rows), strict=True):
        shown = [None if cell.value is None else float(format_number(cell.value, decimals)) for cell in column]
        ranks = sorted({number for number in shown if number is not None}, reverse=higher_is_better)
        contested = sum(number is not None for number in shown) >= 2
        marks = dict(zip(ranks, (Mark.BEST, Mark.SECOND), strict=False)) if contested else {}
        columns.append(
            [
                replace(cell, mark=Mark.PLAIN if number is None else marks.get(number, Mark.PLAIN))
                for cell, number in zip(column, shown, strict=True)
            ]
        )
    return tuple(replace(row, cells=tuple(cells)) for row, cells in zip(rows, zip(*columns, strict=True), strict=True))
