"""Tables of other codecs against JPEG at equal bytes."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.codecs import CodecRow
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import codec_label, edge_label, plain
from jpegproof.reports.plain_tables import PlainTable
from jpegproof.reports.tables import BITS_PER_PIXEL, DASH, format_number

HEADS = ("Quality of the JPEG", BITS_PER_PIXEL, "JPEG", "{codec}", "Difference (points)", "Bytes off (%)", "at most")


def build_codec_tables(rows: Sequence[CodecRow]) -> list[PlainTable]:
    """One table per model, edge, codec and metric."""
    groups: dict[tuple[str, ...], list[CodecRow]] = {}
    for row in rows:
        key = (row.dataset, row.model, row.mitigation, row.corrector, row.codec, row.metric)
        groups.setdefault(key, []).append(row)
    return [_table(group) for group in groups.values()]


def _table(rows: Sequence[CodecRow]) -> PlainTable:
    first = rows[0]
    codec = codec_label(first.codec)
    caption = (
        f"{find_metric(first.metric).axis}, {codec} against JPEG at equal bytes, picture by picture: "
        f"{plain(first.model)} on {plain(first.dataset)}, {edge_label(first.mitigation, first.corrector, False)}, "
        f"{first.n} pictures"
    )
    lines = []
    for row in sorted(rows, key=lambda row: row.quality):
        interval = ""
        if row.ci_low is not None and row.ci_high is not None:
            interval = f" [{format_number(row.ci_low, 1)}, {format_number(row.ci_high, 1)}]"
        cells = (
            str(row.quality),
            DASH if row.bits_per_pixel is None else f"{row.bits_per_pixel:.2f}",
            format_number(row.jpeg, 1),
            format_number(row.value, 1),
            f"{format_number(row.difference, 1)}{interval}",
            format_number(row.off, 1),
            format_number(row.off_most, 1),
        )
        lines.append(cells)
    return PlainTable(caption, tuple(head.format(codec=codec) for head in HEADS), tuple(lines), text=0)
