"""What is drawn of an answer: what it says, and whether that is right."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from detected_scenes import SIZE, detections, objects
from shown_pictures import shown, shown_boxes, shown_labels, shown_verdicts

from jpegproof.exceptions import DataError
from jpegproof.probes.draw import DRAWN_TASKS, draw
from jpegproof.probes.drawn import Drawn
from jpegproof.tasks.class_map import ClassMap
from jpegproof.tasks.find import TASKS
from jpegproof.tasks.label_map import LabelMap

LEFT, RIGHT, FAR = [0.0, 0, 40, 40], [60.0, 0, 100, 40], [60.0, 50, 100, 90]
NAMES = {1: "cat", 2: "dog"}


def there(drawn: Drawn | None) -> Drawn:
    assert drawn is not None
    return drawn


def test_every_task_is_drawn_but_that_of_unknown_tensors():
    assert set(DRAWN_TASKS) == set(TASKS) - {"tensors"}
    with pytest.raises(DataError, match="time_travel cannot be drawn"):
        draw(shown("time_travel", "", None, []), None)


def test_boxes_of_enough_score_are_drawn_with_class_score_and_verdict():
    truth = objects([LEFT, RIGHT], [1, 2])
    said = detections([LEFT, FAR, RIGHT], [1, 2, 2], [0.9, 0.8, 0.3])
    drawn = draw(shown_boxes(said, [said], truth), NAMES)
    marks = there(drawn.looks[0]).marks
    assert [mark.text for mark in marks] == ["cat 0.90", "dog 0.80"]
    assert [mark.verdict for mark in marks] == ["right", "wrong"]
    assert marks[0].box == tuple(LEFT)
    assert there(drawn.looks[0]).words == "1 right, 1 wrong, 1 missed"
    assert [mark.text for mark in there(drawn.truth).marks] == ["cat", "dog"]
    assert [entry.name for entry in drawn.legend] == ["cat", "dog"]
    assert drawn.legend[0].colour == marks[0].colour != marks[1].colour
    assert "score 0.5 or more" in drawn.key
    lower = draw(shown_boxes(said, [said], truth), NAMES, confidence=0.2)
    assert there(lower.looks[0]).words == "2 right, 1 wrong, 0 missed"


def test_crowds_are_told_apart_in_the_truth_and_in_what_is_said():
    truth = objects([LEFT, RIGHT], [1, 2], crowd=[True, False])
    said = detections([[0.0, 0, 20, 20], RIGHT], [1, 2], [0.9, 0.8])
    drawn = draw(shown_boxes(said, [said], truth), NAMES)
    assert [mark.verdict for mark in there(drawn.looks[0]).marks] == ["ignored", "right"]
    assert {mark.text: mark.verdict for mark in there(drawn.truth).marks} == {"cat (crowd)": "ignored", "dog": "truth"}
    assert there(drawn.truth).words == "1 object, 1 crowd"
    assert "crowd" in drawn.key


def test_without_a_label_right_is_what_is_said_of_the_original_and_the_sheet_says_so():
    before, after = detections([LEFT, RIGHT], [1, 2], [0.9, 0.8]), detections([LEFT], [1], [0.9])
    drawn = draw(shown_boxes(before, [after], None), None)
    assert drawn.truth is None
    assert there(drawn.looks[0]).words == "1 right, 0 wrong, 1 missed"
    assert there(drawn.looks[0]).marks[0].text == "class 1 0.90"
    assert "what the model says of the original" in drawn.key


def test_masks_are_drawn_where_the_model_draws_some():
    said = detections([LEFT], [1], [0.9], masks=True)
    picture = shown("instance_segmentation", "mask_F1", [said], [[said]], objects([LEFT], [1], masks=True))
    mask = there(draw(picture, NAMES).looks[0]).marks[0].mask
    assert mask is not None
    assert mask.shape == SIZE
    assert mask[20, 20]
    assert not mask[80, 100]


def test_nothing_said_of_a_picture_is_still_a_picture():
    nothing = detections([], [], [])
    drawn = draw(shown_boxes(nothing, [nothing, None], objects([], [])), NAMES)
    assert there(drawn.looks[0]).words == "0 right, 0 wrong, 0 missed"
    assert drawn.looks[1] is None
    assert there(drawn.truth).words == "0 objects"
    assert drawn.legend == ()


def test_the_best_three_classes_are_shown_and_the_true_one_below_them():
    logits = torch.tensor([0.1, 3.0, 2.0, 1.0, 0.0]).tolist()
    drawn = draw(shown_labels([logits, logits], 4), ["ant", "bee", "cow", "dog", "eel"])
    bars = there(drawn.looks[0]).bars
    assert [bar.text for bar in bars] == ["bee", "cow", "dog", "eel"]
    assert [bar.verdict for bar in bars] == ["wrong", None, None, "right"]
    assert [bar.share for bar in bars] == pytest.approx(torch.tensor(logits).softmax(0)[[1, 2, 3, 4]].tolist())
    assert there(drawn.truth).words == "eel"
    assert there(drawn.looks[0]).words.startswith("wrong: bee ")
    right = there(draw(shown_labels([logits, logits], 1), None).looks[0])
    assert [bar.text for bar in right.bars] == ["class 1", "class 2", "class 3"]
    assert right.words.startswith("right: class 1 ")


def test_without_a_label_a_class_is_right_as_on_the_original():
    drawn = draw(shown_labels([[0.0, 2.0], [2.0, 0.0]], None), None)
    assert [bar.verdict for bar in there(drawn.original).bars] == ["right", None]
    assert [bar.verdict for bar in there(drawn.looks[0]).bars] == ["wrong", "right"]
    assert drawn.truth is None
    assert "what the model says of the original" in drawn.key


def test_a_verdict_is_fake_above_a_half_and_told_right_or_wrong():
    drawn = draw(shown_verdicts([torch.tensor([[2.0]]), torch.tensor([[-2.0]])], 1), ["real", "fake"])
    share = torch.tensor(2.0).sigmoid().item()
    assert [(bar.text, bar.verdict) for bar in there(drawn.original).bars] == [("fake", "right"), ("real", None)]
    assert there(drawn.original).bars[0].share == pytest.approx(share)
    assert [(bar.text, bar.verdict) for bar in there(drawn.looks[0]).bars] == [("fake", None), ("real", "wrong")]
    assert there(drawn.looks[0]).words == f"real, score {1 - share:.3f}: wrong"
    assert there(drawn.original).layer is None, "one patch is no map"
    assert there(drawn.truth).words == "fake"
    unknown = draw(shown_verdicts([torch.tensor([[2.0]]), torch.tensor([[-2.0]])], None), None)
    assert there(unknown.looks[0]).words.endswith("wrong")
    assert "what the model says of the original" in unknown.key


def test_patches_are_laid_over_what_the_model_is_given_red_where_they_look_fake():
    patches = torch.tensor([[6.0, -6.0], [0.0, 6.0]])
    drawn = draw(shown_verdicts([patches, patches], 1), None)
    layer = there(drawn.looks[0]).layer
    assert layer is not None
    assert layer.pixels.shape == (2, 2, 3)
    assert not layer.alone
    red, blue = layer.pixels[..., 0].astype(int), layer.pixels[..., 2].astype(int)
    assert red[0, 0] > blue[0, 0] + 50
    assert blue[0, 1] > red[0, 1] + 50
    assert abs(red[1, 0] - blue[1, 0]) < 10
    assert drawn.legend[-1].name == "fake, 1"


def test_a_map_stands_alone_and_names_the_classes_that_fill_it():
    numbers = np.zeros(SIZE, np.int16)
    numbers[:10] = 2
    picture = shown(
        "semantic_segmentation", "mIoU", [ClassMap(numbers, 3)], [[ClassMap(numbers, 3)]], LabelMap.of(numbers)
    )
    drawn = draw(picture, ["floor", "wall", "door"])
    assert there(drawn.looks[0]).words == "floor, door"
    layer = there(drawn.looks[0]).layer
    assert layer is not None
    assert layer.alone
    assert (layer.pixels[0, 0] != layer.pixels[20, 0]).any()
    assert [entry.name for entry in drawn.legend] == ["floor", "door"]
