"""Small models whose weights come with the package."""

from __future__ import annotations

SHIPPED: dict[str, str] = {}
