"""The paper's four observations: true, false or undecided, by intervals."""

from __future__ import annotations

import pytest

from jpegproof.analysis.explanations.observations import MOVED, SAME, Observation, observations
from jpegproof.analysis.explanations.rows import ExplanationComparison, ExplanationRow

BASE = {"task": "classification", "dataset": "photos", "model": "net", "n": 40, "seed": 0}


def row(measure: str, low: float | None, high: float | None, mitigation: str = "none", quality: int | None = 10):
    middle = None if low is None or high is None else (low + high) / 2
    return ExplanationRow(
        **BASE,
        measure=measure,
        mitigation=mitigation,
        corrector="identity",
        quality=quality,
        value=middle,
        ci_low=low,
        ci_high=high,
        n_skipped=0,
    )


def difference(mitigation: str, measure: str, low: float, high: float) -> ExplanationComparison:
    return ExplanationComparison(
        **BASE,
        measure=measure,
        mitigation=mitigation,
        corrector="identity",
        quality=10,
        difference=(low + high) / 2,
        ci_low=low,
        ci_high=high,
    )


def cured(mitigation: str, gradient: tuple[float, float], other: str, ends: tuple[float, float]) -> Observation:
    """The statement about one cure, by what it changes in the gradient and in another measure."""
    rows = [row("gradient_snr", 1, 2, mitigation), row("gradient_snr", 1, 2, mitigation, quality=None)]
    changes = [difference(mitigation, "gradient_snr", *gradient), difference(mitigation, other, *ends)]
    (found,) = observations(rows, changes)
    return found


@pytest.mark.parametrize(
    ("gradient", "cam", "verdict"),
    [
        ((0.2, 0.3), (0.95, 0.97), "true"),
        ((0.2, 0.3), (0.5, 0.6), "false"),
        ((0.95, 0.97), (0.95, 0.97), "false"),
        ((0.2, 0.3), (0.88, 0.97), "undecided"),
        ((0.85, 0.95), (0.95, 0.97), "undecided"),
        ((0.2, 0.3), (SAME, 0.97), "true"),
        ((0.2, 0.3), (None, None), "undecided"),
    ],
)
def test_without_a_cure_the_gradient_degrades_but_the_map_stays(gradient, cam, verdict):
    (found,) = observations([row("gradient_rank_correlation", *gradient), row("cam_rank_correlation", *cam)], [])
    assert (found.name, found.verdict) == ("none", verdict)


@pytest.mark.parametrize(
    ("mitigation", "measure", "ends", "verdict"),
    [
        ("supervised_fine_tuning", "cam_rank_correlation", (-0.3, -0.2), "true"),
        ("supervised_fine_tuning", "cam_rank_correlation", (-MOVED, 0.1), "false"),
        ("supervised_fine_tuning", "cam_rank_correlation", (-0.3, 0.1), "undecided"),
        ("off_the_shelf", "cam_spread_change", (0.1, 0.4), "true"),
        ("off_the_shelf", "cam_spread_change", (-0.4, 0.0), "false"),
        ("off_the_shelf", "cam_spread_change", (-0.4, 0.1), "undecided"),
        ("task_targeted", "cam_rank_correlation", (-MOVED, 0.1), "true"),
        ("task_targeted", "cam_rank_correlation", (-0.3, -0.2), "false"),
        ("task_targeted", "cam_rank_correlation", (-0.3, 0.1), "undecided"),
    ],
)
def test_a_cure_improves_the_gradient_and_does_to_the_map_what_is_said_of_it(mitigation, measure, ends, verdict):
    assert cured(mitigation, (0.5, 2.0), measure, ends).verdict == verdict
    assert cured(mitigation, (-2.0, 0.0), measure, ends).verdict == "false"
    unsure = cured(mitigation, (-2.0, 1.0), measure, ends).verdict
    assert unsure == ("false" if verdict == "false" else "undecided")


def test_the_figures_of_a_claim_are_told():
    found = cured("task_targeted", (0.5, 2.0), "cam_rank_correlation", (0.01, 0.03))
    assert [part.told for part in found.parts] == [
        "+1.25 dB [+0.5, +2], n 40",
        "+0.02 [+0.01, +0.03], n 40",
    ]


def test_a_number_that_is_missing_decides_nothing():
    (found,) = observations([row("gradient_snr", 1, 2, "off_the_shelf")], [])
    assert found.verdict == "undecided"
    assert {part.told for part in found.parts} == {"no number"}


def test_no_statement_is_made_about_other_cures_or_the_originals():
    rows = [row("gradient_snr", 1, 2, "control"), row("gradient_snr", 1, 2, "supervised_fine_tuning", quality=None)]
    assert observations(rows, []) == []
