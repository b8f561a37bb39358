"""Tables of losses, split into what the best cure recovers and what remains: over quality, by size and by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jpegproof.analysis.fixable import FixableRow
from jpegproof.analysis.rows import by_column
from jpegproof.reports.metrics import find_metric, headline_metric
from jpegproof.reports.names import plain, setting_label
from jpegproof.reports.tables import Cell, block_clause

#: How many classes a table shows; all of them are in ``fixable.csv``.
SHOWN_CLASSES = 10

#: Classes that fewer pictures hold are left to ``fixable.csv`` while there are others.
FEWEST_PICTURES = 5


@dataclass(frozen=True, slots=True)
class FixableLine:
    """One loss in the metric's unit, with its parts and their 95 % intervals.

    Attributes:
        label: the quality, the size or the class.
        loss, recovered, remaining: ``recovered`` and ``remaining`` add up to ``loss``.
        chosen: the best cure; both, where the halves of the pictures disagree.
    """

    label: str
    loss: Cell
    recovered: Cell
    remaining: Cell
    chosen: str


@dataclass(frozen=True, slots=True)
class FixableTable:
    """The losses of one model by one metric.

    Attributes:
        model: its display name.
        caption: one line that says what the numbers are.
        axis: what the numbers are, with their unit.
        head: what the lines are: ``Quality``, ``Objects``, ``Class``.
        lines: of qualities ascending; of classes those first of which most remains.
        decimals: that the numbers are shown with.
        subject: what tables of several models have in common that belong in one figure.
    """

    model: str
    caption: str
    axis: str
    head: str
    lines: tuple[FixableLine, ...]
    decimals: int
    subject: tuple[str, ...]

    @property
    def qualities(self) -> bool:
        """Whether the lines are qualities, and can be drawn."""
        return self.head == "Quality"


def build_fixable_tables(rows: Sequence[FixableRow], blocks: Mapping[str, int] | None = None) -> list[FixableTable]:
    """Per model and compression setting: the losses over quality and, at the lowest, by size and by class.

    Of the metrics those that a summary would speak of; of single saves, since the saves of a chain are no scale.

    Args:
        rows: of ``fixable.csv``.
        blocks: as in `StudyRecord`.
    """
    tables = []
    single = [row for row in rows if not row.chain]
    for key, own in by_column(single, "task", "dataset", "model", "codec", "subsampling", "chain", "stage").items():
        of_all = by_column([row for row in own if row.by == "all"], "metric")
        metrics: list[str] = [str(metric) for (metric,) in of_all]
        headline = headline_metric(metrics)
        shown = [metric for metric in metrics if metric in (headline, "mask_mAP")]
        lowest = min((row.quality for row in own if row.quality is not None), default=None)
        at_lowest = [row for row in own if row.quality == lowest and row.by != "all"]
        for metric in shown:
            ascending = sorted(of_all[metric,], key=lambda row: row.quality or 0)
            tables.append(_table(key, metric, "Quality", ascending, blocks))
        for before in dict.fromkeys("mask_" if metric.startswith("mask_") else "" for metric in shown):
            sizes = [row for row in at_lowest if row.by == "size" and row.metric.startswith(f"{before}mAP_")]
            if sizes and f"{before}mAP" in shown:
                tables.append(_table(key, f"{before}mAP", "Objects", sizes, blocks))
        for (metric,), classes in by_column([row for row in at_lowest if row.by == "class"], "metric").items():
            tables.append(_table(key, metric, "Class", _worst(classes), blocks))
    return tables


def _worst(classes: Sequence[FixableRow]) -> list[FixableRow]:
    held = [row for row in classes if row.n >= FEWEST_PICTURES]
    return sorted(held or classes, key=lambda row: -row.remaining)[:SHOWN_CLASSES]


def _table(
    key: tuple[str, ...], metric: str, head: str, rows: Sequence[FixableRow], blocks: Mapping[str, int] | None
) -> FixableTable:
    task, dataset, model, *setting = key
    what = find_metric(metric)
    at = "" if head == "Quality" else f" at quality {rows[0].quality}"
    of = {"Objects": " by size of objects", "Class": " of the classes of which most remains"}.get(head, "")
    caption = (
        f"{what.loss_axis}{of}{at}: {plain(model)}, {plain(task)} on {plain(dataset)}; {setting_label(*setting)}"
        f"{block_clause((blocks or {}).get(dataset, 1))}"
    )
    decimals = 1 if what.is_percentage else 2
    lines = tuple(_line(row, _label(row, head)) for row in rows)
    return FixableTable(plain(model), caption, what.loss_axis, head, lines, decimals, (task, dataset, metric, *setting))


def _label(row: FixableRow, head: str) -> str:
    if head == "Quality":
        return str(row.quality)
    return row.metric.rpartition("_")[2] if head == "Objects" else plain(row.slice)


def _line(row: FixableRow, label: str) -> FixableLine:
    chosen = dict.fromkeys((row.chosen_first, row.chosen_second))
    return FixableLine(
        label,
        Cell(row.loss, row.loss_low, row.loss_high, row.n),
        Cell(row.recovered, row.recovered_low, row.recovered_high, row.n),
        Cell(row.remaining, row.remaining_low, row.remaining_high, row.n),
        " / ".join(plain(name) for name in chosen),
    )
