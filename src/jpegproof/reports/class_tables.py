"""Tables of the classes that compression costs most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.rows import Comparison, Result, by_column
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import edge_label, edge_rank, plain, setting_label
from jpegproof.reports.paired import ORIGINALS, Difference, PairedDifferences
from jpegproof.reports.tables import Cell

#: How many classes a table shows; all of them are in ``classes.csv``.
SHOWN_CLASSES = 10

#: Classes that fewer pictures hold are left to ``classes.csv`` while there are others: chance would put them first.
FEWEST_PICTURES = 5


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class.

    Attributes:
        name: as the data set calls it.
        pictures: how many hold it.
        original: its number on the originals.
        loss: what JPEG without a cure costs it, in the metric's unit.
        paired: the same picture by picture, with its interval; None where that has none.
        cells: its number along each edge.
    """

    name: str
    pictures: int
    original: Cell
    loss: float
    paired: Difference | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ClassTable:
    """The classes of one model that lose most at the lowest quality, the worst first.

    Attributes:
        caption: one line that says what the numbers are.
        quality: the lowest that was measured without a cure.
        classes: how many there are to choose from.
        fewest: the pictures that hold each of these, at least.
        heads: the edges.
        rows: at most `SHOWN_CLASSES`.
    """

    caption: str
    quality: int
    classes: int
    fewest: int
    heads: tuple[str, ...]
    rows: tuple[ClassRow, ...]


def build_class_tables(classes: Sequence[Result], comparisons: Sequence[Comparison]) -> list[ClassTable]:
    """One table per task, data set, model, metric and compression setting in which something is lost.

    Args:
        classes: the rows of ``classes.csv``, whose slice is the class.
        comparisons: the rows of ``classes_comparisons.csv``.
    """
    paired = PairedDifferences(comparisons)
    tables = []
    for key, rows in by_column(classes, "task", "dataset", "model", "metric").items():
        task, dataset, model, metric = key
        compressed = [row for row in rows if row.quality is not None]
        originals = {row.slice: row for row in rows if row.quality is None and row.mitigation == "none"}
        for setting, own in by_column(compressed, "codec", "subsampling", "chain", "stage").items():
            untreated = [row for row in own if row.mitigation == "none"]
            if not untreated or not originals:
                continue
            quality = min(row.quality for row in untreated)
            edges = by_column(
                sorted((row for row in own if row.quality == quality), key=edge_rank), "mitigation", "corrector"
            )
            found = {edge: {row.slice: row for row in results} for edge, results in edges.items()}
            shown = [
                _row(name, original, found, paired.find((*key[:2], name, *key[2:], *setting), quality, edge, ORIGINALS))
                for edge in [(untreated[0].mitigation, untreated[0].corrector)]
                for name, original in originals.items()
                if original.value is not None and _value(found[edge], name) is not None
            ]
            held = [row for row in shown if row.pictures >= FEWEST_PICTURES]
            names = [mitigation for mitigation, _ in edges]
            what = find_metric(metric)
            tables.append(
                ClassTable(
                    f"{what.label} of the classes that lose most at quality {quality}: {plain(model)}, {plain(task)} "
                    f"on {plain(dataset)}; {setting_label(*setting)}",
                    quality,
                    len(held or shown),
                    FEWEST_PICTURES if held else 1,
                    tuple(edge_label(edge[0], edge[1], names.count(edge[0]) > 1) for edge in edges),
                    tuple(sorted(held or shown, key=lambda row: -row.loss)[:SHOWN_CLASSES]),
                )
            )
    return tables


def _row(
    name: str, original: Result, found: dict[tuple[str, str], dict[str, Result]], paired: Difference | None
) -> ClassRow:
    without = next(results for (mitigation, _), results in found.items() if mitigation == "none")
    loss = (original.value or 0.0) - (_value(without, name) or 0.0)
    cells = tuple(_cell(results.get(name)) for results in found.values())
    return ClassRow(plain(name), original.n, _cell(original), paired.value if paired else loss, paired, cells)


def _value(results: dict[str, Result], name: str) -> float | None:
    return results[name].value if name in results else None


def _cell(row: Result | None) -> Cell:
    return Cell() if row is None else Cell(row.value, row.ci_low, row.ci_high, row.n)
