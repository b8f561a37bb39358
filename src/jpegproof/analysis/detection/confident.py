"""What is right among a picture's confident detections, and the F1 score of single pictures that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.detection.coco_rules import MOST_DETECTIONS, Kind
from jpegproof.analysis.detection.matches import Matches, match_pictures
from jpegproof.analysis.detection.own_detections import own_objects
from jpegproof.tasks.detection_columns import each_detections, each_objects
from jpegproof.tasks.objects import Detections, Objects


class Standard(NamedTuple):
    """What a picture's detections are held to.

    Attributes:
        objects: to be found.
        kind: whether boxes or masks have to overlap.
        own: whether the objects are the model's own detections on the original, for want of a label.
    """

    objects: Objects
    kind: Kind
    own: bool


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A picture's confident detections, each with what COCO's matching says of it at an overlap of 0.5.

    Attributes:
        rows: (n,) which of the answer's detections these are, best first; 100 at most.
        right: (n,) bool: an object was found.
        ignored: (n,) bool: in a crowd region, so neither right nor wrong.
        missed: how many objects none of them has found.
    """

    rows: NDArray[np.intp]
    right: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    missed: int


def standard_of(target: Objects | None, original: Detections, confidence: float) -> Standard:
    """The label where there is one, its masks where both it and the model have some; else the model's own detections.

    Args:
        target: what is true of the picture.
        original: the model's answer on the original.
        confidence: the score from which on its own detections stand in for a label.
    """
    if target is not None:
        masks = original.masks is not None and target.masks is not None
        return Standard(target, "masks" if masks else "boxes", own=False)
    kind: Kind = "boxes" if original.masks is None else "masks"
    return Standard(own_objects(original, kind, confidence), kind, own=True)


def judge(answer: Detections, standard: Standard, confidence: float) -> Judged:
    """Matches a picture's detections of a score of `confidence` or more with what they are held to.

    Raises:
        MissingExtraError: numba is not installed; for masks, pycocotools.
    """
    rows = _confident_rows(answer, confidence)
    matches = match_pictures([standard.objects], [_picked(answer, rows)], standard.kind)
    right, ignored = _at_half(matches)
    to_find = int(matches.true_counted[0].sum())
    return Judged(rows, right, ignored, to_find - int(right.sum()))


def picture_f1(
    answers: pa.Table, reference: pa.Table, masks: bool, confidence: float
) -> tuple[str, NDArray[np.float64]]:
    """The F1 score of each picture by itself: 2 right / (2 right + wrong + missed).

    Counted are the detections of a score of `confidence` or more, which are what a sheet draws. One is right where it
    takes an object of its class by COCO's matching at an overlap of 0.5; those in crowd regions count for nothing.
    A picture without objects of which nothing is said scores 100. Average precision is no score for single pictures:
    it does not see a detection of a class that the picture does not show, and a picture without objects has none.

    Args:
        answers: stored answers, one row per picture.
        reference: the model's stored answers on the originals with the truth beside them, the same pictures.
        masks: whether the model draws masks: they are compared where the truth has some, and boxes otherwise.
        confidence: 0..1.

    Returns:
        ``F1`` or ``mask_F1`` against the truth, or the same with ``_agreement`` behind it against the model's own
        confident detections on the originals where no picture has a truth; and (N,) percent, NaN where a picture does
        not count.

    Raises:
        MissingExtraError: numba is not installed; for masks, pycocotools.

    Source: van Rijsbergen, Information Retrieval, 1979, chapter 7 (F, there as its complement E), on matches by
    cocodataset/cocoapi's rules at IoU 0.5.
    """
    labelled = _any(reference, "true_boxes")
    kind: Kind = "masks" if masks and (_any(reference, "true_masks") or not labelled) else "boxes"
    if labelled:
        truths = (_comparable(item, kind) for item in each_objects(reference))
    else:
        own = each_detections(reference)
        truths = (None if item is None else own_objects(item, kind, confidence) for item in own)
    every = each_detections(answers)
    said = (None if item is None else _picked(item, _confident_rows(item, confidence)) for item in every)
    name = ("mask_" if kind == "masks" else "") + "F1" + ("" if labelled else "_agreement")
    return name, _f1(match_pictures(truths, said, kind))


def _f1(matches: Matches) -> NDArray[np.float64]:
    count = len(matches.usable)
    right, ignored = _at_half(matches)
    found = np.bincount(matches.pictures[right], minlength=count)
    wrong = np.bincount(matches.pictures[~right & ~ignored], minlength=count)
    to_find = np.bincount(matches.true_pictures[matches.true_counted[0]], minlength=count)
    counted = found + wrong + to_find  # what was missed is what was to be found and was not
    scores = np.where(counted > 0, 200.0 * found / np.maximum(counted, 1), 100.0)
    return np.where(matches.usable, scores, np.nan)


def _at_half(matches: Matches) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which detections are right, and which are ignored: any size of object, the first threshold."""
    ignored = (matches.ignored[0] & 1) > 0
    return ((matches.matched[0] & 1) > 0) & ~ignored, ignored


def _confident_rows(answer: Detections, confidence: float) -> NDArray[np.intp]:
    order = np.argsort(-answer.scores, kind="stable")[:MOST_DETECTIONS]
    return order[answer.scores[order] >= confidence]


def _picked(answer: Detections, rows: NDArray[np.intp]) -> Detections:
    drawn = None if answer.masks is None else tuple(answer.masks[row] for row in rows)
    return Detections(answer.size, answer.boxes[rows], answer.labels[rows], answer.scores[rows], drawn)


def _comparable(truth: Objects | None, kind: Kind) -> Objects | None:
    """The truth, unless masks are compared and this picture, unlike others of its set, has none."""
    return None if truth is None or (kind == "masks" and truth.masks is None) else truth


def _any(reference: pa.Table, name: str) -> bool:
    stated = reference.column(name)
    return stated.null_count < len(stated)
