"""What a study's own file says after the study."""

from __future__ import annotations

import pytest

from jpegproof.studies.study_facts import StudyFacts, study_facts

TEXT = """
models:
  ResNet-50: {from: torchvision:resnet50}
  finder: {from: detectron2:faster_rcnn_R_50_FPN}
trainings:
  through-one: {objective: task_targeted, model: ResNet-50}
  through-two: {objective: task_targeted, model: [ResNet-50, finder]}
  pixels: {objective: restore_pixels}
  tuned: {objective: supervised_fine_tuning, model: ResNet-50}
"""


def test_models_come_from_somewhere_and_correctors_were_trained_through_models():
    facts = study_facts(TEXT)
    assert facts.sources == {"ResNet-50": "torchvision:resnet50", "finder": "detectron2:faster_rcnn_R_50_FPN"}
    assert facts.trained_through == {
        "through-one": ("ResNet-50",),
        "through-two": ("ResNet-50", "finder"),
        "pixels": (),
        "tuned": (),
    }


@pytest.mark.parametrize("text", ["", "[1, 2]", "models: 3\ntrainings: [a]", "models: {a: 1}", "a: [", "- x: }"])
def test_what_cannot_be_read_is_not_known(text: str):
    assert study_facts(text) == StudyFacts()
