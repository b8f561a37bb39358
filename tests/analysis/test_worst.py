"""The pictures that lose most: by their own scores, in a fixed order, and only of what is finished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from segmented_pictures import TASK, changed, random_maps, stored_answers

from jpegproof.analysis.by_picture import picture_scores
from jpegproof.analysis.worst import WorstPicture, study_worst
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.studies.cells import Cells
from jpegproof.studies.plan import Cell, DataFacts, Edge, Plan, Shard
from jpegproof.studies.predictions import prediction_bytes
from jpegproof.studies.store import Store

PICTURES = 6
NONE, CURE = Edge("net", "none", "identity"), Edge("net", "task_targeted", "mine")
COMPRESSIONS = (ORIGINAL, Compression(quality=50), Compression(quality=10), Compression(quality=5, chain="messenger"))
#: How much of each answer is wrong: on the original, and by (edge, compression).
WRONG = {(0, 0): 0.05, (0, 1): 0.1, (0, 2): 0.5, (0, 3): 0.9, (1, 1): 0.08, (1, 2): 0.2, (1, 3): 0.3}


@pytest.fixture
def study(tmp_path: Path) -> tuple[Plan, Store, dict[tuple[int, int], np.ndarray]]:
    """Two shards of three pictures each, and every picture's score by (edge, compression)."""
    true = random_maps(PICTURES, 5, 0)
    store, cells, scores = Store(tmp_path), list[Cell](), {}
    store.begin()
    for seed, ((edge, compression), share) in enumerate(WRONG.items()):
        said = changed(true, share, 5, seed + 1)
        table = stored_answers(said, true)
        scores[edge, compression] = picture_scores("semantic_segmentation", table, table).values
        columns = table.to_pydict()
        for shard in (0, 1):
            rows = range(3 * shard, 3 * shard + 3)
            cells.append(Cell(shard, compression, edge, f"{edge}{compression}{shard}" + "0" * 29))
            content = prediction_bytes(
                TASK,
                [f"{row}.png" for row in rows],
                [None] * 3,
                [1000] * 3,
                {name: [values[row] for row in rows] for name, values in columns.items()},
                range(3),
                with_reference=False,
            )
            store.put_once(cells[-1].name, content)
    plan = Plan(
        "by hand",
        0,
        "source",
        {"scenes": DataFacts("semantic_segmentation", PICTURES, ())},
        {"net": "semantic_segmentation"},
        (NONE, CURE),
        COMPRESSIONS,
        (Shard("scenes", (0, 1, 2), "a"), Shard("scenes", (3, 4, 5), "b")),
        Cells.of(cells),
    )
    return plan, store, scores


def names(plan: Plan) -> frozenset[str]:
    return frozenset(cell.name for cell in plan.cells)


def test_the_pictures_are_those_whose_own_score_falls_most_at_the_lowest_single_save(study):
    plan, store, scores = study
    found = study_worst(plan, store, names(plan), shown=3)
    losses = scores[0, 0] - scores[0, 2]
    worst = [f"{number}.png" for number in np.argsort(-losses, kind="stable")[:3]]
    assert list(dict.fromkeys(row.picture for row in found)) == worst
    assert {row.quality for row in found} == {None, 10}


def test_each_has_its_score_on_the_original_without_a_cure_and_with_it(study):
    plan, store, scores = study
    found = study_worst(plan, store, names(plan), shown=1)
    number = int(found[0].picture.removesuffix(".png"))
    assert [(row.quality, row.mitigation, row.corrector) for row in found] == [
        (None, "none", "identity"),
        (10, "none", "identity"),
        (10, "task_targeted", "mine"),
    ]
    assert [row.value for row in found] == pytest.approx([scores[at][number] for at in ((0, 0), (0, 2), (1, 2))])
    assert found[0] == WorstPicture(
        "semantic_segmentation", "scenes", "net", "mIoU", found[0].picture, None, "none", "identity", found[0].value
    )


def test_pictures_that_lose_nothing_are_not_told(study):
    plan, store, scores = study
    found = study_worst(plan, store, names(plan), shown=PICTURES)
    losing = {f"{number}.png" for number in np.flatnonzero(scores[0, 0] > scores[0, 2])}
    assert {row.picture for row in found} == losing


def test_what_is_not_finished_is_left_out(study):
    plan, store, _ = study
    unfinished = {cell.name for cell in plan.cells if (cell.edge, cell.compression) == (1, 2)}
    found = study_worst(plan, store, names(plan) - unfinished, shown=1)
    assert [row.mitigation for row in found] == ["none", "none"]
    without_lowest = {cell.name for cell in plan.cells if cell.compression == 2}
    assert {row.quality for row in study_worst(plan, store, names(plan) - without_lowest, shown=1)} == {None, 50}
    without_original = {cell.name for cell in plan.cells if cell.compression == 0}
    assert study_worst(plan, store, names(plan) - without_original) == []


def test_models_of_tasks_whose_pictures_have_no_score_are_left_out(study):
    plan, store, _ = study
    assert study_worst(replace(plan, tasks={"net": "a task of the future"}), store, names(plan)) == []
