"""Points of the page: what each cure gives against the speed that it leaves, one panel per model."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.frontier import Offer
from jpegproof.reports.frontier_figures import describe_frontier, frontier_caption, marker_of
from jpegproof.reports.line_styles import edge_styles
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import edge_label, plain
from jpegproof.reports.page_figures import Drawn, Kind, Panel, PlotFigure, Series
from jpegproof.reports.page_markers import look_of

#: Where the fastest is more than so many times as fast as the slowest, the axis goes by powers of ten.
_FARTHEST = 5


def build_frontier(stem: str, offers: Sequence[Offer]) -> PlotFigure:
    """One data set, metric, quality, machine and batch.

    Args:
        stem: the figure's name.
        offers: as of `offers_by_setting`.
    """
    styles = edge_styles((offer.mitigation, offer.corrector) for offer in offers)
    edges = list(styles)
    return PlotFigure(
        stem=stem,
        kind=Kind.POINTS,
        caption=frontier_caption(offers),
        x_title="images per second",
        y_title=find_metric(offers[0].metric).axis,
        ticks=(),
        x_range=None,
        y_range=None,
        decimals=1,
        level_label="",
        series=tuple(
            Series(edge_label(*edge, False), look_of(style, marker_of(edge, styles))) for edge, style in styles.items()
        ),
        panels=tuple(
            _panel([offer for offer in offers if offer.model == model], edges)
            for model in dict.fromkeys(offer.model for offer in offers)
        ),
    )


def _panel(offers: Sequence[Offer], edges: list[tuple[str, str]]) -> Panel:
    known = [offer for offer in offers if offer.value is not None]
    best = sorted((offer for offer in known if offer.optimal), key=lambda offer: offer.images_per_second)
    speeds = [offer.images_per_second for offer in offers]
    return Panel(
        title=plain(offers[0].model),
        description=describe_frontier(offers),
        drawn=tuple(
            Drawn(
                series=edges.index((offer.mitigation, offer.corrector)),
                label=edge_label(offer.mitigation, offer.corrector, False),
                x=(offer.images_per_second,),
                y=(offer.value,),
                low=(offer.ci_low,),
                high=(offer.ci_high,),
                faint=not offer.optimal,
            )
            for offer in known
        ),
        stairs=tuple((offer.images_per_second, offer.value or 0.0) for offer in best),
        log=max(speeds) > _FARTHEST * min(speeds),
    )
