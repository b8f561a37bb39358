"""Tables of a budget: how low each edge may go, over all pictures and over their classes and sizes."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.budget.rows import BudgetAnswer
from jpegproof.reports.budget_text import budget_groups, budget_heading, cure_label
from jpegproof.reports.names import plain
from jpegproof.reports.plain_tables import PlainTable
from jpegproof.reports.tables import DASH, format_number

HEADS = (
    "Cure",
    "Safe from quality",
    "Seen (points)",
    "At most (points)",
    "Bits per pixel",
    "Bytes per picture",
    "Saved of originals (%)",
    "Saved of the best quality (%)",
    "Undecided from",
    "More pictures",
    "Unsafe from",
)

PART_HEADS = (
    "Part",
    "Safe from quality",
    "All together",
    "At most (points)",
    "Pictures",
    "Undecided from",
    "More pictures",
)

#: Of more parts than these, the most demanding ones.
MOST_PARTS = 40


def build_budget_tables(answers: Sequence[BudgetAnswer]) -> list[PlainTable]:
    """One table per model and data set."""
    return [_whole(group) for group in budget_groups(answers)]


def build_part_tables(answers: Sequence[BudgetAnswer]) -> list[PlainTable]:
    """One table per edge and kind of part, the most demanding parts first; none where there are no parts.

    What stands under "All together" holds of all parts of the table at once; the rest of each by itself, so that of
    twenty parts that are called safe at 95 % one may be wrong.
    """
    groups: dict[tuple[str, ...], list[BudgetAnswer]] = {}
    for answer in answers:
        if answer.by != "all":
            place = (answer.dataset, answer.model, answer.mitigation, answer.corrector, answer.codec, answer.by)
            groups.setdefault(place, []).append(answer)
    return [_parts(group) for group in groups.values()]


def _whole(group: Sequence[BudgetAnswer]) -> PlainTable:
    rows = []
    for answer in group:
        size = answer.bytes_per_image
        cells = (
            cure_label(answer),
            _quality(answer.safe),
            format_number(answer.value, 2),
            format_number(answer.high, 2),
            format_number(answer.bits_per_pixel, 2),
            DASH if size is None else f"{size:,.0f}",
            format_number(answer.saved_of_original, 0),
            format_number(answer.saved_of_best, 0),
            *_below(answer),
            _quality(answer.unsafe),
        )
        rows.append(cells)
    return PlainTable(budget_heading(group), HEADS, tuple(rows))


def _parts(group: Sequence[BudgetAnswer]) -> PlainTable:
    first = group[0]
    ranked = sorted(group, key=lambda answer: -(answer.safe or 101))
    shown = f", the {MOST_PARTS} most demanding of {len(ranked)}" if len(ranked) > MOST_PARTS else ""
    caption = f"{plain(first.model)} on {plain(first.dataset)}, {cure_label(first)}: by {first.by}{shown}"
    rows = []
    for answer in ranked[:MOST_PARTS]:
        cells = (
            plain(answer.slice),
            _quality(answer.safe),
            _quality(answer.safe_together),
            format_number(answer.high, 2),
            str(answer.n),
            *_below(answer),
        )
        rows.append(cells)
    return PlainTable(caption, PART_HEADS, tuple(rows))


def _below(answer: BudgetAnswer) -> tuple[str, str]:
    more = DASH if answer.more_pictures is None else f"{answer.more_pictures:,}"
    return _quality(answer.undecided), more


def _quality(quality: int | None) -> str:
    return DASH if quality is None else str(quality)
