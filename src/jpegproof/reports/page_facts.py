"""What the page says of the measurement itself: how it was done, bytes per picture, what was left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jpegproof.reports.names import plain
from jpegproof.reports.study_record import StudyRecord
from jpegproof.reports.tables import Table


@dataclass(frozen=True, slots=True)
class FileSizes:
    """Mean bytes of a compressed picture by quality, for one data set under one compression setting."""

    subject: str
    setting: str
    bytes_by_quality: dict[int, float]


def file_sizes(tables: Iterable[Table]) -> Iterable[FileSizes]:
    """Of the untreated pictures: what a cure does comes after the file."""
    seen: dict[tuple[str, str], dict[int, float]] = {}
    for table in tables:
        for block in table.blocks:
            for row in block.rows:
                sizes = seen.setdefault((table.subject, table.setting), {})
                for quality, cell in zip(table.columns, row.cells, strict=True):
                    if quality is not None and cell.bytes_per_image is not None:
                        sizes.setdefault(quality, cell.bytes_per_image)
    for (subject, setting), sizes in seen.items():
        if sizes:
            yield FileSizes(subject, setting, dict(sorted(sizes.items())))


def count_skipped(record: StudyRecord) -> int:
    """The list counts; where a study kept none, the rows do: the most that any number of a data set left out."""
    if record.skips:
        return len({(skip.dataset, skip.picture) for skip in record.skips})
    left_out: dict[str, int] = {}
    for row in record.results:
        left_out[row.dataset] = max(left_out.get(row.dataset, 0), row.n_skipped)
    return sum(left_out.values())


def protocol(record: StudyRecord, tables: Iterable[Table]) -> Iterable[tuple[str, str]]:
    """(what, how) of the measurement, read off the rows; nothing where there are none."""
    results = record.results
    if not results:
        return
    compressed = [row for row in results if row.quality is not None]
    for dataset in dict.fromkeys(row.dataset for row in results):
        most = max(row.n for row in results if row.dataset == dataset)
        yield f"Pictures of {plain(dataset)}", str(most)
    qualities = sorted({row.quality for row in compressed if row.quality is not None})
    if qualities:
        yield "Compression", "; ".join(dict.fromkeys(table.setting for table in tables if table.setting))
        yield "Qualities", ", ".join(str(quality) for quality in qualities)
    in_blocks = [f"of {plain(name)} over blocks of {block} pictures" for name, block in record.blocks.items()]
    yield "Intervals", "; ".join(["95 %, bootstrap over the pictures", *in_blocks])
    if record.comparisons:
        yield "Comparisons", "picture by picture (paired bootstrap)"
    yield "Seed", ", ".join(str(seed) for seed in sorted({row.seed for row in results}))
