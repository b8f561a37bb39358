"""A verdict on a cure in words: what was gained, where, at what cost, and what cannot be told."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.bootstrap import Interval
from jpegproof.analysis.verdict import Effect, Verdict
from jpegproof.probes.throughput.side_by_side import Cost


def verdict_sentences(
    verdict: Verdict, metric: str, cost: Cost | None, over_start: Interval | None = None, start: str = ""
) -> list[str]:
    """A verdict in plain sentences, the decision first.

    Args:
        verdict: what may be said.
        metric: what the points are of, as in ``results.csv``.
        cost: in use; None where it takes no time, since only weights of the model itself have changed.
        over_start: the gain over what it began from.
        start: what that is called.
    """
    sentences = [_decision(verdict, metric, cost is not None)]
    if verdict.pictures is not None:
        sentences.append(
            f"About {verdict.pictures:,} pictures to judge with would probably decide; these were {verdict.gain.n}."
        )
    elif verdict.worth == "undecided" and verdict.gain.low is not None:
        sentences.append("It lies so close to that that no number of pictures one could gather would decide.")
    if verdict.by_quality:
        sentences.append(_qualities(verdict))
    if over_start is not None and verdict.over_start is not None:
        sentences.append(_against_start(verdict.over_start, over_start, start))
    sentences.append(_cost(cost))
    return sentences


def points(gain: Interval) -> str:
    """A gain with its interval: ``+3.1 points [+1.0, +5.2]``."""
    if gain.value is None:
        return "nothing that could be worked out"
    if gain.low is None or gain.high is None:
        return f"{gain.value:+.1f} points"
    return f"{gain.value:+.1f} points [{gain.low:+.1f}, {gain.high:+.1f}]"


def _decision(verdict: Verdict, metric: str, costs_time: bool) -> str:
    seen = f"over all measured qualities {metric} changes by {points(verdict.gain)}"
    least = f"{verdict.least_gain:g} point{'' if verdict.least_gain == 1 else 's'}"
    cost = "its cost" if costs_time else "having"
    if verdict.worth == "worth it":
        enough = f", at least {least}" if verdict.least_gain else ""
        return f"Worth {cost}: {seen}{enough}."
    if verdict.worth == "not worth it":
        why = f"the gain is less than {least}" if verdict.least_gain else "nothing is gained"
        return f"This cure is not worth {cost}: {seen}; {'it does harm' if verdict.effect == 'hurts' else why}."
    question = f"it gains at least {least}" if verdict.least_gain else "it gains anything"
    known = {"helps": "It helps, but these", "hurts": "It does harm on the whole, and these", "cannot be told": "These"}
    return f"Undecided: {seen}. {known[verdict.effect]} pictures do not tell whether {question}."


def _qualities(verdict: Verdict) -> str:
    kinds: dict[Effect, str] = {
        "helps": "it helps at quality {}",
        "hurts": "it hurts at quality {}",
        "cannot be told": "whether it helps or hurts cannot be told at quality {}",
    }
    parts = []
    for effect, text in kinds.items():
        where = [quality for quality, found in verdict.by_quality.items() if found == effect]
        if where:
            parts.append(text.format(listed(where)))
    text = "; ".join(parts)
    return f"By quality, each by its own 95 % interval: {text}."


def _against_start(effect: Effect, gain: Interval, start: str) -> str:
    told = {
        "helps": f"The training was of use: against {start}, {points(gain)}.",
        "hurts": f"The training did harm: against {start}, {points(gain)}. Use {start} instead.",
        "cannot be told": f"Whether the training was of use cannot be told: against {start}, {points(gain)}.",
    }
    return told[effect]


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return "It costs no time in use: the network is the same, with other weights."
    disturbed = (
        f" Other work kept this machine busy (load {cost.load:.1f}), so these times say little; the same command on a "
        "machine at rest times them again."
        if cost.disturbed
        else ""
    )
    return (
        f"Cost in use: {1000 * cost.alone:.1f} ms per picture without it, {1000 * cost.cured:.1f} ms with it, "
        f"{cost.percent:+.0f} % (quartiles {cost.low:+.0f} to {cost.high:+.0f} %), from a JPEG's bytes to the answer, "
        f"one picture of {cost.picture_size} at a time, {cost.device}, threads: {cost.threads}." + disturbed
    )


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: ``10, 30 and 50``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
