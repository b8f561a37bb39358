"""Writes the table and the figure of a comparison of servers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jpegproof.analysis.parity.rows import MetricRow, ServerRow
from jpegproof.reports.files import replace_file
from jpegproof.reports.parity_figures import draw_parity
from jpegproof.reports.parity_tables import parity_latex, parity_markdown
from jpegproof.reports.write_figure import write_figure


def write_parity(
    servers: Sequence[ServerRow], metrics: Sequence[MetricRow], said: Sequence[str], out: Path
) -> list[Path]:
    """Writes ``tables/parity.{md,tex}`` and ``figures/parity.{png,svg,pdf}``.

    Args:
        servers: of ``parity_servers.csv``, the reference first.
        metrics: of ``parity_metrics.csv``.
        said: the findings, which stand above the table.
        out: the results folder.

    Returns:
        The figures, as PNG.

    Raises:
        StoreError: the folder cannot be written.
    """
    table = parity_markdown(servers, metrics, said)
    replace_file(out / "tables" / "parity.md", table.encode("utf-8", "replace"))
    replace_file(out / "tables" / "parity.tex", parity_latex(servers, metrics).encode("utf-8", "replace"))
    return [write_figure(draw_parity(servers, metrics), out / "figures", "parity")]
