"""What each cure gives against what it takes: a metric over images per second, one panel per model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jpegproof.analysis.frontier import Offer
from jpegproof.reports.figures import literal, plain_numbers, sober_look, wrapped
from jpegproof.reports.filenames import slugify
from jpegproof.reports.line_styles import INK, LineStyle, edge_styles
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import edge_label, plain

Edge = tuple[str, str]

#: Markers of a mitigation's second, third and fourth corrector, since they share its colour and there are no lines.
_FURTHER = "8hH"


def offers_by_setting(offers: Sequence[Offer]) -> dict[str, list[Offer]]:
    """The offers that one figure shows, by its file name: one data set, metric, quality, machine and batch."""
    groups: dict[tuple[object, ...], list[Offer]] = {}
    for offer in offers:
        key = (offer.dataset, offer.metric, offer.quality, offer.device, offer.threads, offer.batch)
        groups.setdefault(key, []).append(offer)
    return {
        slugify(f"frontier {data} {metric} q{quality} {device} {threads} batch {batch}"): group
        for (data, metric, quality, device, threads, batch), group in groups.items()
    }


def draw_frontier(offers: Sequence[Offer], on_page: bool = False) -> Figure:
    """One panel per model: every cure a point, those that no other one beats named and joined.

    Args:
        offers: of one figure, from `offers_by_setting`.
        on_page: for the page, which gives the figure its background and its caption.
    """
    styles = edge_styles((offer.mitigation, offer.corrector) for offer in offers)
    models = list(dict.fromkeys(offer.model for offer in offers))
    with sober_look():
        columns = min(3, len(models))
        rows = math.ceil(len(models) / columns)
        labels = {(o.mitigation, o.corrector): edge_label(o.mitigation, o.corrector, False) for o in offers}
        legend_columns = min(2, columns)
        height = 3.1 * rows + 0.22 * math.ceil(len(labels) / legend_columns) + 0.5
        size = (max(5.6, 3.7 * columns), height)
        figure = Figure(figsize=size, layout="constrained", facecolor="none" if on_page else "white")
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, model in zip(grid.flat, models, strict=False):
            axes.set_facecolor("none")
            axes.set_title(wrapped(plain(model), 34), fontsize=10, fontweight="bold", loc="left")
            _draw_panel(axes, [offer for offer in offers if offer.model == model], styles)
        for axes in grid.flat[len(models) :]:
            axes.set_visible(False)
        if not on_page:
            figure.suptitle(wrapped(frontier_caption(offers), int(15 * size[0])), fontsize=9)
        handles = [
            Line2D([], [], label=wrapped(label, 60), linestyle="", **_marker(edge, styles))
            for edge, label in labels.items()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=legend_columns, frameon=False)
        return literal(figure)


def frontier_caption(offers: Sequence[Offer]) -> str:
    """What a figure shows, in one line."""
    first = offers[0]
    metric = find_metric(first.metric)
    threads = f"{first.threads} {'thread' if first.threads == 1 else 'threads'}"
    return (
        f"{metric.axis} at quality {first.quality} on {plain(first.dataset)} against images per second at batch "
        f"{first.batch} on {first.device}, {threads}; joined: what no other cure of the model beats in both"
    )


def describe_frontier(offers: Sequence[Offer]) -> str:
    """What a reader who cannot see the figure is told: the cures on the frontier."""
    told = [
        f"{plain(offer.model)}, {edge_label(offer.mitigation, offer.corrector, False)}: {offer.value:.1f} at "
        f"{offer.images_per_second:.3g} images per second"
        for offer in offers
        if offer.optimal and offer.value is not None
    ]
    return f"{frontier_caption(offers)}. On the frontier: " + "; ".join(told) + "."


def _draw_panel(axes: Axes, offers: Sequence[Offer], styles: Mapping[Edge, LineStyle]) -> None:
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    known = [offer for offer in offers if offer.value is not None]
    best = sorted((offer for offer in known if offer.optimal), key=lambda offer: offer.images_per_second)
    points = [(offer.images_per_second, offer.value or 0.0) for offer in best]
    # Stairs: with less time than the next point asks for, the one before it is the best that can be had.
    axes.step([x for x, _ in points], [y for _, y in points], where="pre", color=INK, alpha=0.3, linewidth=2, zorder=1)
    for offer in known:
        edge = (offer.mitigation, offer.corrector)
        x, y = offer.images_per_second, offer.value or 0.0
        if offer.ci_low is not None and offer.ci_high is not None:
            axes.plot([x, x], [offer.ci_low, offer.ci_high], color=styles[edge].color, linewidth=1, alpha=0.6)
        axes.plot([x], [y], linestyle="", **_marker(edge, styles, faint=not offer.optimal))
    low, high = min(o.images_per_second for o in offers), max(o.images_per_second for o in offers)
    if high > 5 * low:
        axes.set_xscale("log")
        plain_numbers(axes.xaxis)
        axes.set_xlim(low / 1.35, high * 1.35)
    else:
        axes.set_xlim(0, 1.15 * high)
    axes.margins(y=0.12)
    middle = math.sqrt(low * high) if high > 5 * low else high / 2
    for place, offer in enumerate(best):
        left = offer.images_per_second > middle
        # By turns below and above: neighbours on the frontier are often near each other.
        below = (len(best) - place) % 2 == 0
        axes.annotate(
            _short(edge_label(offer.mitigation, offer.corrector, False)),
            (offer.images_per_second, offer.value or 0.0),
            xytext=(-7 if left else 7, -5 if below else 5),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top" if below else "bottom",
            fontsize=7,
        )
    axes.set_xlabel("images per second")
    axes.set_ylabel(wrapped(find_metric(offers[0].metric).axis, 36))


def _short(label: str) -> str:
    """A cure's name that has room beside its point."""
    return wrapped(label.replace(" Artifact Correction", ""), 26)


def marker_of(edge: Edge, styles: Mapping[Edge, LineStyle]) -> str:
    """matplotlib's marker of an edge: correctors of one mitigation share its colour, and there are no lines."""
    nth = [other for other in styles if other[0] == edge[0]].index(edge)
    return styles[edge].marker if nth == 0 else _FURTHER[(nth - 1) % len(_FURTHER)]


def _marker(edge: Edge, styles: Mapping[Edge, LineStyle], faint: bool = False) -> dict[str, Any]:
    style = styles[edge]
    return {
        "marker": marker_of(edge, styles),
        "markersize": 7,
        "markerfacecolor": "#ffffff" if faint else style.color,
        "markeredgecolor": style.color,
        "markeredgewidth": 1.2,
        "color": INK,
    }
