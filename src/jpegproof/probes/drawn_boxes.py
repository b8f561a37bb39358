"""A detector's or instance segmenter's answers: boxes, and masks, with class and score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.detection.confident import Judged, Standard, judge, standard_of
from jpegproof.probes.class_colours import class_colours
from jpegproof.probes.drawn import NAMED, Colour, Drawn, DrawnPicture, LegendEntry, Mark, Verdict
from jpegproof.probes.shown import Look, ShownPicture
from jpegproof.tasks.masks import decode_mask
from jpegproof.tasks.objects import Detections, Objects

#: More categories than this share colours: so many can just be told apart.
_COLOURS = 512


def draw_boxes(shown: ShownPicture, names: Mapping[int, str], confidence: float) -> DrawnPicture:
    """Draws the detections of a score of `confidence` or more, and says of each whether it is right.

    Args:
        shown: with answers of `Detection`.
        names: of the categories by their ids; one without a name goes by its id.
        confidence: 0..1.

    Raises:
        MissingExtraError: numba is not installed; for masks, pycocotools.
    """
    target, original = cast("Objects | None", shown.target), _detections(shown.original)
    looks = (shown.original, *shown.looks)
    if original is None:
        return DrawnPicture(None, (None,) * len(shown.looks), None, (), "")
    standard = standard_of(target, original, confidence)
    answers = [_detections(look) for look in looks]
    judged = [None if answer is None else judge(answer, standard, confidence) for answer in answers]
    drawn = [
        None if answer is None or verdict is None else _drawn(look, answer, verdict, names)
        for look, answer, verdict in zip(looks, answers, judged, strict=True)
    ]
    seen = Counter(
        int(answer.labels[row])
        for answer, verdict in zip(answers, judged, strict=True)
        if answer is not None and verdict is not None
        for row in verdict.rows
    )
    seen.update(standard.objects.labels.tolist())
    commonest = sorted(number for number, _ in seen.most_common(NAMED))
    legend = tuple(LegendEntry(_name(number, names), _colour(number)) for number in commonest)
    truth = None if target is None else _true(shown.original, target, names, masks=original.masks is not None)
    return DrawnPicture(drawn[0], tuple(drawn[1:]), truth, legend, _key(standard, confidence))


def _drawn(look: Look, answer: Detections, judged: Judged, names: Mapping[int, str]) -> Drawn:
    verdicts: list[Verdict] = [
        "ignored" if ignored else "right" if right else "wrong"
        for right, ignored in zip(judged.right, judged.ignored, strict=True)
    ]
    marks = tuple(
        Mark(
            _box(answer.boxes[row]),
            f"{_name(int(answer.labels[row]), names)} {answer.scores[row]:.2f}",
            _colour(int(answer.labels[row])),
            verdict,
            _mask(answer, row),
        )
        for row, verdict in zip(judged.rows.tolist(), verdicts, strict=True)
    )
    words = f"{verdicts.count('right')} right, {verdicts.count('wrong')} wrong, {judged.missed} missed"
    return Drawn(look.pixels, look.shown, marks=marks, words=words)


def _true(look: Look, truth: Objects, names: Mapping[int, str], masks: bool) -> Drawn:
    marks = tuple(
        Mark(
            _box(truth.boxes[row]),
            _name(int(truth.labels[row]), names) + (" (crowd)" if truth.crowd[row] else ""),
            _colour(int(truth.labels[row])),
            "ignored" if truth.crowd[row] else "truth",
            _mask(truth, row) if masks else None,
        )
        for row in np.argsort(-truth.areas, kind="stable").tolist()
    )
    crowds = int(truth.crowd.sum())
    count = len(truth) - crowds
    words = f"{count} object{'' if count == 1 else 's'}" + (f", {crowds} crowd" if crowds else "")
    return Drawn(look.pixels, look.shown, marks=marks, words=words)


def _key(standard: Standard, confidence: float) -> str:
    told = f"Detections of score {confidence:g} or more. Solid: right (overlap 0.5 or more); dashed: wrong"
    told += "; dotted: crowd, not counted." if standard.objects.crowd.any() else "."
    return told + (" No label: right is what the model says of the original." if standard.own else "")


def _detections(look: Look) -> Detections | None:
    return None if look.answer is None else cast("Sequence[Detections]", look.answer)[0]


def _box(corners: NDArray[np.floating]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(side) for side in corners)
    return left, top, right, bottom


def _mask(things: Detections | Objects, row: int) -> NDArray[np.bool_] | None:
    return None if things.masks is None else decode_mask(things.masks[row], things.size)


def _colour(number: int) -> Colour:
    red, green, blue = class_colours(_COLOURS)[number % _COLOURS].tolist()
    return red, green, blue


def _name(number: int, names: Mapping[int, str]) -> str:
    return names.get(number, f"class {number}")
