"""Qualities in fixed sequence: down from the best while each is shown safe, up from the worst while shown unsafe.

A quality is tested only where all better ones were shown safe, so that the first error is the only one that can be
made: whatever is called safe, all of it is safe with the confidence of one test. The same holds of what is called
unsafe, from below. What lies between is undecided.

Source: Maurer, Hothorn and Lehmacher, Multiple comparisons in drug clinical trials and preclinical assays: a-priori
ordered hypotheses (1995); Wiens, A fixed sequence Bonferroni procedure for testing multiple endpoints (2003).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from jpegproof.analysis.budget.bounds import Bounds


class Verdict(StrEnum):
    """What is said of a quality."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNDECIDED = "undecided"


def verdicts(found: Mapping[int, Bounds], bound: float) -> dict[int, Verdict]:
    """What is said of each quality, from the best down.

    Args:
        found: what is lost at each quality, with one-sided bounds.
        bound: what is still borne, in the same unit.
    """
    falling = sorted(found, reverse=True)
    said = dict.fromkeys(falling, Verdict.UNDECIDED)
    for quality in falling:
        high = found[quality].high
        if high is None or high >= bound:
            break
        said[quality] = Verdict.SAFE
    for quality in reversed(falling):
        low = found[quality].low
        if low is None or low <= bound:
            break
        said[quality] = Verdict.UNSAFE
    return said


def lowest_safe(said: Mapping[int, Verdict]) -> int | None:
    """The lowest quality that is safe, with all above it; None where none is."""
    return min((quality for quality, verdict in said.items() if verdict is Verdict.SAFE), default=None)


def highest_unsafe(said: Mapping[int, Verdict]) -> int | None:
    """The highest quality that is unsafe, with all below it; None where none is."""
    return max((quality for quality, verdict in said.items() if verdict is Verdict.UNSAFE), default=None)


def next_undecided(said: Mapping[int, Verdict]) -> int | None:
    """The best quality that is undecided: the next one that more pictures would be for; None where none is."""
    return max((quality for quality, verdict in said.items() if verdict is Verdict.UNDECIDED), default=None)
