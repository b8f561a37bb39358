"""File names made from users' names: safe in every folder and on every system, and no two alike."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import astuple

from jpegproof.reports.tables import Quantity, Table

_LONGEST = 100


def slugify(text: str) -> str:
    """Lower-case letters, digits and single hyphens; at most 100 characters, never empty.

    What has no such form, or too long a one, ends in eight hexadecimal digits of its hash instead.
    """
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", flat.replace(":", "")).strip("-")
    if slug and len(slug) <= _LONGEST:
        return slug
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{slug[: _LONGEST - 9].rstrip('-')}-{digest}".lstrip("-")


def file_stems(tables: Sequence[Table]) -> list[str]:
    """One file name without its ending per table, in the same order; unique, a loss ending in ``-loss``.

    Of names that only differ in what a file name cannot hold, the later ones get a number.
    """
    stems: list[str] = []
    for table in tables:
        named = [part for part in astuple(table.key) if part not in ("", "all")]
        wanted = slugify(" ".join(named)) + ("-loss" if table.quantity is Quantity.LOSS else "")
        stem, count = wanted, 1
        while stem in stems:
            count += 1
            stem = f"{wanted}-{count}"
        stems.append(stem)
    return stems
