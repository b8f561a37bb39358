"""Numbers as sentences of a report say them."""

from __future__ import annotations

from jpegproof.reports.metrics import Metric
from jpegproof.reports.tables import Table, format_number


def format_interval(low: float | None, high: float | None, decimals: int) -> str:
    """``[12.1, 18.6]``, with true minus signs; empty where there is no interval."""
    if low is None or high is None:
        return ""
    return f"[{format_number(low, decimals)}, {format_number(high, decimals)}]".replace("-", "\u2212")


def count(n: int, noun: str) -> str:
    """``1 picture``, ``50 000 pictures``."""
    return f"{n:,} {noun}".replace(",", "\u202f") + ("" if n == 1 else "s")


def untold(n: int) -> str:
    """What is said of a difference whose interval holds 0."""
    return f"not told apart from zero with {'this' if n == 1 else 'these'} {count(n, 'picture')}"


def amount(value: float | None, decimals: int, metric: Metric) -> str:
    """A value of a metric with its unit: ``44.6 %``."""
    shown = format_number(value, decimals).replace("-", "\u2212")
    return f"{shown}\N{NO-BREAK SPACE}{metric.unit}" if metric.unit else shown


def points(value: float, table: Table, bare: bool = False) -> str:
    """A difference of a table's metric: ``4.2 points``; without its unit where that is said beside it."""
    shown = format_number(value, table.decimals)
    if bare or not (unit := "points" if table.metric.is_percentage else table.metric.unit):
        return shown
    return f"{shown} {unit}"


def spaced(text: str) -> str:
    """A text behind a space; nothing for none."""
    return f" {text}" if text else ""
