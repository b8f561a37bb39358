"""The table of the originals' own qualities, beside the measured ones."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.originals import OriginalRow, SweepRow
from jpegproof.reports.markdown import escape_markdown
from jpegproof.reports.names import plain

#: Bars of the histogram are so many letters long at most.
_WIDEST = 30


def originals_markdown(rows: Sequence[OriginalRow], sweep: Sequence[SweepRow]) -> str:
    """A histogram for each data set, and how many originals are coarser than each measured quality.

    Args:
        rows: of ``originals.csv``.
        sweep: of ``originals_sweep.csv``.

    Returns:
        GitHub-flavoured Markdown that ends in a newline; empty where no original is a JPEG.
    """
    parts = []
    for dataset in dict.fromkeys(row.dataset for row in sweep):
        own = [row for row in rows if row.dataset == dataset]
        most = max(row.pictures for row in own)
        lines = [
            f"**{escape_markdown(f'Files of {plain(dataset)} as they are stored')}**",
            "",
            "| File | Pictures | |",
            "| --- | ---: | --- |",
        ]
        for row in own:
            kind = row.format if row.quality is None else f"{row.format}, quality {row.quality}"
            bar = "█" * max(round(_WIDEST * row.pictures / most), 1)
            lines.append(f"| {escape_markdown(kind)} | {row.pictures:,} | {bar} |")
        lines += ["", "| Measured quality | Originals of that quality or a lower one (%) |", "| ---: | ---: |"]
        lines += [f"| {row.quality} | {row.share:.1f} |" for row in sweep if row.dataset == dataset]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
