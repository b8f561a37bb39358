"""A study's budget is a view of its stored predictions: checked on answers written by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jpegproof.analysis.budget.bounds import Question
from jpegproof.analysis.budget.study import study_budget
from jpegproof.exceptions import DataError, StoreError, UnknownNameError
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.studies.cells import Cells
from jpegproof.studies.plan import Cell, DataFacts, Edge, Plan, Shard
from jpegproof.studies.predictions import prediction_bytes
from jpegproof.studies.store import Store
from jpegproof.tasks.classification import Classification

NONE, CURE = Edge("net", "none", "identity"), Edge("net", "off_the_shelf", "cure")
QUALITIES = (10, 50, 95)
PICTURES = 400
ASKED = Question(bound=1.0, alpha=0.05)


def study(folder: Path, wrong: dict[tuple[Edge, int], range], labelled: bool = True, counted: bool = True):
    """A plan of one shard: the original's answers are right, at each quality those of some pictures are not."""
    compressions = (ORIGINAL, *(Compression(quality=quality) for quality in QUALITIES))
    cells, store = [], Store(folder)
    store.begin()
    for place, edge in enumerate((NONE, CURE)):
        for number, compression in enumerate(compressions):
            if edge == CURE and compression.is_original:
                continue
            missed = wrong.get((edge, compression.quality or 0), range(0))
            answers = [(n % 2 + 1) % 2 if n in missed else n % 2 for n in range(PICTURES)]
            cells.append(Cell(0, number, place, f"{place}{number}" * 16))
            columns = {
                "top": [[answer, 1 - answer] for answer in answers],
                "label": [n % 2 if labelled else None for n in range(PICTURES)],
                "label_log_probability": [-0.1 if labelled else None] * PICTURES,
                "distance": [0.0] * PICTURES,
            }
            if compression.is_original:
                columns["logits"] = [[0.0, 0.0]] * PICTURES
            quality = compression.quality
            content = prediction_bytes(
                Classification(),
                [f"{n}.jpg" for n in range(PICTURES)],
                [None] * PICTURES,
                [None if quality is None else 100 * quality + n for n in range(PICTURES)],
                columns,
                list(range(PICTURES)),
                with_reference=compression.is_original,
                areas=[8000] * PICTURES if counted else None,
                file_sizes=[20_000] * PICTURES if compression.is_original and counted else None,
            )
            store.put_once(cells[-1].name, content)
    facts = {
        "photos": DataFacts(
            "classification" if labelled else "", PICTURES, (), {0: "cat", 1: "dog"} if labelled else {}
        )
    }
    shards = (Shard("photos", tuple(range(PICTURES)), "a"),)
    plan = Plan(
        "by hand", 0, "source", facts, {"net": "classification"}, (NONE, CURE), compressions, shards, Cells.of(cells)
    )
    return plan, store, frozenset(cell.name for cell in cells)


#: Without a cure 60 pictures are wrong at quality 10 and three at 50; with it two at quality 10 and none at 50.
WRONG = {(NONE, 10): range(60), (NONE, 50): range(3), (CURE, 10): range(2)}


@pytest.fixture
def found(tmp_path):
    return study_budget(*study(tmp_path, WRONG), ASKED)


def answer(found, edge: Edge, by: str = "all", name: str = "all"):
    [row] = [row for row in found.answers if (row.mitigation, row.by, row.slice) == (edge.mitigation, by, name)]
    return row


def test_each_edge_has_an_answer_of_its_own(found):
    none, cure = answer(found, NONE), answer(found, CURE)
    assert (none.metric, none.quantity, none.bound, none.confidence) == ("top1", "loss", 1.0, 95.0)
    assert (none.safe, none.undecided, none.unsafe, none.best) == (95, 50, 10, 95)
    assert (cure.safe, cure.undecided, cure.unsafe) == (50, 10, None)
    assert none.more_pictures is not None
    assert none.more_pictures > 100
    assert (none.value, none.n) == (0.0, PICTURES)


def test_rows_say_what_is_lost_at_each_quality_from_the_best_down(found):
    rows = [row for row in found.rows if row.mitigation == "none"]
    assert [(row.quality, row.value, row.verdict) for row in rows] == [
        (95, 0.0, "safe"),
        (50, 0.75, "undecided"),
        (10, 15.0, "unsafe"),
    ]
    assert all(row.low <= row.value <= row.high for row in rows)
    assert [row.more_pictures is not None for row in rows] == [False, True, False]


