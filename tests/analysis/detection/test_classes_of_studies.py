"""Average precision by class in the numbers of a study, under the data set's names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from detected_scenes import scenes
from detected_study import CURE, NONE, detected_study

from jpegproof.analysis.detection.evaluation import Evaluation
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.analysis.results import Numbers, study_numbers
from jpegproof.studies.plan import DataFacts
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store

TRUE, SAID = scenes(1, pictures=16, masks=True)
OTHER = scenes(1, pictures=16, masks=True, recall=0.4)[1]


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Numbers:
    answers = {(NONE, None): SAID, (NONE, 10): OTHER, (CURE, 10): SAID}
    folder = detected_study(tmp_path_factory.mktemp("study"), TRUE, answers, task="instance_segmentation")
    status = study_status(folder)
    facts = {"scenes": DataFacts("instance_segmentation", 16, (), {3: "hat", 6: "shoe"})}
    return study_numbers(replace(status.plan, data=facts), Store(folder), status.finished)


@pytest.mark.parametrize(("metric", "kind"), [("mAP", "boxes"), ("mask_mAP", "masks")])
def test_each_class_has_its_own_average_precision(numbers: Numbers, metric: str, kind: str):
    rows = {(row.slice, row.mitigation, row.quality): row for row in numbers.classes if row.metric == metric}
    for answers, place in ((SAID, (None, "none")), (OTHER, (10, "none")), (SAID, (10, "off_the_shelf"))):
        evaluation = Evaluation(match_pictures(TRUE, answers, kind))  # pyright: ignore[reportArgumentType]
        values = evaluation.precision_by_class(np.ones((1, 16)))[0]
        for label, name in ((3, "hat"), (6, "shoe"), (9, "9")):
            (at,) = np.flatnonzero(evaluation.classes == label)
            row = rows[name, place[1], place[0]]
            assert row.value == pytest.approx(values[at])
            holding = sum(bool(((truth.labels == label) & ~truth.crowd).any()) for truth in TRUE)
            assert (row.n, row.task) == (holding, "instance_segmentation")
            assert row.ci_low is not None
            assert row.ci_high is not None


def test_the_whole_is_the_mean_of_the_classes(numbers: Numbers):
    (whole,) = [row.value for row in numbers.results if (row.metric, row.quality) == ("mAP", None)]
    classes = [row.value for row in numbers.classes if (row.metric, row.quality) == ("mAP", None)]
    assert whole == pytest.approx(np.mean([value for value in classes if value is not None]))


def test_losses_are_paired_with_the_originals(numbers: Numbers):
    found = {(row.slice, row.second_mitigation, row.metric): row for row in numbers.class_comparisons}
    assert {row.first_mitigation for row in numbers.class_comparisons} == {"reference"}
    value = {(row.slice, row.quality): row.value for row in numbers.classes if row.metric == "mAP"}
    value |= {
        (row.slice, "none"): row.value
        for row in numbers.classes
        if (row.metric, row.mitigation, row.quality) == ("mAP", "none", 10)
    }
    lost = found["hat", "none", "mAP"]
    assert lost.difference == pytest.approx((value["hat", "none"] or 0) - (value["hat", None] or 0))
    assert lost.ci_low < lost.ci_high < 0
    cured = found["hat", "off_the_shelf", "mask_mAP"]
    assert (cured.difference, cured.ci_low, cured.ci_high) == (0, 0, 0)
