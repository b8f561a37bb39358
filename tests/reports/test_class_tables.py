"""The classes that lose most: which are shown, and what is said of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from jpegproof.analysis.rows import Comparison, Result
from jpegproof.reports.class_tables import SHOWN_CLASSES, build_class_tables
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.study_record import StudyRecord

SCOPE: dict[str, Any] = {"task": "detection", "dataset": "photos", "model": "finder", "metric": "mAP", "chain": ""}
JPEG: dict[str, Any] = {"codec": "jpeg", "subsampling": "4:2:0", "stage": "source"}
PLAIN: dict[str, Any] = {"codec": "", "subsampling": "", "stage": ""}
CURE: dict[str, Any] = {"mitigation": "off_the_shelf", "corrector": "default"}


def result(name: str, value: float | None, quality: int | None, n: int = 30, **changes: Any) -> Result:
    row: dict[str, Any] = {
        **SCOPE,
        **(PLAIN if quality is None else JPEG),
        "slice": name,
        "mitigation": "none",
        "corrector": "identity",
        "quality": quality,
        "value": value,
        "ci_low": None if value is None else value - 4,
        "ci_high": None if value is None else value + 4,
        "n": n,
        "n_skipped": 0,
        "bytes_per_image": None,
        "seed": 0,
    }
    return Result(**{**row, **changes})


def loss(name: str, difference: float, quality: int = 10) -> Comparison:
    return Comparison(
        **SCOPE,
        **JPEG,
        slice=name,
        quality=quality,
        first_mitigation="reference",
        first_corrector="",
        second_mitigation="none",
        second_corrector="identity",
        difference=difference,
        ci_low=difference - 1,
        ci_high=difference + 2,
        n=30,
        seed=0,
    )


CLASSES = [
    *(result(name, value, None) for name, value in (("cat", 60.0), ("dog", 50.0), ("owl", 40.0), ("gnu", None))),
    *(result(name, value, 10) for name, value in (("cat", 50.0), ("dog", 20.0), ("owl", 41.0), ("gnu", 3.0))),
    *(result(name, value, 50) for name, value in (("cat", 10.0), ("dog", 45.0), ("owl", 41.0))),
    *(result(name, value, 10, **CURE) for name, value in (("cat", 55.0), ("dog", 30.0))),
]
COMPARISONS = [loss("dog", -30.0), loss("cat", -10.0), loss("cat", -50.0, 50)]


def test_the_worst_class_at_the_lowest_quality_comes_first():
    (table,) = build_class_tables(CLASSES, COMPARISONS)
    assert (table.quality, table.classes) == (10, 3)
    assert [row.name for row in table.rows] == ["dog", "cat", "owl"]
    assert [row.loss for row in table.rows] == [30, 10, -1]
    assert table.heads == ("None", "Off-the-Shelf Artifact Correction (default)")
    dog, _, owl = table.rows
    assert [cell.value for cell in dog.cells] == [20, 30]
    assert (dog.original.value, dog.pictures) == (50, 30)
    assert [cell.value for cell in owl.cells] == [41, None]
    assert dog.paired is not None
    assert (dog.paired.ci_low, dog.paired.ci_high) == (28, 31)
    assert owl.paired is None


def test_only_so_many_are_shown():
    names = [f"class {number}" for number in range(25)]
    rows = [result(name, 50.0, None) for name in names]
    rows += [result(name, 50.0 - number, 10) for number, name in enumerate(names)]
    (table,) = build_class_tables(rows, [])
    assert table.classes == 25
    assert [row.loss for row in table.rows] == list(range(24, 24 - SHOWN_CLASSES, -1))


def test_metrics_and_models_have_tables_of_their_own_and_originals_alone_none():
    masks = [result("cat", 1.0, quality, metric="mask_mAP") for quality in (None, 10)]
    other = [result("cat", 1.0, None, model="other")]
    captions = [table.caption for table in build_class_tables([*CLASSES, *masks, *other], [])]
    assert len(captions) == 2
    assert captions[0].startswith("Mean average precision of the classes that lose most at quality 10: finder")
    assert captions[1].startswith("Mask mean average precision")


@pytest.fixture(scope="module")
def page() -> str:
    record = StudyRecord("study", [], [], [], {}, "", classes=CLASSES, class_comparisons=COMPARISONS)
    return render_page(build_page(record))


def test_the_page_says_how_many_pictures_hold_the_class_and_what_it_lost(page: str):
    assert 'href="#classes"' in page
    shown = re.sub(r"\s*data-value=\"[^\"]*\"|\n", "", page)
    assert '<th scope="row">dog</th><td>30</td><td>30.0<small>[28.0, 31.0]</small></td><td>50.0' in shown
    assert "3 of the 3 that at least 5 pictures hold." in page


def test_classes_of_few_pictures_are_left_out_while_there_are_others():
    few = [result("eel", 90.0, None, n=4), result("eel", 0.0, 10, n=4)]
    (table,) = build_class_tables([*CLASSES, *few], [])
    assert [row.name for row in table.rows] == ["dog", "cat", "owl"]
    assert (table.classes, table.fewest) == (3, 5)
    (alone,) = build_class_tables(few, [])
    assert [(row.name, row.loss) for row in alone.rows] == [("eel", 90)]
    assert (alone.classes, alone.fewest) == (1, 1)
