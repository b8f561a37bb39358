"""The sentence that a report begins with: what a model loses, what a cure gives back, and what time that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.speed import WHOLE, Speed
from jpegproof.reports.metrics import AGREEMENTS
from jpegproof.reports.names import plain
from jpegproof.reports.paired import Difference, Edge
from jpegproof.reports.summary_numbers import Gain, Loss, Measured
from jpegproof.reports.tables import Table, TableRow
from jpegproof.reports.wording import format_interval, points, spaced, untold

QUALITY = 30
"""A headline is told at the quality nearest to this one, as of small pictures on web pages."""

PREFERRED = ("task_targeted", "multihead", "transfer", "off_the_shelf", "supervised_fine_tuning", "self_distilled")
"""Of which cure a headline speaks: the first of these that the model has, whatever the numbers are."""


@dataclass(frozen=True, slots=True)
class ExtraTime:
    """What a cure takes more than the model alone, from a JPEG's bytes to the answer.

    Attributes:
        share: the time with the cure over that without; 1.12 for 12 % more.
        device: what it was measured on.
        batch: pictures at once.
    """

    share: float
    device: str
    batch: int


@dataclass(frozen=True, slots=True)
class Headline:
    """One model at one quality.

    Attributes:
        loss: what it loses without a cure.
        cure: what the preferred cure gives back; None where there is no cure.
        time: that this cure takes; None where it was not measured.
        largest: another cure that gives back more than any, with its time; None where there is no such cure.
        words: all of it in one or two sentences.
    """

    loss: Loss
    cure: Gain | None
    time: ExtraTime | None
    largest: Gain | None
    words: str


def find_headline(measured: Measured, speeds: Sequence[Speed]) -> Headline | None:
    """What is to be said first of a model; None where nothing compressed was measured.

    Args:
        measured: the model in a table of values.
        speeds: the rows of ``throughput.csv``.
    """
    known = measured.known
    if not known:
        return None
    quality = min(known, key=lambda known_quality: (abs(known_quality - QUALITY), known_quality))
    loss = measured.loss_at(quality)
    row = _preferred(measured.cures)
    cure = measured.gain_at(row, quality) if row else None
    time = extra_time(measured, row.edge, speeds) if row else None
    largest = _largest(measured, quality, cure)
    sentences = [_first_sentence(measured, loss, cure, time)]
    if largest:
        gain, edge = largest
        sentences.append(_second_sentence(measured, gain, extra_time(measured, edge, speeds)))
    return Headline(loss, cure, time, largest[0] if largest else None, " ".join(sentences))


def extra_time(measured: Measured, edge: Edge, speeds: Sequence[Speed]) -> ExtraTime | None:
    """The time of an edge against that without a cure, at the smallest batch at which both were measured."""
    key = measured.table.key
    own = [
        speed
        for speed in speeds
        if (speed.dataset, speed.model) == (key.dataset, measured.block.model)
        and (speed.phase, speed.stage) == ("inference", WHOLE)
    ]
    for speed in sorted(own, key=lambda speed: speed.batch):
        if (speed.mitigation, speed.corrector) != edge:
            continue
        for other in own:
            same = (other.machine, other.batch) == (speed.machine, speed.batch)
            if same and other.mitigation == "none" and other.seconds > 0:
                return ExtraTime(speed.seconds / other.seconds, speed.device, speed.batch)
    return None


def _preferred(cures: Sequence[TableRow]) -> TableRow | None:
    for mitigation in PREFERRED:
        for row in cures:
            if row.mitigation == mitigation:
                return row
    return next((row for row in cures if row.mitigation != "control"), None)


def _largest(measured: Measured, quality: int, cure: Gain | None) -> tuple[Gain, Edge] | None:
    """The cure that gives back most, where that is not the preferred one, and is a gain."""
    gains = [(measured.gain_at(row, quality), row.edge) for row in measured.cures if row.mitigation != "control"]
    best = max(gains, key=lambda found: found[0].told or 0.0, default=None)
    if best is None or cure is None or (best[0].told or 0.0) <= max(cure.told or 0.0, 0.0):
        return None
    return best


def _first_sentence(measured: Measured, loss: Loss, cure: Gain | None, time: ExtraTime | None) -> str:
    table = measured.table
    verb = "loses" if loss.told >= 0 else "gains"
    of = "agreement with its own answers" if table.key.metric in AGREEMENTS else table.metric.inline_label
    # Some metrics have no unit that an amount could be said in.
    lost = (
        f"{points(abs(loss.told), table)} of {of}" if table.metric.unit else f"{points(abs(loss.told), table)} ({of})"
    )
    words = f"At quality {loss.quality} {plain(measured.block.model)} {verb} {lost}"
    words += _certainty(loss.paired, loss.told, table)
    if cure is None:
        return f"{words}; no cure was measured."
    if cure.told is None:
        return f"{words}; what {cure.label} gives back there is not measured yet."
    if cure.told >= 0:
        verb = "gives back" if loss.told > 0 else "adds"
    else:
        verb = "costs a further" if loss.told > 0 else "costs"
    gained = (
        f"{cure.label} {verb} {points(abs(cure.told), table, bare=True)}{_certainty(cure.paired, cure.told, table)}"
    )
    return f"{words}; {gained}{_time_words(time)}."


def _second_sentence(measured: Measured, gain: Gain, time: ExtraTime | None) -> str:
    table, tried = measured.table, len([row for row in measured.cures if row.mitigation != "control"])
    value = gain.told or 0.0
    return (
        f"The largest gain of the {tried} cures is that of {gain.label}: {points(value, table, bare=True)}"
        f"{_certainty(gain.paired, value, table)}{_time_words(time)}; the largest of several is partly so by luck."
    )


def _certainty(paired: Difference | None, value: float, table: Table) -> str:
    """The interval, and a word of doubt where it holds 0."""
    if paired is None:
        return " (no interval: not compared in pairs)"
    sided = paired if value >= 0 else paired.negated()
    doubt = "" if paired.is_told_apart_from_zero else f", {untold(paired.n)}"
    return spaced(format_interval(sided.ci_low, sided.ci_high, table.decimals)) + doubt


def _time_words(time: ExtraTime | None) -> str:
    if time is None:
        return ""
    percent = round(100 * (time.share - 1))
    where = f"({plain(time.device)}, batch {time.batch})"
    if time.share >= 2:
        return f" for {time.share:.1f} times the time {where}"
    if percent == 0:
        return f" in the same time {where}"
    return f" for {percent} % more time {where}" if percent > 0 else f" in {-percent} % less time {where}"
