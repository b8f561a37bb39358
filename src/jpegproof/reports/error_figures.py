"""Figures of what goes wrong in a detector: shares of the kinds of faults, and what each of them costs.

Source: laid out like Figures 4 and 5 of Ehrlich et al. (2021), which are TIDE's own summary plots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from jpegproof.analysis.tide.faults import MAIN, SPECIAL, Fault
from jpegproof.reports.error_names import fault_abbreviation, fault_color, fault_label
from jpegproof.reports.error_profiles import Cost, ErrorPanels, ErrorProfile
from jpegproof.reports.figures import literal, sober_look, wrapped
from jpegproof.reports.line_styles import INK
from jpegproof.reports.tables import format_number

#: Below this share, in percent, a piece of the pie has no room for its name; the bars beside it tell all the same.
_NAMED_FROM = 5.0


def draw_error_panels(panels: ErrorPanels) -> Figure:
    """One row per profile: a pie of the main kinds, bars of what each costs, bars of the two special kinds."""
    with sober_look():
        count = len(panels.profiles)
        figure = Figure(figsize=(8.6, 2.4 * count + 0.4), layout="constrained")
        figure.suptitle(wrapped(panels.caption, 130), fontsize=9, x=0.01, ha="left")
        rows = figure.subfigures(count, 1, squeeze=False)[:, 0]
        for part, profile in zip(rows, panels.profiles, strict=True):
            _draw_profile(part, profile, panels.profiles)
        return literal(figure)


def draw_error_profile(profile: ErrorProfile, beside: Sequence[ErrorProfile]) -> Figure:
    """One row of panels for the page, which gives it its background.

    Args:
        profile: what is drawn.
        beside: all profiles that it is to be compared with by eye, itself among them: they share their scales.
    """
    with sober_look():
        figure = Figure(figsize=(8.6, 2.4), layout="constrained", facecolor="none")
        _draw_profile(figure, profile, beside)
        return literal(figure)


def _draw_profile(part: Figure | SubFigure, profile: ErrorProfile, beside: Sequence[ErrorProfile]) -> None:
    part.set_facecolor("none")
    title = f"{profile.label}: AP {format_number(profile.ap.value, 1)}"
    part.suptitle(wrapped(title, 100), fontsize=10, fontweight="bold", x=0.01, ha="left")
    pie, main, special = part.subplots(1, 3, width_ratios=(1.25, 2.0, 0.95))
    for axes in (pie, main, special):
        axes.set_facecolor("none")
    _draw_pie(pie, profile)
    _draw_main(main, profile, _furthest(beside, MAIN))
    _draw_special(special, profile, _furthest(beside, SPECIAL))


def _draw_pie(axes: Axes, profile: ErrorProfile) -> None:
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_xlim(-2.1, 2.1)
    axes.set_ylim(-1.3, 1.3)
    shares = [profile.shares.get(fault, 0.0) for fault in MAIN]
    if sum(shares) == 0:
        axes.text(0, 0, "no errors" if profile.shares else "no picture\ncounts", ha="center", va="center")
        return
    angle = 90.0
    axes.pie(
        shares,
        colors=[fault_color(fault) for fault in MAIN],
        startangle=angle,
        counterclock=False,
        wedgeprops={"edgecolor": INK, "linewidth": 0.5},
        frame=False,
    )
    for fault, share in zip(MAIN, shares, strict=True):
        middle = math.radians(angle - 3.6 * share / 2)
        angle -= 3.6 * share
        if share >= _NAMED_FROM:
            x, y = math.cos(middle), math.sin(middle)
            side = "left" if x > 0.2 else "right" if x < -0.2 else "center"
            text = f"{fault_abbreviation(fault)} {share:.0f} %"
            name = axes.text(1.1 * x, 1.14 * y, text, ha=side, va="center", fontsize=8)
            # The panel has room for names; were they laid out, the panels of two rows would not stand in line.
            name.set_in_layout(False)
    axes.set_xlim(-2.1, 2.1)
    axes.set_ylim(-1.3, 1.3)


def _draw_main(axes: Axes, profile: ErrorProfile, furthest: float) -> None:
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    for place, fault in enumerate(MAIN):
        cost = profile.costs[fault]
        axes.barh(place, _height(cost), height=0.7, color=fault_color(fault), linewidth=0)
        if cost.ci_low is not None and cost.ci_high is not None:
            _draw_interval(axes, [cost.ci_low, cost.ci_high], [place, place])
        axes.text(_end(cost) + 0.02 * furthest, place, format_number(cost.value, 2), va="center", fontsize=8)
    axes.set_yticks(range(len(MAIN)), [fault_label(fault) for fault in MAIN])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.17 * furthest)
    axes.set_ylim(len(MAIN) - 0.5, -0.5)
    axes.set_xlabel("AP lost (points)")


def _draw_special(axes: Axes, profile: ErrorProfile, furthest: float) -> None:
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    for place, fault in enumerate(SPECIAL):
        cost = profile.costs[fault]
        axes.bar(place, _height(cost), width=0.6, color=fault_color(fault), linewidth=0)
        if cost.ci_low is not None and cost.ci_high is not None:
            _draw_interval(axes, [place, place], [cost.ci_low, cost.ci_high])
        axes.text(
            place, _end(cost) + 0.02 * furthest, format_number(cost.value, 2), ha="center", va="bottom", fontsize=8
        )
    axes.set_xticks(range(len(SPECIAL)), [fault_label(fault).replace(" ", "\n") for fault in SPECIAL])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(SPECIAL) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylim(0, 1.17 * furthest)


def _draw_interval(axes: Axes, x: Sequence[float], y: Sequence[float]) -> None:
    """A dark line with a light rim, to be seen on every bar and beside it."""
    axes.plot(x, y, color="#ffffff", linewidth=3, solid_capstyle="butt", zorder=3)
    axes.plot(x, y, color=INK, linewidth=1.2, solid_capstyle="butt", zorder=4)


def _height(cost: Cost) -> float:
    return 0.0 if cost.value is None else cost.value


def _end(cost: Cost) -> float:
    """Where a bar and its interval end."""
    return max(_height(cost), cost.ci_high or 0.0)


def _furthest(profiles: Sequence[ErrorProfile], faults: Sequence[Fault]) -> float:
    """The scale that all profiles fit in, so that rows can be compared by eye."""
    return max((_end(profile.costs[fault]) for profile in profiles for fault in faults), default=0.0) or 1.0
