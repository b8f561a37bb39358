"""The rows of a budget's files: plain data that tables, figures and other tools rely on."""

from __future__ import annotations

from dataclasses import dataclass

#: In a results folder: the rows of `BudgetAnswer`.
ANSWERS_FILE = "budget_answers.csv"


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """What is lost at one quality along one edge, and whether that is within the bound. One row of ``budget.csv``.

    Attributes:
        by, slice: ``all``; or of which ``class``, ``answer`` (the model's own on the original, without labels) or
            ``size`` of objects it is (``budget_classes.csv``).
        metric: of which something is lost: ``top1``, ``mAP``, ``agreement``, ...
        quantity: ``loss`` against the originals, or ``disagreement`` with the answers on them.
        codec: ``jpeg``; ``webp`` or ``avif``: at the bytes of the JPEG of this quality.
        quality: libjpeg's.
        bound: what is still borne, in points.
        confidence: of each end by itself and of the sequence, in percent.
        value: what was lost, in points.
        low, high: ends of two one-sided intervals, in points; ``None`` where nothing can be said.
        rule: how they are made: ``exact``, ``bets`` or ``bootstrap``.
        verdict: ``safe`` (here and at every better quality that was tested), ``unsafe`` (here and at every worse one)
            or ``undecided``.
        n: pictures that count.
        more_pictures: about how many more would decide; ``None`` where it is decided, or no number would.
        bytes_per_image: mean size of the file, over all pictures.
        bits_per_pixel: over all pictures; ``None`` where pixels were not counted.
        saved_of_original: share of the original files' bytes that is saved, in percent; ``None`` where there are none.
        saved_of_best: share of the bytes at the best JPEG quality tested that is saved, in percent.

    The other columns are those of `jpegproof.analysis.rows.Result`.
    """

    task: str
    dataset: str
    by: str
    slice: str
    model: str
    metric: str
    quantity: str
    mitigation: str
    corrector: str
    codec: str
    subsampling: str
    stage: str
    quality: int
    bound: float
    confidence: float
    value: float | None
    low: float | None
    high: float | None
    rule: str
    verdict: str
    n: int
    more_pictures: int | None
    bytes_per_image: float | None
    bits_per_pixel: float | None
    saved_of_original: float | None
    saved_of_best: float | None
    seed: int


@dataclass(frozen=True, slots=True)
class BudgetAnswer:
    """How low one edge may go. One row of ``budget_answers.csv``.

    Attributes:
        safe: the lowest quality that is safe with all better ones; ``None`` where none is.
        safe_together: the same, but so that all classes (or answers, or sizes) of the edge are right at once; of the
            whole it is `safe`.
        unsafe: the highest quality that is unsafe with all worse ones.
        undecided: the best quality that is undecided, where more pictures would help first.
        more_pictures: about how many; ``None`` where nothing is undecided, or no number would help.
        best: the best quality tested.
        value, high: what was lost at `safe`, and at most, in points.
        n, bytes_per_image, bits_per_pixel, saved_of_original, saved_of_best: at `safe`.

    The other columns are those of `BudgetRow`.
    """

    task: str
    dataset: str
    by: str
    slice: str
    model: str
    metric: str
    quantity: str
    mitigation: str
    corrector: str
    codec: str
    bound: float
    confidence: float
    safe: int | None
    safe_together: int | None
    unsafe: int | None
    undecided: int | None
    more_pictures: int | None
    best: int
    value: float | None
    high: float | None
    n: int
    bytes_per_image: float | None
    bits_per_pixel: float | None
    saved_of_original: float | None
    saved_of_best: float | None
    seed: int


@dataclass(frozen=True, slots=True)
class PictureBudget:
    """How low one picture may go along one edge. One row of ``budget_pictures.csv``.

    Attributes:
        quality: the lowest at which the model's answer is the one on the original, there and at every better quality
            that was tested; ``None`` where it is another one at the best already.
        bytes: of the picture at that quality.

    The other columns are those of `BudgetRow`.
    """

    dataset: str
    picture: str
    model: str
    mitigation: str
    corrector: str
    codec: str
    quality: int | None
    bytes: int | None
