"""The table of a cure before and after: without one, with what it began from, and with the new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jpegproof.analysis.bootstrap import Interval
from jpegproof.analysis.cure_gains import ALL_QUALITIES, CureGain
from jpegproof.analysis.rows import write_rows
from jpegproof.reports.files import replace_file
from jpegproof.reports.markdown import escape_markdown

MARKDOWN_FILE, CSV_FILE = "before_after.md", "before_after.csv"


def before_after_cells(rows: Sequence[CureGain], names: Mapping[tuple[str, str, str], str]) -> list[list[str]]:
    """The table as texts, its heads first.

    Args:
        rows: as `cure_gains` answers with.
        names: what each way to use the model is called, by (mitigation, corrector, tuned), in the columns' order.
    """
    by_quality: dict[str, list[CureGain]] = {}
    for row in rows:
        by_quality.setdefault(row.quality, []).append(row)
    has_start = any(row.over_start is not None for row in rows)
    heads = ["quality", *names.values(), "gained over no cure", *(["gained over the start"] if has_start else [])]
    lines = [heads]
    for quality, ways in by_quality.items():
        found = {(way.mitigation, way.corrector, way.tuned): way for way in ways}
        new = ways[-1]
        numbers = [_number(Interval(found[way].value, found[way].ci_low, found[way].ci_high, 0)) for way in names]
        gains = [_number(new.over_none, "+"), *([_number(new.over_the_start, "+")] if has_start else [])]
        label = "mean of these" if quality == ALL_QUALITIES else quality
        lines.append([label, *numbers, *gains])
    return lines


def write_before_after(
    rows: Sequence[CureGain],
    names: Mapping[tuple[str, str, str], str],
    title: str,
    sentences: Sequence[str],
    folder: Path,
) -> Path:
    """Writes the table and the verdict as Markdown, and the rows as CSV; the Markdown file.

    Raises:
        StoreError: a file cannot be written.
    """
    write_rows(folder / CSV_FILE, CureGain, rows)
    heads, *lines = before_after_cells(rows, names)
    table = [_line(heads), _line(["---:"] * len(heads)), *map(_line, lines)]
    said = "\n".join(f"- {escape_markdown(sentence)}" for sentence in sentences)
    text = f"**{escape_markdown(title)}**\n\n" + "\n".join(table) + f"\n\nBrackets hold 95 % intervals.\n\n{said}\n"
    replace_file(folder / MARKDOWN_FILE, text.encode())
    return folder / MARKDOWN_FILE


def _number(interval: Interval, sign: str = "") -> str:
    if interval.value is None:
        return "–"
    value = f"{interval.value:{sign}.1f}"
    if interval.low is None or interval.high is None:
        return value
    return f"{value} [{interval.low:{sign}.1f}, {interval.high:{sign}.1f}]"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape_markdown(cell) if "[" not in cell else cell for cell in cells) + " |"