def test_bytes_are_told_against_the_originals_and_the_best_quality(found):
    middle = next(row for row in found.rows if row.quality == 50)
    assert middle.bytes_per_image == pytest.approx(5000 + 199.5)
    assert middle.bits_per_pixel == pytest.approx(8 * (5000 + 199.5) / 8000)
    assert middle.saved_of_original == pytest.approx(100 * (1 - 5199.5 / 20_000))
    assert middle.saved_of_best == pytest.approx(100 * (1 - 5199.5 / 9699.5))


def test_predictions_that_did_not_count_pixels_have_bytes_alone(tmp_path):
    found = study_budget(*study(tmp_path, WRONG, counted=False), ASKED)
    middle = next(row for row in found.rows if row.quality == 50)
    assert (middle.bits_per_pixel, middle.saved_of_original) == (None, None)
    assert middle.saved_of_best is not None


def test_classes_have_answers_by_themselves_and_together(found):
    parts = [row for row in found.parts if row.mitigation == "none" and row.quality == 10]
    assert [(row.by, row.slice, row.n, row.value) for row in parts] == [
        ("class", "cat", 200, 15.0),
        ("class", "dog", 200, 15.0),
    ]
    cat = answer(found, CURE, "class", "cat")
    assert (cat.safe, cat.n) == (None, 200)  # of 200 pictures without a change 1.5 % may be missed


def test_what_holds_of_each_class_need_not_hold_of_all_at_once(tmp_path):
    found = study_budget(*study(tmp_path, {}), Question(bound=1.7, alpha=0.05))
    cat = answer(found, NONE, "class", "cat")
    assert (cat.safe, cat.safe_together) == (10, None)
    assert answer(found, NONE).safe_together == answer(found, NONE).safe == 10


def test_without_labels_it_is_the_share_of_answers_that_change(tmp_path):
    found = study_budget(*study(tmp_path, WRONG, labelled=False), ASKED)
    none = answer(found, NONE)
    assert (none.metric, none.quantity, none.safe, none.unsafe) == ("agreement", "disagreement", 95, 10)
    assert {(row.by, row.slice) for row in found.parts} == {("answer", "0"), ("answer", "1")}


def test_each_picture_has_the_lowest_quality_from_which_on_its_answer_stays(found):
    rows = {row.picture: row for row in found.pictures if row.mitigation == "none"}
    assert len(rows) == PICTURES
    assert (rows["0.jpg"].quality, rows["0.jpg"].bytes) == (95, 9500)
    assert (rows["59.jpg"].quality, rows["59.jpg"].bytes) == (50, 5059)
    assert (rows["60.jpg"].quality, rows["60.jpg"].bytes) == (10, 1060)


def test_a_picture_that_changes_at_the_best_quality_has_none(tmp_path):
    found = study_budget(*study(tmp_path, {(NONE, 95): range(1)}), ASKED)
    [row] = [row for row in found.pictures if row.mitigation == "none" and row.picture == "0.jpg"]
    assert (row.quality, row.bytes) == (None, None)


def test_a_chosen_metric_and_chosen_qualities_are_all_that_is_tested(tmp_path):
    found = study_budget(*study(tmp_path, WRONG), ASKED, metric="agreement", qualities=[50])
    assert {(row.metric, row.quality) for row in found.rows} == {("agreement", 50)}
    with pytest.raises(UnknownNameError, match=r"'agreemen'.*Did you mean 'agreement'"):
        study_budget(*study(tmp_path, WRONG), ASKED, metric="agreemen")
    with pytest.raises(DataError, match="nothing to be tested"):
        study_budget(*study(tmp_path, WRONG), ASKED, qualities=[33])


def test_an_edge_counts_at_a_quality_once_it_is_finished(tmp_path):
    plan, store, finished = study(tmp_path, WRONG)
    lost = next(cell for cell in plan.cells if cell.edge == 1 and cell.compression == 3)
    found = study_budget(plan, store, finished - {lost.name}, ASKED)
    assert [row.quality for row in found.rows if row.mitigation == "off_the_shelf"] == [50, 10]
    with pytest.raises(StoreError, match="originals are finished"):
        study_budget(plan, store, frozenset(), ASKED)


def test_blocks_of_pictures_are_bounded_more_widely(tmp_path):
    plan, store, finished = study(tmp_path, WRONG)
    blocked = replace(plan, data={"photos": replace(plan.data["photos"], block=4)})
    single, blocks = (study_budget(item, store, finished, ASKED).rows for item in (plan, blocked))
    assert {row.rule for row in blocks} == {"bets"}
    ends = [[row.high or 0.0 for row in rows] for rows in (single, blocks)]
    assert all(0 < narrow <= wide for narrow, wide in zip(*ends, strict=True))
