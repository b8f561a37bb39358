"""What a report must say where the files themselves tell real pictures from fake ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jpegproof.data.format_check import ALL, IN_HEADERS, IN_PIXELS, Tell, tells

if TYPE_CHECKING:
    from jpegproof.data.forensic_pictures import ForensicPictures

ABOVE_CHANCE = 0.53
"""An interval that begins above this is told of."""

LOOKED_AT = 4000
"""No more pictures than these, evenly spaced, are looked at."""


def format_notes(pictures: ForensicPictures) -> tuple[str, ...]:
    """Notes of a data set whose files tell real from fake; none where they do not, or where there are no files.

    Only headers are read.
    """
    total = len(pictures)
    places = [k * total // LOOKED_AT for k in range(LOOKED_AT)] if total > LOOKED_AT else range(total)
    found = [(facts, bool(pictures.target(place))) for place in places if (facts := pictures.facts(place)) is not None]
    loud = {
        tell.fact: tell
        for tell in tells([facts for facts, _ in found], [fake for _, fake in found])
        if tell.low > ABOVE_CHANCE
    }
    seen = [loud[fact] for fact in (ALL, *IN_PIXELS) if fact in loud]
    unseen = [loud[fact] for fact in IN_HEADERS if fact in loud]
    notes = []
    if seen:
        best = max(seen, key=lambda tell: tell.low)
        named = [tell for tell in seen if tell.fact != ALL]
        notes.append(
            f"What the files say of themselves tells real from fake on {_percent(best.accuracy)} of {best.pictures:,} "
            f"pictures (both kinds counting alike; interval {100 * best.low:.0f} to {_percent(best.high)}"
            f"{_listed(named)}): results measure the files, not the pictures alone. Use equalise."
        )
    if unseen:
        notes.append(
            f"Facts of the files that no model sees tell real from fake{_listed(unseen)}: the two kinds have other "
            "origins, and may differ in more than their headers say."
        )
    return tuple(notes)


def _listed(found: Sequence[Tell]) -> str:
    by_strength = sorted(found, key=lambda tell: -tell.accuracy)
    return "".join(f"; {tell.fact}: {_percent(tell.accuracy)}" for tell in by_strength)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
