"""A real browser for tests: Debian's chromium, driven by playwright; tests that need it say so where it is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that was opened, and what it said and asked for since.

    Attributes:
        page: the page.
        complaints: errors and warnings of its console, and errors of its scripts.
        requests: addresses it asked for, but for itself and what it holds.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """A browser without a window; without a sandbox, which root may not have."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def visit(
    browser: Browser,
    file: Path,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    scripts: bool = True,
    touch: bool = False,
) -> Visit:
    """Opens a file in a context of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, has_touch=touch
    )
    found = Visit(context.new_page())
    found.page.on(
        "console", lambda said: found.complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("file:", "data:", "blob:")) else found.requests.append(request.url)
        ),
    )
    found.page.goto(file.as_uri())
    return found
