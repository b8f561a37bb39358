"""Before and after: one picture as a model saw it along each edge, to be laid over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jpegproof.analysis.rows import by_column
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import edge_label, plain
from jpegproof.reports.page_pictures import EmbeddedPicture, PictureRoom
from jpegproof.reports.shown_pictures import TRUTH, ShownLook
from jpegproof.reports.tables import format_number
from jpegproof.reports.wording import amount

_RULES = {
    "largest_gain": "where the cure gains most",
    "median": "where the cure gains what is usual",
    "least_gain": "where the cure gains least",
    "named": "chosen by name",
}


@dataclass(frozen=True, slots=True)
class ComparedLook:
    """A picture along one edge.

    Attributes:
        label: the edge's name.
        score: what the model says and scores on it, or what is true, in words; empty where nothing is to be said.
        alternative: what a reader who cannot see it is told.
        picture: itself.
    """

    label: str
    score: str
    alternative: str
    picture: EmbeddedPicture


@dataclass(frozen=True, slots=True)
class ComparedPicture:
    """One picture along several edges.

    Attributes:
        title: picture and model.
        why: the rule by which it was chosen.
        looks: without a cure, with each, of the original, and the truth, as far as they are there.
        before, after: numbers of the looks that are laid over each other at first: without a cure, and with one.
    """

    title: str
    why: str
    looks: tuple[ComparedLook, ...]
    before: int
    after: int


def build_compared(rows: Sequence[ShownLook], folder: Path, room: PictureRoom) -> list[ComparedPicture]:
    """The pictures of a study's sheets of which there are two looks or more to compare.

    Args:
        rows: of ``sheets.csv``.
        folder: where the files are.
        room: that the page has for pictures.
    """
    compared = []
    for (_, dataset, picture, model), own in by_column(rows, "sheet", "dataset", "picture", "model").items():
        shared = [row.mitigation for row in own]
        looks, mitigations = [], []
        for row in own:
            if not row.file or (embedded := room.embed(folder, row.file)) is None:
                continue
            label = _label(row, shared.count(row.mitigation) > 1)
            score = _score(row)
            about = f"{plain(picture)} as {plain(model)} saw it: {label}"
            if row.mitigation == TRUTH:
                about = f"Ground truth of {plain(picture)}"
            looks.append(ComparedLook(label, score, f"{about}. {score}".strip(), embedded))
            mitigations.append("original" if row.quality is None and row.mitigation != TRUTH else row.mitigation)
        if len(looks) < 2:
            continue
        before = mitigations.index("none") if "none" in mitigations else 0
        cured = [n for n, name in enumerate(mitigations) if name not in ("none", "original", TRUTH)]
        # By rule, as in the headlines: the task-targeted cure where there is one.
        cured.sort(key=lambda n: mitigations[n] != "task_targeted")
        others = [n for n in range(len(looks)) if n != before]
        compared.append(
            ComparedPicture(
                title=f"{plain(picture)}, {plain(model)} on {plain(dataset)}",
                why=_why(own[0]),
                looks=tuple(looks),
                before=before,
                after=(cured or others)[0],
            )
        )
    return compared


def _label(row: ShownLook, shared: bool) -> str:
    if row.mitigation == TRUTH:
        return "Ground truth"
    if row.quality is None:
        return "Original"
    if row.mitigation == "none":
        return f"JPEG, quality {row.quality}"
    return edge_label(row.mitigation, row.corrector, True) if shared else edge_label(row.mitigation, "", False)


def _score(row: ShownLook) -> str:
    said = [plain(row.answer)] if row.answer else []
    if row.fault:
        said.append(plain(row.fault))
    elif row.value is not None:
        metric = find_metric(row.metric)
        said.append(f"{metric.label} {amount(row.value, 1 if metric.is_percentage else 2, metric)}")
    return "; ".join(said)


def _why(row: ShownLook) -> str:
    rule = _RULES.get(row.rule, plain(row.rule))
    if row.gain is None:
        return f"{rule[:1].upper()}{rule[1:]}."
    metric = find_metric(row.metric)
    gain = format_number(row.gain, 1 if metric.is_percentage else 2).replace("-", "\u2212")
    unit = "points" if metric.is_percentage else metric.unit
    return f"{rule[:1].upper()}{rule[1:]} ({f'{gain} {unit}'.strip()})."
