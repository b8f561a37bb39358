"""The page's colours can be told apart, in light and in dark: WCAG 2.2, criteria 1.4.3 and 1.4.11."""

from __future__ import annotations

import pytest

from jpegproof.reports.page_palette import palette

LIGHT = {variable: light for variable, light, _ in palette()}
DARK = {variable: dark for variable, _, dark in palette()}
SERIES = [variable for variable in LIGHT if variable.startswith("--series-")]


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_guideline_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("surface", ["--page", "--panel", "--warn-page"])
@pytest.mark.parametrize("text", ["--ink", "--muted", "--link"])
def test_text_can_be_read(colors, surface, text):
    assert contrast(colors[text], colors[surface]) >= 4.5


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("surface", ["--page", "--panel"])
@pytest.mark.parametrize("drawn", [*SERIES, "--edge", "--warn-line", "--link"])
def test_lines_edges_and_focus_can_be_seen(colors, surface, drawn):
    assert contrast(colors[drawn], colors[surface]) >= 3
