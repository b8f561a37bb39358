"""Other people's names and messages, made safe to show: on a terminal, and in a spreadsheet."""

from __future__ import annotations

# The wide forms count in East Asian settings.
_STARTS_A_FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")
_MARK = "'"


def printable(text: str) -> str:
    """A text on one line; what could move a terminal's cursor, or turn the reading direction, as backslash escapes."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def harmless(text: str) -> str:
    """A `printable` text as a cell of CSV, with an apostrophe before it where a spreadsheet would see a formula."""
    line = printable(text)
    return f"{_MARK}{line}" if line.lstrip().startswith((*_STARTS_A_FORMULA, _MARK)) else line


def without_mark(cell: str) -> str:
    """The printable text of which `harmless` made a cell."""
    return cell.removeprefix(_MARK)
