"""Writes the tables and figures of how fast models are behind each cure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jpegproof.analysis.frontier import Offer
from jpegproof.analysis.speed import Speed
from jpegproof.reports.files import replace_file
from jpegproof.reports.frontier_figures import draw_frontier, offers_by_setting
from jpegproof.reports.throughput_figures import draw_speeds
from jpegproof.reports.throughput_tables import build_speed_tables, speed_latex, speed_markdown
from jpegproof.reports.write_figure import write_figure


def write_throughput(speeds: Sequence[Speed], offers: Sequence[Offer], out: Path) -> list[Path]:
    """Writes ``tables/throughput-*.{md,tex}`` and ``figures/{throughput,frontier}-*.{png,svg,pdf}``.

    Args:
        speeds: of ``throughput.csv``.
        offers: of ``throughput_frontier.csv``.
        out: the results folder.

    Returns:
        The figures, as PNG.

    Raises:
        StoreError: the folder cannot be written.
    """
    figures = {}
    for table in build_speed_tables(speeds):
        replace_file(out / "tables" / f"{table.stem}.md", speed_markdown(table).encode("utf-8", "replace"))
        replace_file(out / "tables" / f"{table.stem}.tex", speed_latex(table).encode("utf-8", "replace"))
        figures[table.stem] = draw_speeds(table)
    figures |= {stem: draw_frontier(group) for stem, group in offers_by_setting(offers).items()}
    return [write_figure(figure, out / "figures", stem) for stem, figure in figures.items()]
