"""Writes the tables and figures of split losses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jpegproof.reports.filenames import slugify
from jpegproof.reports.files import replace_file
from jpegproof.reports.fixable_figures import draw_fixable
from jpegproof.reports.fixable_tables import FixableTable
from jpegproof.reports.fixable_text import fixable_markdown
from jpegproof.reports.write_figure import write_figure


def write_fixable(tables: Sequence[FixableTable], out: Path) -> None:
    """Writes ``tables/fixable.md`` and, for each metric of a data set, ``figures/fixable-*.{png,svg,pdf}``.

    Raises:
        StoreError: the folder cannot be written.
    """
    if not tables:
        return
    replace_file(out / "tables" / "fixable.md", "\n".join(map(fixable_markdown, tables)).encode("utf-8", "replace"))
    drawn: dict[tuple[str, ...], list[FixableTable]] = {}
    for table in tables:
        if table.qualities:
            drawn.setdefault(table.subject, []).append(table)
    stems: list[str] = []
    for subject, own in drawn.items():
        stem = wanted = f"fixable-{slugify(' '.join(part for part in subject if part))}"
        while stem in stems:
            stem = f"{wanted}-{len(stems)}"
        stems.append(stem)
        write_figure(draw_fixable(own), out / "figures", stem)
