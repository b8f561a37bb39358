"""Files of the repository that pages link to though they lie outside of docs/: the site carries them along."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Where they lie in the site.
SHELF = "repository"
_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")


def linked_outside(pages: dict[str, str]) -> set[str]:
    """The files that pages link to and that lie outside of docs/, as paths in the repository.

    Args:
        pages: Markdown by path in docs/.
    """
    found = {_outside(page, match[2]) for page, text in pages.items() for match in _LINK.finditer(text)}
    return {path for path in found if path is not None}


def with_links_into_the_site(page: str, text: str) -> str:
    """A page's Markdown whose links to files outside of docs/ lead to the site's copies of them."""

    def moved(match: re.Match[str]) -> str:
        path = _outside(page, match[2])
        if path is None:
            return match[0]
        return match[1] + posixpath.relpath(f"{SHELF}/{path}", posixpath.dirname(page) or ".") + match[3]

    return _LINK.sub(moved, text)


def _outside(page: str, target: str) -> str | None:
    """Where a link of a page leads to in the repository, if that is a file outside of docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    leads_out = ":" not in target and not path.startswith(("docs/", "../"))
    return path if leads_out and (ROOT / path).is_file() else None
