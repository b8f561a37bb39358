"""What the paper says of its pictures of gradients and maps, as statements that the numbers bear out or do not.

Source: Ehrlich, Davis, Lim and Shrivastava, Analyzing and mitigating JPEG compression defects in deep learning, 2021:
what is said of its Figures 1 to 3. That was seen on single pictures; measures and limits are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from jpegproof.analysis.explanations.rows import ExplanationComparison, ExplanationRow

Verdict = Literal["true", "false", "undecided"]

#: A map or a gradient whose mean rank correlation with the clean one is at least this is called the same.
SAME = 0.9

#: By so much the mean rank correlation of maps must fall, beside no cure, for a cure to be said to move them.
MOVED = 0.02


_UNITS = {"gradient_snr": " dB", "cam_spread_change": " points"}


@dataclass(frozen=True, slots=True)
class Part:
    """One claim of a statement, and the number that decides it.

    Attributes:
        claim: in words.
        measure: as in ``explanations.csv``.
        paired: whether the number is the cure's difference from none, or the value along the edge itself.
        value: the number with its 95 % interval; None where there is none.
        verdict: ``undecided`` where the interval reaches over the limit, or there is none.
    """

    claim: str
    measure: str
    paired: bool
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    verdict: Verdict

    @property
    def told(self) -> str:
        """The number with its interval, as people read it."""
        if self.value is None:
            return "no number"
        sign, unit = "+" if self.paired else "", _UNITS.get(self.measure, "")
        known = self.ci_low is not None and self.ci_high is not None
        ends = f" [{self.ci_low:{sign}.3g}, {self.ci_high:{sign}.3g}]" if known else ""
        return f"{self.value:{sign}.3g}{unit}{ends}, n {self.n}"


@dataclass(frozen=True, slots=True)
class Observation:
    """One of the paper's four statements about one edge at one quality.

    Attributes:
        name: ``none``, ``supervised_fine_tuning``, ``off_the_shelf`` or ``task_targeted``: which cure it is about.
        statement: in words.
        verdict: ``true`` where all parts are, ``false`` where one is, else ``undecided``.
    """

    name: str
    statement: str
    task: str
    dataset: str
    model: str
    corrector: str
    quality: int
    parts: tuple[Part, ...]

    @property
    def verdict(self) -> Verdict:
        """Of the whole statement."""
        verdicts = {part.verdict for part in self.parts}
        return "false" if "false" in verdicts else "undecided" if "undecided" in verdicts else "true"


_Limit = Callable[[float, float], Verdict]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim: which number decides it, and how its interval does."""

    claim: str
    measure: str
    paired: bool
    decide: _Limit


def _at_least(limit: float) -> _Limit:
    return lambda low, high: "true" if low >= limit else "false" if high < limit else "undecided"


def _below(limit: float) -> _Limit:
    return lambda low, high: "true" if high < limit else "false" if low >= limit else "undecided"


def _above(limit: float) -> _Limit:
    return lambda low, high: "true" if low > limit else "false" if high <= limit else "undecided"


_BETTER_GRADIENT = _Claim(
    "the gradient is nearer to the clean one than without a cure", "gradient_snr", True, _above(0)
)

#: By mitigation: the statement and its claims.
_STATEMENTS: dict[str, tuple[str, tuple[_Claim, ...]]] = {
    "none": (
        "Without a cure the gradient degrades but the map stays",
        (
            _Claim(
                f"the gradient's rank correlation is below {SAME}", "gradient_rank_correlation", False, _below(SAME)
            ),
            _Claim(f"the map's is {SAME} or more", "cam_rank_correlation", False, _at_least(SAME)),
        ),
    ),
    "supervised_fine_tuning": (
        "Fine-tuning improves the gradient and moves the map",
        (
            _BETTER_GRADIENT,
            _Claim(
                f"the map's rank correlation falls by more than {MOVED}", "cam_rank_correlation", True, _below(-MOVED)
            ),
        ),
    ),
    "off_the_shelf": (
        "Off-the-shelf correction improves the gradient and blurs the map",
        (_BETTER_GRADIENT, _Claim("the map covers more than without a cure", "cam_spread_change", True, _above(0))),
    ),
    "task_targeted": (
        "Task-targeted correction improves the gradient and keeps the map",
        (
            _BETTER_GRADIENT,
            _Claim(
                f"the map's rank correlation falls by {MOVED} at most", "cam_rank_correlation", True, _at_least(-MOVED)
            ),
        ),
    ),
}


def observations(rows: Sequence[ExplanationRow], comparisons: Sequence[ExplanationComparison]) -> list[Observation]:
    """The paper's four statements about every edge and quality that they speak of.

    Args:
        rows: of ``explanations.csv``.
        comparisons: of ``explanations_comparisons.csv``.

    Returns:
        In the order of the statements, of the edges and of the qualities; each is decided by 95 % intervals over
        pictures.
    """
    found = []
    edges = dict.fromkeys(
        (row.task, row.dataset, row.model, row.corrector, row.quality, row.mitigation) for row in rows
    )
    for name, (statement, claims) in _STATEMENTS.items():
        for task, dataset, model, corrector, quality, mitigation in edges:
            if mitigation != name or quality is None:
                continue
            key = (dataset, model, mitigation, corrector, quality)
            parts = tuple(_part(claim, key, rows, comparisons) for claim in claims)
            found.append(Observation(name, statement, task, dataset, model, corrector, quality, parts))
    return found


def _part(
    claim: _Claim,
    key: tuple[str, str, str, str, int],
    rows: Sequence[ExplanationRow],
    comparisons: Sequence[ExplanationComparison],
) -> Part:
    for row in comparisons if claim.paired else rows:
        if (row.dataset, row.model, row.mitigation, row.corrector, row.quality) != key or row.measure != claim.measure:
            continue
        value = row.difference if isinstance(row, ExplanationComparison) else row.value
        known = row.ci_low is not None and row.ci_high is not None
        verdict = claim.decide(row.ci_low, row.ci_high) if known else "undecided"  # type: ignore[arg-type]
        return Part(claim.claim, claim.measure, claim.paired, value, row.ci_low, row.ci_high, row.n, verdict)
    return Part(claim.claim, claim.measure, claim.paired, None, None, None, 0, "undecided")
