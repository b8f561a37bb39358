"""The scripts of the page: its own, plotly's packed small, and the policy that lets no other one run."""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

#: In one scope, in this order: later ones use what earlier ones define.
_PARTS = (
    "page_folds.js",
    "page_theme.js",
    "page_plotly.js",
    "page_traces.js",
    "page_figures.js",
    "page_tables.js",
    "page_compared.js",
)


@dataclass(frozen=True, slots=True)
class PageScripts:
    """What runs in the page.

    Attributes:
        head: runs before anything is shown.
        body: runs when all is there.
        packed_plotly: plotly.js as base64 of gzip, a third of its size; empty where the page has no figures.
        plotly_notice: its first comment, which names version and licence.
        policy: the page's Content-Security-Policy: these scripts and nothing else, no network, pictures from the page.
    """

    head: str
    body: str
    packed_plotly: str
    plotly_notice: str
    policy: str


def page_file(name: str) -> str:
    """The text of one of the page's templates, scripts or styles."""
    return files("jpegproof.reports").joinpath("page_files", name).read_text(encoding="utf-8")


def page_scripts(with_plotly: bool) -> PageScripts:
    """The scripts of a page.

    Args:
        with_plotly: whether there are figures.
    """
    head = page_file("page_head.js")
    parts = "\n".join(page_file(name) for name in _PARTS)
    body = f'(() => {{\n"use strict";\n{parts}}})();\n'
    plotly = [_packed_plotly()] if with_plotly else []
    digests = [_digest(head), _digest(body), *(packed.digest for packed in plotly)]
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    return PageScripts(
        head=head,
        body=body,
        packed_plotly="".join(packed.packed for packed in plotly),
        plotly_notice="".join(packed.notice for packed in plotly),
        # Styles are plotly's as well as ours: it sets them element by element.
        policy=f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'",
    )


@dataclass(frozen=True, slots=True)
class _Plotly:
    packed: str
    notice: str
    digest: str


@cache  # packing takes a second
def _packed_plotly() -> _Plotly:
    from plotly.offline import get_plotlyjs  # which takes a tenth of a second that other verbs need not wait for

    script = get_plotlyjs()
    packed = gzip.compress(script.encode(), 9, mtime=0)
    return _Plotly(b64encode(packed).decode(), _notice(script), _digest(script))


def _notice(plotly: str) -> str:
    comment = plotly.partition("*/")[0].removeprefix("/**")
    return " ".join(line.strip(" *") for line in comment.splitlines() if line.strip(" *"))


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
