"""Writes a figure in every format of a report."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from jpegproof.reports.figures import pdf, png, svg
from jpegproof.reports.files import replace_file


def write_figure(figure: Figure, folder: Path, stem: str) -> Path:
    """Writes ``STEM.png``, ``STEM.svg`` and ``STEM.pdf``, each replaced as a whole.

    Returns:
        The path of the PNG.

    Raises:
        StoreError: the folder cannot be written.
    """
    replace_file(folder / f"{stem}.svg", svg(figure).encode())
    replace_file(folder / f"{stem}.pdf", pdf(figure))
    replace_file(folder / f"{stem}.png", png(figure))
    return folder / f"{stem}.png"
