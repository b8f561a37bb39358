"""Correctors trained through one model or several in front of others: laid out like Table 5 of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jpegproof.analysis.rows import Result, by_column
from jpegproof.paper.row_names import SAME_ROWS, paper_row
from jpegproof.reports.metrics import find_metric, headline_metric
from jpegproof.reports.names import plain
from jpegproof.reports.paper_labels import paper_row_label
from jpegproof.reports.tables import Cell, Mark, format_number

#: The paper's columns.
QUALITIES = (10, 20, 30, 40, 50)

#: The paper's order of rows; the others follow by how many models their correctors were trained through.
_ORDER = ("none", "off_the_shelf", "supervised_fine_tuning", "task_targeted")


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """The columns of one model.

    Attributes:
        model: its name in the study.
        task, dataset, metric: as in ``results.csv``.
        reference: the number on the originals.
    """

    model: str
    task: str
    dataset: str
    metric: str
    reference: Cell

    @property
    def label(self) -> str:
        """As ``ResNet-50, top-1 accuracy (75.3)``."""
        known = "" if self.reference.value is None else f" ({format_number(self.reference.value, 1)})"
        return f"{plain(self.model)}, {find_metric(self.metric).inline_label}{known}"


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One row: its key, its display name, and per model one cell per quality; empty where there is none.

    Attributes:
        row: as in the paper's data: ``none``, ``transfer_resnet18``, ``multihead_three``.
        label: its display name.
        cells: [group][quality].
    """

    row: str
    label: str
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class TransferTable:
    """Rows of cures, columns of models and qualities; the best and the second best of each column are marked.

    ``decimals`` are those that the numbers are shown with.
    """

    groups: tuple[ColumnGroup, ...]
    qualities: tuple[int, ...]
    rows: tuple[TransferRow, ...]
    decimals: int

    @property
    def caption(self) -> str:
        """One line that says what the numbers are."""
        return (
            "Transfer and multihead: each model's metric (%) at JPEG quality, by what the corrector was trained through"
        )


def build_transfer_table(
    results: Sequence[Result],
    sources: Mapping[str, str],
    trained_through: Mapping[str, Sequence[str]],
    qualities: Sequence[int] = QUALITIES,
) -> TransferTable | None:
    """One table of all models for which there is a row of transfer or multihead, whatever their tasks.

    Args:
        results: rows of ``results.csv``, of one study or of several whose models have different names.
        sources: by a model's name where it comes from.
        trained_through: by a corrector's name the models that it was trained through.
        qualities: the columns; those that were measured of them.

    Returns:
        None where no model has such a row.
    """
    whole = [row for row in results if row.slice in ("", "all") and not row.chain]
    groups: list[ColumnGroup] = []
    found: list[dict[tuple[str, str], dict[int, Cell]]] = []
    labels: dict[str, str] = {}
    order: dict[str, tuple[int, int]] = {}
    for (model,), own in by_column(whole, "model").items():
        metric = headline_metric(list(dict.fromkeys(row.metric for row in own)))
        rows = _first_setting([row for row in own if row.metric == metric])
        named = _rows_of(rows, sources, trained_through)
        if not any(key[0] not in SAME_ROWS for key in named):
            continue
        original = next((row for row in rows if row.quality is None and row.mitigation == "none"), None)
        groups.append(ColumnGroup(model, rows[0].task, rows[0].dataset, str(metric), _cell(original)))
        found.append(named)
        for row, corrector in named:
            through = trained_through.get(corrector, ())
            place = _ORDER.index(row) if row in _ORDER else len(_ORDER)
            order.setdefault(row, (place, 0 if row in _ORDER else len(through)))
            labels.setdefault(row, paper_row_label(row, through[0] if len(through) == 1 else ""))
    if not groups:
        return None
    measured = {quality for named in found for cells in named.values() for quality in cells}
    shown = tuple(quality for quality in qualities if quality in measured) or tuple(sorted(measured))
    ordered = {row: labels[row] for row in sorted(labels, key=lambda row: order[row])}
    most = max(cell.n for named in found for cells in named.values() for cell in cells.values())
    decimals = 2 if most >= 10_000 else 1
    return TransferTable(tuple(groups), shown, _marked(_aligned(found, ordered, shown), decimals), decimals)


def _first_setting(rows: Sequence[Result]) -> list[Result]:
    """The originals, and what was compressed as the first compressed row was."""
    first = next(((row.subsampling, row.stage) for row in rows if row.quality is not None), None)
    return [row for row in rows if row.quality is None or (row.subsampling, row.stage) == first]


def _rows_of(
    rows: Sequence[Result], sources: Mapping[str, str], trained_through: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], dict[int, Cell]]:
    """By (the paper's row, corrector) the cell of each quality."""
    named: dict[tuple[str, str], dict[int, Cell]] = {}
    for row in rows:
        name = paper_row(row.mitigation, row.corrector, trained_through, sources)
        if name is not None and row.quality is not None:
            named.setdefault((name, row.corrector), {})[row.quality] = _cell(row)
    return named


def _aligned(
    found: Sequence[Mapping[tuple[str, str], Mapping[int, Cell]]], labels: Mapping[str, str], qualities: Sequence[int]
) -> list[TransferRow]:
    """Rows across models: by their kind alone, since each model has correctors of its own; by their correctors too,
    where one model has several of a kind."""
    rows = []
    for row in labels:
        several = max(sum(key[0] == row for key in named) for named in found) > 1
        correctors = dict.fromkeys(key[1] for named in found for key in named if key[0] == row) if several else [None]
        for corrector in correctors:
            cells = []
            for named in found:
                own = next((c for key, c in named.items() if key[0] == row and corrector in (None, key[1])), {})
                cells.append(tuple(own.get(quality, Cell()) for quality in qualities))
            label = labels[row] if corrector in (None, "identity") else f"{labels[row]} ({plain(str(corrector))})"
            rows.append(TransferRow(row, label, tuple(cells)))
    return rows


def _marked(rows: Sequence[TransferRow], decimals: int) -> tuple[TransferRow, ...]:
    """Marks the best and the second best of each column, as shown: what looks equal is marked alike."""

    def shown(cell: Cell) -> float | None:
        return None if cell.value is None else float(format_number(cell.value, decimals))

    columns = []
    for column in zip(*([cell for cells in row.cells for cell in cells] for row in rows), strict=True):
        known = [number for number in map(shown, column) if number is not None]
        ranks = sorted(set(known), reverse=True) if len(known) > 1 else []
        marks: dict[float | None, Mark] = dict(zip(ranks, (Mark.BEST, Mark.SECOND), strict=False))
        columns.append([replace(cell, mark=marks.get(shown(cell), Mark.PLAIN)) for cell in column])
    marked = []
    for row, cells in zip(rows, zip(*columns, strict=True), strict=True):
        rest = iter(cells)
        marked.append(replace(row, cells=tuple(tuple(next(rest) for _ in group) for group in row.cells)))
    return tuple(marked)


def _cell(row: Result | None) -> Cell:
    return Cell() if row is None else Cell(row.value, row.ci_low, row.ci_high, row.n)
