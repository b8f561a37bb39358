"""The colours of the page: each on a light and on a dark one."""

from __future__ import annotations

from jpegproof.reports.line_styles import page_colors

#: (CSS variable, light, dark) of the page itself.
_SURFACES = [
    ("--page", "#ffffff", "#14181e"),
    ("--panel", "#f5f7f9", "#1c222a"),
    ("--line", "#d3dae2", "#38424f"),
    ("--edge", "#7b8694", "#78869a"),
    ("--muted", "#55606d", "#a5b0bd"),
    ("--link", "#0a5ea8", "#7cbcf5"),
    ("--warn-page", "#fff4d6", "#352a10"),
    ("--warn-line", "#b97900", "#e0a93a"),
]


def palette() -> list[tuple[str, str, str]]:
    """(CSS variable, colour on a light page, colour on a dark page) of all that the page has."""
    return [*_SURFACES, *page_colors()]
