"""The tables of the originals' own qualities, beside the measured ones."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.originals import OriginalRow, SweepRow
from jpegproof.reports.names import plain
from jpegproof.reports.plain_tables import PlainTable

#: Bars of the histogram are so many letters long at most.
_WIDEST = 30


def build_original_tables(rows: Sequence[OriginalRow], sweep: Sequence[SweepRow]) -> list[PlainTable]:
    """Two tables for each data set: a histogram, and how many originals are coarser than each measured quality.

    Args:
        rows: of ``originals.csv``.
        sweep: of ``originals_sweep.csv``; empty where no original is a JPEG, and then there are no tables.
    """
    tables = []
    for dataset in dict.fromkeys(row.dataset for row in sweep):
        own = [row for row in rows if row.dataset == dataset]
        most = max(row.pictures for row in own)
        bars = tuple((_kind(row), _bar(row.pictures / most), f"{row.pictures:,}") for row in own)
        name = plain(dataset)
        heads = ("File", "", "Pictures")
        tables.append(PlainTable(f"Files of {name} as they are stored", heads, bars, text=2))
        shares = tuple((str(row.quality), f"{row.share:.1f}") for row in sweep if row.dataset == dataset)
        heads = ("Measured quality", "Originals of that quality or a lower one (%)")
        caption = f"Originals of {name} that were no better than what is measured"
        tables.append(PlainTable(caption, heads, shares, text=0))
    return tables


def _kind(row: OriginalRow) -> str:
    return row.format if row.quality is None else f"{row.format}, quality {row.quality}"


def _bar(share: float) -> str:
    return "█" * max(round(_WIDEST * share), 1)
