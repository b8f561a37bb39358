"""From a picture's answers along a study's edges to the sheet that shows them."""

from __future__ import annotations

from jpegproof.analysis.chosen import Choice
from jpegproof.probes.drawn import Drawn, DrawnPicture
from jpegproof.probes.shown import Look, ShownPicture
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import edge_label, mitigation_label, plain
from jpegproof.reports.overlays import shortened
from jpegproof.reports.sheets import Sheet, SheetColumn

_CALLED = {"largest_gain": "largest", "median": "median", "least_gain": "least"}

_LONGEST_NAME = 300
"""Of a picture or model in a title, in points: two of them leave room for why the picture was chosen."""


def sheet_of(picture: ShownPicture, drawn: DrawnPicture, choice: Choice, chooser: str) -> Sheet:
    """The sheet of one picture: without a cure, each cure, the original, the truth.

    Args:
        picture: the scores.
        drawn: the same answers, drawn.
        choice: why this picture.
        chooser: the mitigation by whose gains pictures were chosen.
    """
    mitigations = [look.edge.mitigation for look in picture.looks]
    columns = [
        SheetColumn(_heading(look, picture, mitigations.count(look.edge.mitigation) > 1), *_said(picture, look, one))
        for look, one in zip(picture.looks, drawn.looks, strict=True)
    ]
    columns.append(SheetColumn("Original", *_said(picture, picture.original, drawn.original)))
    if drawn.truth is not None:
        note = drawn.truth.words if drawn.truth.marks or not drawn.truth.bars else ""
        columns.append(SheetColumn("Ground truth", drawn.truth, "" if drawn.truth.layer else note, truth=True))
    names = ", ".join(shortened(name, _LONGEST_NAME, 9) for name in (picture.name, picture.model))
    return Sheet(names + _why(picture, choice, chooser), columns, drawn.legend, drawn.key)


def gain_in_words(gain: float, metric: str) -> str:
    """A gain with its sign and unit, such as ``+10.1 points``."""
    unit = find_metric(metric).unit
    digits = 1 if unit == "%" else 2
    return f"{round(gain, digits) + 0.0:+.{digits}f} {'points' if unit == '%' else unit}".rstrip()


def _why(picture: ShownPicture, choice: Choice, chooser: str) -> str:
    if choice.gain is None:
        return ""
    gained = gain_in_words(choice.gain, picture.metric)
    return f": {_CALLED[choice.rule]} gain of {mitigation_label(chooser)}, {gained}"


def _said(picture: ShownPicture, look: Look, drawn: Drawn | None) -> tuple[Drawn | None, str]:
    """What is drawn of a look, and the note below it."""
    if drawn is None:
        seen = None if look.pixels is None else Drawn(look.pixels, look.shown)
        return seen, plain(look.fault)
    return drawn, _score(picture.metric, look) + (f"\n{drawn.words}" if _counts(picture) else "")


def _counts(picture: ShownPicture) -> bool:
    """Whether what is said of an answer in words is numbers that stand nowhere else on the sheet."""
    return picture.task in ("detection", "instance_segmentation")


def _score(metric: str, look: Look) -> str:
    known = find_metric(metric)
    if look.score is None:
        return ""
    digits = 1 if known.is_percentage else 2
    score = round(look.score, digits) + 0.0  # no minus before a zero
    return f"{known.label} {score:.{digits}f} {known.unit}".rstrip()


def _heading(look: Look, picture: ShownPicture, shared: bool) -> str:
    edge = look.edge
    if edge.mitigation == "none":
        label = picture.compression.label
        return label if picture.compression.chain else f"JPEG, {label}"
    label = (
        edge_label(edge.mitigation, edge.tuned or edge.corrector, True) if shared else mitigation_label(edge.mitigation)
    )
    return label.replace(" Artifact Correction", "")  # a column is narrow
