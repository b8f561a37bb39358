"""The corrector zoo: the card of every corrector that is shipped, and what each gains for what it costs."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "src" / "jpegproof" / "correctors" / "shipped"
CURVE = ROOT / "docs" / "results" / "cost_curve.json"
PICTURE = "pictures/cost-curve.svg"


def zoo_page() -> str:
    """Markdown: the curve, its numbers, and the cards as they lie beside the weights."""
    rows = json.loads(CURVE.read_text())
    cards = sorted(path for path in SHIPPED.glob("*.md") if path.with_suffix(".safetensors").exists())
    parts = [
        "# Corrector zoo",
        "The correctors that come with jpegproof, each with the card that lies beside its weights: what it is, what it "
        "learned from and under which terms, how well it does, and where it fails. Which one to use: "
        "[Correctors](correctors.md). `default` is the one that `--corrector default` names.",
        "## Benefit against cost",
        f"![Gain in decibels against multiply-adds per pixel]({PICTURE})",
        f"The same recipe at several sizes, on {rows[0]['n']} photographs of BSDS500 that none of them learned from; "
        "bars are 95 % intervals. How it was measured: "
        "[the results](results/README.md#benefit-against-cost-cost_curvejson).",
        _table(rows),
        "## Terms",
        "The weights are jpegproof's own and have its licence, Apache-2.0; they hold no image. What they learned from "
        "has terms of its own, which each card states.",
        *(_card(path) for path in cards),
        "## The gates",
        "Before any of them a gate decides picture by picture whether to correct at all.",
        *(_card(path) for path in sorted(SHIPPED.glob("gate*.md"))),
    ]
    return "\n\n".join(parts) + "\n"


def cost_curve() -> str:
    """The curve as SVG: gain in PSNR at three qualities against multiply-adds per pixel, logarithmic."""
    rows = sorted(json.loads(CURVE.read_text()), key=lambda row: row["multiply_adds_per_pixel"])
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    cost = [row["multiply_adds_per_pixel"] for row in rows]
    for quality, marker in ((10, "o"), (30, "s"), (80, "^")):
        gains = [row["gain_db"][f"psnr at {quality}"] for row in rows]
        middle = [gain[0] for gain in gains]
        bars = [[gain[0] - gain[1] for gain in gains], [gain[2] - gain[0] for gain in gains]]
        axes.errorbar(cost, middle, yerr=bars, marker=marker, capsize=3, label=f"quality {quality}")
    for row in rows:
        best = row["gain_db"]["psnr at 10"][2]
        axes.annotate(row["network"], (row["multiply_adds_per_pixel"], best), (0, 6), textcoords="offset points")
    axes.set(xscale="log", xlabel="multiply-adds per pixel", ylabel="gain in PSNR, dB", ylim=(0, None))
    axes.margins(x=0.15, y=0.15)
    axes.legend()
    picture = io.StringIO()
    with rc_context({"svg.hashsalt": "jpegproof"}):  # the same drawing every time
        figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| network | parameters | multiply-adds per pixel | PSNR at 10 | PSNR at 30 | PSNR at 80 |"]
    lines.append("| --- | ---: | ---: | --- | --- | --- |")
    for row in rows:
        gains = (row["gain_db"][f"psnr at {quality}"] for quality in (10, 30, 80))
        said = " | ".join(f"+{gain:.2f} [{low:.2f}, {high:.2f}]" for gain, low, high in gains)
        lines.append(f"| {row['network']} | {row['parameters']:,} | {row['multiply_adds_per_pixel']:,} | {said} |")
    return "\n".join(lines)


def _card(path: Path) -> str:
    """A card as a section of the page: its headings one level lower."""
    return re.sub(r"^(#+ )", r"#\1", path.read_text().strip(), flags=re.MULTILINE)
