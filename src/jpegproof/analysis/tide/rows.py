"""The rows of ``errors.csv``: what each kind of fault costs a detector."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """What one kind of fault costs along one edge at one compression. One row of ``errors.csv``.

    Attributes:
        task: ``detection`` or ``instance_segmentation``.
        kind: what was compared with the truth: ``boxes`` or ``masks``.
        error: a kind of fault by its name in `jpegproof.analysis.tide.faults.Fault`, or ``none``: then ``value`` is
            the average precision at the foreground threshold itself, in percent.
        quality: libjpeg quality 1..100; ``None`` for the uncompressed originals.
        value: points of average precision that mending the fault would give (TIDE's dAP); ``None`` where no picture
            counts.
        ci_low: lower end of the 95 % interval, bootstrapped by picture; ``None`` where no resamples were asked for.
        ci_high: upper end.
        share: of a main kind, its part of what all main kinds cost, in percent; ``None`` for the others.
        count: how often the fault occurs; ``None`` beside ``none``.
        n: pictures that count.
        n_skipped: pictures that do not: not usable, or without truth.

    The other columns are those of `jpegproof.analysis.rows.Result`.
    """

    task: str
    dataset: str
    slice: str
    model: str
    kind: str
    error: str
    mitigation: str
    corrector: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: int | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    share: float | None
    count: int | None
    n: int
    n_skipped: int
    seed: int


@dataclass(frozen=True, slots=True)
class ErrorComparison:
    """What one kind of fault costs along two edges, compared. One row of ``errors_comparisons.csv``.

    Attributes:
        first_mitigation: ``reference`` for the uncompressed originals without a cure, or ``none``.
        difference: ``second - first`` in points: below 0 where the fault costs less along the second edge; beside the
            error ``none`` of the average precision itself, above 0 where that is better.
        ci_low: lower end of its 95 % interval: both edges in the same resamples of the pictures.
        ci_high: upper end.
        n: pictures that count for both.

    The other columns are those of `ErrorRow`.
    """

    task: str
    dataset: str
    slice: str
    model: str
    kind: str
    error: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: int | None
    first_mitigation: str
    first_corrector: str
    second_mitigation: str
    second_corrector: str
    difference: float
    ci_low: float
    ci_high: float
    n: int
    seed: int

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.ci_low > 0 or self.ci_high < 0


#: What `ErrorRow.error` says in the row of the average precision itself.
NO_ERROR = "none"
