"""Tables of the pictures that compression costs most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.rows import by_column
from jpegproof.analysis.worst import WorstPicture
from jpegproof.reports.metrics import Metric, find_metric
from jpegproof.reports.names import edge_label, plain


@dataclass(frozen=True, slots=True)
class WorstLine:
    """One picture.

    Attributes:
        name: as the data set calls it.
        loss: what JPEG without a cure costs it, in the metric's unit; positive where it does harm.
        original: its score on the original.
        values: its score along each edge; None where it could not be used.
    """

    name: str
    loss: float | None
    original: float | None
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class WorstTable:
    """The pictures of one model that lose most at one quality, the worst first.

    Attributes:
        caption: one line that says what the numbers are.
        heads: the edges.
        lines: one per picture.
        decimals: that the numbers are shown with.
    """

    caption: str
    heads: tuple[str, ...]
    lines: tuple[WorstLine, ...]
    decimals: int


def build_worst_tables(rows: Sequence[WorstPicture]) -> list[WorstTable]:
    """One table per data set and model, in the order of the rows.

    Args:
        rows: of ``worst_pictures.csv``.
    """
    tables = []
    for (dataset, model), own in by_column(rows, "dataset", "model").items():
        compressed = [row for row in own if row.quality is not None]
        if not compressed:
            continue
        edges = list(by_column(compressed, "mitigation", "corrector"))
        names = [mitigation for mitigation, _ in edges]
        metric, quality = find_metric(own[0].metric), compressed[0].quality
        tables.append(
            WorstTable(
                caption=f"{metric.axis} of the pictures that lose most at quality {quality}: {plain(model)} on "
                f"{plain(dataset)}",
                heads=tuple(edge_label(edge[0], edge[1], names.count(edge[0]) > 1) for edge in edges),
                lines=tuple(
                    _line(picture, found, edges, metric) for (picture,), found in by_column(own, "picture").items()
                ),
                decimals=1 if metric.is_percentage else 2,
            )
        )
    return tables


def _line(picture: str, rows: Sequence[WorstPicture], edges: Sequence[tuple[str, str]], metric: Metric) -> WorstLine:
    original = next((row.value for row in rows if row.quality is None), None)
    values = {(row.mitigation, row.corrector): row.value for row in rows if row.quality is not None}
    untreated = next((value for (mitigation, _), value in values.items() if mitigation == "none"), None)
    loss = None if original is None or untreated is None else original - untreated
    if loss is not None and metric.higher_is_better is False:
        loss = -loss
    return WorstLine(plain(picture), loss, original, tuple(values.get(edge) for edge in edges))
