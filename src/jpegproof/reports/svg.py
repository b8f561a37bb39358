"""Turns matplotlib's SVG into one that can stand inside a page: in its colours, with identifiers of its own."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from jpegproof.reports.line_styles import page_colors

_NAMESPACE = re.compile(r"^\{[^}]*\}")
_NOT_DRAWN = {"metadata", "style", "title"}


def inline_svg(svg: str, prefix: str, alternative: str) -> str:
    """An SVG element for an HTML page.

    Args:
        svg: a whole document as matplotlib writes it.
        prefix: put before every identifier, since those of two figures would clash on one page.
        alternative: what a reader who cannot see the figure is told; empty for an ornament.

    Returns:
        One ``svg`` element without scripts, links or comments. Colours of the figure are the page's variables.
    """
    # The document comes from matplotlib, which escapes the users' names in it: nothing here is parsed from outside.
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if _NAMESPACE.sub("", child.tag) in _NOT_DRAWN:
                parent.remove(child)
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
        own = {_NAMESPACE.sub("", name): value for name, value in element.attrib.items()}
        element.attrib.clear()
        for name, value in own.items():
            element.set(name, _attribute(name, value, prefix))
    root.attrib.update(
        {
            **({"role": "img", "aria-label": alternative} if alternative else {"aria-hidden": "true"}),
            # What matplotlib says in a style element, which would be a rule for all of the page.
            "style": "stroke-linejoin: round; stroke-linecap: butt",
        }
    )
    return ElementTree.tostring(root, encoding="unicode")


def _attribute(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return prefix + value
    if name == "href":
        return re.sub("^#", f"#{prefix}", value)
    if name in {"style", "fill", "stroke"}:
        for variable, light, _ in page_colors():
            value = value.replace(light, f"var({variable})")
        value = value.replace("#ffffff", "var(--page)")  # what stands out from lines and bars is the paper
    return value.replace("url(#", f"url(#{prefix}")
