"""Servers against the reference: how many answers stay, and how the metric moves, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jpegproof.analysis.parity.rows import MetricRow, ServerRow
from jpegproof.reports.figures import literal, sober_look, wrapped
from jpegproof.reports.line_styles import INK
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import plain
from jpegproof.reports.parity_text import shown_metric

# After Okabe and Ito, as elsewhere; markers differ too, so that no reader depends on colour alone.
_LOOKS = {"decoder": ("#0a6cab", "o"), "resizer": ("#cc5500", "s"), "both": ("#00875f", "D")}


def draw_parity(servers: Sequence[ServerRow], metrics: Sequence[MetricRow]) -> Figure:
    """One line a server: agreement with the reference, and with labels the metric's change; intervals as whiskers."""
    others, metric = servers[1:], shown_metric(metrics)
    found = {(row.server, row.metric): row for row in metrics}
    with sober_look():
        panels = 1 if metric is None else 2
        height = 1.3 + 0.24 * max(len(others), 1)
        figure = Figure(figsize=(5.4 + 2.6 * panels, height), layout="constrained", facecolor="white")
        axes = figure.subplots(1, panels, squeeze=False, sharey=True)[0]
        for place, row in enumerate(others):
            agreement = found.get((row.server, "agreement"))
            if agreement is not None:
                _draw(axes[0], place, row.step, agreement.value, agreement.ci_low, agreement.ci_high)
            own = found.get((row.server, metric or ""))
            if own is not None:
                _draw(axes[-1], place, row.step, own.change, own.change_low, own.change_high)
        for panel in axes:
            panel.grid(visible=True, axis="x")
            panel.set_axisbelow(True)
        axes[0].set_yticks(range(len(others)), [row.server for row in others])
        axes[0].set_ylim(len(others) - 0.4, -0.6)
        axes[0].set_xlabel("agreement with the reference (%)")
        if metric is not None:
            what = find_metric(metric)
            axes[-1].axvline(0.0, color=INK, linewidth=1.0, linestyle="--")
            unit = "points" if what.is_percentage else what.unit
            axes[-1].set_xlabel(f"change of {what.inline_label}" + (f" ({unit})" if unit else ""))
        first = servers[0]
        title = f"{plain(first.model)} on {plain(first.dataset)}, {first.n} pictures: servers against {first.server}"
        figure.suptitle(wrapped(title, 90), fontsize=9)
        steps = [step for step in _LOOKS if any(row.step == step for row in others)]
        handles = [
            Line2D(
                [], [], color=_LOOKS[step][0], marker=_LOOKS[step][1], linestyle="", label=f"differs in {_NAMES[step]}"
            )
            for step in steps
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
        return literal(figure)


_NAMES = {"decoder": "the decoder", "resizer": "the resizer", "both": "both"}


def _draw(axes: Axes, place: int, step: str, value: float | None, low: float | None, high: float | None) -> None:
    if value is None:
        return
    colour, marker = _LOOKS[step]
    if low is not None and high is not None:
        axes.plot([low, high], [place, place], color=colour, linewidth=1.2)
    axes.plot([value], [place], color=colour, marker=marker, markersize=4.5, linestyle="")
