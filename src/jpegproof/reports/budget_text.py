"""A budget in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.budget.rows import BudgetAnswer
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import codec_label, edge_label, plain


def budget_groups(answers: Sequence[BudgetAnswer]) -> list[list[BudgetAnswer]]:
    """The answers about all pictures, those of one model on one data set together; the edge without a cure first."""
    groups: dict[tuple[str, str, str], list[BudgetAnswer]] = {}
    for answer in answers:
        if answer.by == "all":
            groups.setdefault((answer.dataset, answer.model, answer.metric), []).append(answer)
    return [sorted(own, key=lambda answer: answer.mitigation != "none") for own in groups.values()]


def budget_heading(answers: Sequence[BudgetAnswer]) -> str:
    """What one group of `budget_groups` is about."""
    first = answers[0]
    return (
        f"{plain(first.model)} on {plain(first.dataset)}: {_question(first)}, with {first.confidence:g} % confidence "
        f"({max(answer.n for answer in answers)} pictures)"
    )


def budget_sentences(answer: BudgetAnswer) -> list[str]:
    """What an edge's answer says: how low it may go and what that saves, then what is known of what lies below."""
    subject = _subject(answer)
    if answer.safe is None:
        begun = [f"{subject}no quality up to {answer.best} is shown to be safe."]
    else:
        begun = [f"{subject}store at quality {answer.safe} or above: {_shown(answer)}{_saving(answer)}."]
    sentences = [begun[0][:1].upper() + begun[0][1:]]
    if answer.undecided is not None:
        place = (
            f"At quality {answer.undecided}" if answer.safe is None else f"Below, from quality {answer.undecided} on"
        )
        sentences.append(f"{place}: undecided; {_wanted(answer)}.")
    if answer.unsafe is not None:
        sentences.append(f"Quality {answer.unsafe} and below: unsafe, {_exceeded(answer)}.")
    return sentences


def cure_label(answer: BudgetAnswer) -> str:
    """The edge as tables name it, with the codec where it is not JPEG."""
    label = edge_label(answer.mitigation, answer.corrector, False)
    return label if answer.codec == "jpeg" else f"{label}, {codec_label(answer.codec)}"


def _subject(answer: BudgetAnswer) -> str:
    cure = "" if answer.mitigation == "none" else f"with {edge_label(answer.mitigation, answer.corrector, False)}: "
    codec = "" if answer.codec == "jpeg" else f"{codec_label(answer.codec)} at the bytes of JPEG: "
    return cure + codec


def _question(answer: BudgetAnswer) -> str:
    if answer.quantity == "loss":
        return f"less than {_points(answer.bound)} of {find_metric(answer.metric).inline_label} lost"
    return f"less than {_points(answer.bound)} off {find_metric(answer.metric).inline_label}"


def _shown(answer: BudgetAnswer) -> str:
    seen = f"{_number(answer.value)} {'%' if answer.metric == 'agreement' else 'points'} seen"
    if answer.quantity == "loss":
        lost = f"less than {_points(answer.bound)} of {find_metric(answer.metric).inline_label} is lost"
    elif answer.metric == "agreement" and answer.task in ("classification", "forensics"):
        lost = f"{_fewer(answer.bound)} answers change"
    else:
        lost = f"{find_metric(answer.metric).inline_label} falls by less than {_points(answer.bound)}"
        seen = f"{_number(answer.value)} points seen"
    return f"with {answer.confidence:g} % confidence {lost} ({seen})"


def _saving(answer: BudgetAnswer) -> str:
    parts = []
    if answer.saved_of_original is not None and answer.saved_of_original > 0:
        parts.append(f"{answer.saved_of_original:.0f} % of the originals' bytes")
    elif answer.saved_of_original is not None:
        parts.append("none of the originals' bytes")
    if answer.saved_of_best is not None and answer.safe != answer.best:
        parts.append(f"{answer.saved_of_best:.0f} % of those at quality {answer.best}")
    saved = f"; saves {' and '.join(parts)}" if parts else ""
    if answer.bits_per_pixel is None:
        return saved
    return f"{saved} ({answer.bits_per_pixel:.2f} bits per pixel)"


def _wanted(answer: BudgetAnswer) -> str:
    if answer.more_pictures is None:
        return "what was seen lies so near the bound, or tells so little, that no number of pictures is sure to tell"
    return f"about {_rounded(answer.more_pictures):,} more pictures would tell, if what was seen is the truth"


def _exceeded(answer: BudgetAnswer) -> str:
    if answer.quantity == "loss":
        return f"shown to lose more than {_points(answer.bound)}"
    return f"shown to be more than {_points(answer.bound)} off"


def _fewer(bound: float) -> str:
    often = 100 / bound
    return f"fewer than 1 in {often:g}" if often == round(often) else f"fewer than {bound:g} % of the"


def _points(bound: float) -> str:
    return f"{bound:g} {'point' if bound == 1 else 'points'}"


def _number(value: float | None) -> str:
    shown = f"{value or 0.0:.1f}"
    return "0.0" if shown == "-0.0" else shown


def _rounded(number: int) -> int:
    """Two digits: an estimate has no more."""
    digits = max(len(str(number)) - 2, 0)
    return max(round(number, -digits), 1)
