"""The sentence a report begins with says what the rows say: a loss, what a cure gives back, and its time."""

from __future__ import annotations

from typing import Any

import pytest
from speeds import speed
from synthetic_study import compressed, paired, record, reference, study_rows

from jpegproof.analysis.rows import Comparison, Result
from jpegproof.analysis.speed import Speed
from jpegproof.reports.headlines import Headline
from jpegproof.reports.page import build_page

NONE = ("none", "identity")
TARGETED = ("task_targeted", "mine")
TUNED = ("supervised_fine_tuning", "identity")
MODEL = "squeezenet1_1"


def cured(edge: tuple[str, str], value: float | None, quality: int = 30) -> Result:
    return compressed(value, quality, mitigation=edge[0], corrector=edge[1])


def told(difference: float, half: float, edge: tuple[str, str] = NONE, quality: int = 30) -> Comparison:
    first = ("reference", "") if edge == NONE else NONE
    return paired(first, edge, difference, half, quality=quality)


def headline(rows: list[Result], comparisons: list[Comparison], speeds: list[Speed] | None = None) -> Headline:
    (summary,) = build_page(record(rows, comparisons=comparisons, speeds=speeds or [])).summaries
    assert summary.headline is not None
    return summary.headline


def measured(mitigation: str, images_per_second: float, **changes: Any) -> Speed:
    corrector = "mine" if mitigation == "task_targeted" else "identity"
    return speed(images_per_second, mitigation, corrector, **{"model": MODEL, **changes})


ROWS = [reference(), compressed(55.8, 30), cured(TARGETED, 58.9)]
COMPARED = [told(-4.2, 1.1), told(3.1, 0.9, TARGETED)]


def test_a_headline_says_what_is_lost_what_a_cure_gives_back_and_for_how_much_time():
    speeds = [measured("none", 100.0), measured("task_targeted", 100.0 / 1.12)]
    assert headline(ROWS, COMPARED, speeds).words == (
        "At quality 30 squeezenet1_1 loses 4.2 points of top-1 accuracy [3.1, 5.3]; Task-Targeted Artifact Correction "
        "(mine) gives back 3.1 [2.2, 4.0] for 12 % more time (cpu, batch 1)."
    )


def test_time_is_not_spoken_of_where_it_was_not_measured():
    assert headline(ROWS, COMPARED).words.endswith("gives back 3.1 [2.2, 4.0].")
    assert headline(ROWS, COMPARED, [measured("task_targeted", 80.0)]).time is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1.0, "in the same time"), (0.9, "in 10 % less time"), (3.44, "for 3.4 times the time")],
)
def test_time_is_said_as_people_say_it(seconds, words):
    speeds = [measured("none", 100.0), measured("task_targeted", 100.0 / seconds)]
    assert headline(ROWS, COMPARED, speeds).words.endswith(f"[2.2, 4.0] {words} (cpu, batch 1).")


def test_times_are_compared_on_one_machine_at_one_batch():
    speeds = [
        measured("task_targeted", 50.0, device="cuda"),
        measured("none", 400.0, batch=16),
        measured("task_targeted", 200.0, batch=16),
        measured("none", 100.0, device="cuda", batch=4),
    ]
    time = headline(ROWS, COMPARED, speeds).time
    assert time is not None
    assert (time.share, time.device, time.batch) == (2.0, "cpu", 16)


def test_the_quality_is_the_one_nearest_to_30_and_of_two_the_lower():
    rows = [reference(), compressed(50.0, 20), compressed(52.0, 40), compressed(55.0, 90)]
    assert headline(rows, []).loss.quality == 20


def test_a_headline_speaks_of_the_task_targeted_cure_whatever_the_numbers_are():
    rows = [*ROWS, cured(TUNED, 59.5)]
    found = headline(rows, [*COMPARED, told(3.7, 1.0, TUNED)])
    assert found.cure is not None
    assert found.cure.told == pytest.approx(3.1)
    assert found.words.endswith(
        "The largest gain of the 2 cures is that of Supervised Fine-Tuning: 3.7 [2.7, 4.7]; the largest of several "
        "is partly so by luck."
    )


def test_a_cure_that_gives_back_most_needs_no_second_sentence():
    rows = [*ROWS, cured(TUNED, 56.0)]
    found = headline(rows, [*COMPARED, told(0.2, 1.0, TUNED)])
    assert found.largest is None
    assert "largest" not in found.words


def test_differences_whose_interval_holds_zero_are_not_sold_as_such():
    compared = [told(-0.4, 1.0), told(-0.2, 0.5, TARGETED)]
    rows = [reference(), compressed(59.6, 30), cured(TARGETED, 59.4)]
    doubt = "not told apart from zero with these 500 pictures"
    assert headline(rows, compared).words == (
        f"At quality 30 squeezenet1_1 loses 0.4 points of top-1 accuracy [−0.6, 1.4], {doubt}; Task-Targeted Artifact "
        f"Correction (mine) costs a further 0.2 [−0.3, 0.7], {doubt}."
    )


def test_a_model_that_gains_is_said_to_gain():
    rows = [reference(), compressed(62.0, 30), cured(TARGETED, 61.0)]
    words = headline(rows, [told(2.0, 1.0), told(-1.0, 0.5, TARGETED)]).words
    assert "gains 2.0 points of top-1 accuracy [1.0, 3.0]; " in words
    assert "Task-Targeted Artifact Correction (mine) costs 1.0 [0.5, 1.5]." in words


def test_numbers_that_were_not_compared_in_pairs_have_no_interval_and_say_so():
    words = headline(ROWS, []).words
    assert words.count("(no interval: not compared in pairs)") == 2


def test_what_is_missing_is_said():
    assert headline(ROWS[:2], COMPARED[:1]).words.endswith("[3.1, 5.3]; no cure was measured.")
    unfinished = headline([*ROWS[:2], cured(TARGETED, None)], COMPARED[:1]).words
    assert "what Task-Targeted Artifact Correction (mine) gives back there is not measured yet" in unfinished


def test_a_control_is_no_cure():
    rows = [*ROWS[:2], cured(("control", "identity"), 59.9)]
    assert headline(rows, COMPARED[:1]).words.endswith("no cure was measured.")


def test_there_is_no_headline_without_a_compressed_number():
    (summary,) = build_page(record([reference()])).summaries
    assert summary.headline is None


def test_a_metric_without_labels_is_named_as_what_it_is():
    rows = study_rows(metric="agreement")
    assert "points of agreement with its own answers" in headline(rows, []).words
