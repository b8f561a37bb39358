"""The parts of Detectron2's networks that have no weights: batches, anchors, matching, losses, masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.models.detection.retinanet import RetinaNetClassificationHead

from jpegproof.exceptions import ModelError
from jpegproof.models.detectron2.anchors import by_anchor, cell_anchors, level_anchors
from jpegproof.models.detectron2.box_head import box_losses, found
from jpegproof.models.detectron2.boxes import BACKGROUND, FINE_OFFSETS, PLAIN_OFFSETS, UNDECIDED, match
from jpegproof.models.detectron2.categories import COCO_CATEGORIES, Categories
from jpegproof.models.detectron2.mask_head import mask_loss, true_masks
from jpegproof.models.detectron2.pasting import paste_masks
from jpegproof.models.detectron2.picture_batch import picture_batch
from jpegproof.models.detectron2.pooler import levels_of
from jpegproof.models.detectron2.retinanet import RetinaAnswer, one_stage_losses
from jpegproof.models.detectron2.rpn import Rpn, RpnAnswer
from jpegproof.models.detectron2.truth import Truth, truth_of

TRUTH = Truth(torch.tensor([[10.0, 10, 50, 60], [70, 20, 120, 110]]), torch.tensor([2, 0]), None)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_a_batch_is_blue_green_red_less_the_mean_and_zero_where_there_is_no_picture():
    red = torch.zeros(3, 33, 20)
    red[0] = 1
    batch = picture_batch([red, torch.zeros(3, 10, 40)])
    assert batch.pixels.shape == (2, 3, 64, 64)
    assert batch.sizes == ((33, 20), (10, 40))
    assert batch.pixels[0, :, 32, 19].tolist() == pytest.approx([-103.53, -116.28, 255 - 123.675])
    assert (batch.pixels[0, :, 33:] == 0).all()
    assert (batch.pixels[0, :, :, 20:] == 0).all()
    assert batch.pixels[1, 0, 9, 39] == pytest.approx(-103.53)


def test_anchors_stand_row_by_row_at_multiples_of_the_stride():
    cells = cell_anchors([32])
    assert cells[1].tolist() == [-16, -16, 16, 16]
    half, double = 32 / math.sqrt(2) / 2, 32 * math.sqrt(2) / 2
    assert cells[0].tolist() == pytest.approx([-double, -half, double, half])  # height is half the width
    anchors = level_anchors(cells, 8, (2, 3))
    assert anchors.shape == (18, 4)
    assert anchors[3 * 4 + 1].tolist() == [8 - 16, 8 - 16, 8 + 16, 8 + 16]  # second row, second column


def test_a_map_is_read_in_the_order_of_the_anchors():
    values = torch.arange(2 * 3 * 4 * 2 * 5).reshape(2, 12, 2, 5)
    read = by_anchor(values, 4)
    assert read.shape == (2, 30, 4)
    row, column, anchor = 1, 3, 2
    place = (row * 5 + column) * 3 + anchor
    assert read[1, place].tolist() == values[1, anchor * 4 : anchor * 4 + 4, row, column].tolist()


def test_boxes_are_pooled_from_the_level_of_their_size():
    sides = torch.tensor([1.0, 111, 112, 223, 224, 447, 448, 2000])
    boxes = torch.stack([torch.zeros(8), torch.zeros(8), sides, sides], dim=1)
    assert levels_of(boxes).tolist() == [2, 2, 3, 3, 4, 4, 5, 5]


def test_matching_tells_objects_background_and_what_lies_between():
    truth = torch.tensor([[0.0, 0, 10, 10]])
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 1]])
    assert match(truth, boxes, 0.3, 0.7).tolist() == [0, UNDECIDED, BACKGROUND]
    assert match(truth, boxes[1:], 0.3, 0.7, each_truth=True).tolist() == [0, BACKGROUND]
    assert match(truth[:0], boxes, 0.3, 0.7, each_truth=True).tolist() == [BACKGROUND] * 3
    assert match(truth, boxes[:0], 0.3, 0.7).tolist() == []


def test_categories_are_cocos_unless_said_otherwise():
    assert len(COCO_CATEGORIES) == 80
    assert COCO_CATEGORIES[11] == 13
    assert COCO_CATEGORIES[-1] == 90
    categories = Categories([7, 3])
    assert categories.labels(torch.tensor([1, 0, 1])).tolist() == [3, 7, 3]
    assert categories.classes(torch.tensor([3, 7])).tolist() == [1, 0]
    with pytest.raises(ModelError, match="no class for: 4, 9"):
        categories.classes(torch.tensor([9, 3, 4]))
    wrong: list[Any] = [[], [1, 1], ["1"]]
    for ids in wrong:
        with pytest.raises(ModelError, match="each of them once"):
            Categories(ids)


def test_objects_without_an_area_are_not_learned_from():
    masks = torch.zeros(3, 8, 8)
    masks[2] = 1
    target = {
        "boxes": torch.tensor([[1.0, 1, 1, 5], [1, 5, 4, 2], [0, 0, 2, 2]]),
        "labels": torch.tensor([1, 2, 3]),
        "masks": masks,
    }
    truth = truth_of(target, Categories([1, 2, 3]))
    assert truth.boxes.tolist() == [[0, 0, 2, 2]]
    assert truth.classes.tolist() == [2]
    assert truth.masks is not None
    assert truth.masks.shape == (1, 8, 8)
    assert truth.masks.all()


def rpn_answer(truth: Truth, certainty: float) -> RpnAnswer:
    """One that is right about every anchor, as sure as `certainty` says, with the offsets of perfect boxes."""
    anchors = [level_anchors(cell_anchors([32]), 8, (16, 16)), level_anchors(cell_anchors([64]), 16, (8, 8))]
    everywhere = torch.cat(anchors)
    if len(truth.boxes):
        matched = match(truth.boxes, everywhere, 0.3, 0.7, each_truth=True)
        offsets = PLAIN_OFFSETS.encode_single(truth.boxes[matched.clamp(min=0)], everywhere)
    else:
        matched, offsets = torch.full((len(everywhere),), BACKGROUND), torch.zeros(len(everywhere), 4)
    logits = torch.where(matched >= 0, float(certainty), -float(certainty))
    counts = [len(level) for level in anchors]
    return RpnAnswer(anchors, [part[None] for part in logits.split(counts)], [o[None] for o in offsets.split(counts)])


def test_the_first_stages_losses_vanish_for_a_perfect_answer_and_count_each_mistake():
    perfect = Rpn().losses(rpn_answer(TRUTH, 50), [TRUTH])
    assert float(perfect["loss_rpn_cls"]) < 1e-6
    assert float(perfect["loss_rpn_loc"]) < 1e-6
    # Wrong everywhere, by 50 nats at each of 256 anchors.
    assert float(Rpn().losses(rpn_answer(TRUTH, -50), [TRUTH])["loss_rpn_cls"]) == pytest.approx(50, rel=1e-3)
    unsure = Rpn().losses(rpn_answer(TRUTH, 0), [TRUTH])
    assert float(unsure["loss_rpn_cls"]) == pytest.approx(math.log(2), rel=1e-4)


def test_offsets_of_the_first_stage_cost_their_l1_distance():
    answer = rpn_answer(TRUTH, 50)
    moved = RpnAnswer(answer.anchors, answer.logits, [offsets + 0.25 for offsets in answer.offsets])
    objects = int(sum((level > 0).sum() for level in answer.logits))
    assert 2 <= objects <= 128
    expected = objects * 4 * 0.25 / 256
    assert float(Rpn().losses(moved, [TRUTH])["loss_rpn_loc"]) == pytest.approx(expected, rel=1e-4)


def test_a_picture_without_objects_teaches_background_alone():
    nothing = Truth(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), None)
    losses = Rpn().losses(rpn_answer(nothing, 0), [nothing])
    assert float(losses["loss_rpn_cls"]) == pytest.approx(math.log(2), rel=1e-4)
    assert float(losses["loss_rpn_loc"]) == 0


def test_the_second_stages_losses_are_entropy_over_all_and_l1_over_objects():
    proposals = torch.tensor([[0.0, 0, 10, 10], [5, 5, 25, 25], [0, 0, 4, 4]])
    truth = torch.tensor([[1.0, 0, 11, 10], [5, 5, 25, 25], [0, 0, 0, 0]])
    classes = torch.tensor([1, 0, 2])  # of two classes; the last is background
    losses = box_losses(torch.zeros(3, 3), torch.zeros(3, 8), proposals, classes, truth)
    assert float(losses["loss_cls"]) == pytest.approx(math.log(3))
    # The first box is a tenth of its width off, ten times that in the head's units.
    assert float(losses["loss_box_reg"]) == pytest.approx(10 * 0.1 / 3)
    offsets = torch.zeros(3, 8)
    offsets[0, 4] = 1.0  # x of its own class
    offsets[:, 0] = torch.tensor([9.0, 0, 9])  # of classes that are not the box's
    assert float(box_losses(torch.zeros(3, 3), offsets, proposals, classes, truth)["loss_box_reg"]) < 1e-6


def test_detections_are_the_likely_classes_boxes_clipped_and_one_of_those_that_overlap():
    proposals = torch.tensor([[0.0, 0, 20, 20], [1, 0, 20, 20], [30, 30, 60, 60], [70, 0, 90, 9]])
    logits = torch.tensor([[5.0, 0, 0], [4, 0, 0], [0, 5, 0], [0, 0, 9]])
    offsets = torch.zeros(4, 8)
    detections = found(logits, offsets, proposals, (50, 80))
    assert detections.classes.tolist() == [0, 1]
    assert detections.boxes.tolist() == [[0, 0, 20, 20], [30, 30, 60, 50]]
    assert detections.scores.tolist() == pytest.approx([float(logits[0].softmax(0)[0])] * 2)
    assert FINE_OFFSETS.weights == (10, 10, 5, 5)


def retina_answer(seed: int = 0) -> RetinaAnswer:
    anchors = level_anchors(cell_anchors([32, 40, 50]), 16, (8, 8))
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(1, len(anchors), 3, generator=draw).requires_grad_()
    offsets = torch.randn(1, len(anchors), 4, generator=draw).requires_grad_()
    return RetinaAnswer([anchors], [logits], [offsets])


def test_the_focal_loss_is_torchvisions_on_one_picture():
    answer = retina_answer()
    matched = match(TRUTH.boxes, answer.anchors[0], 0.4, 0.5, each_truth=True)
    assert {BACKGROUND, UNDECIDED} < set(matched.tolist())
    head = RetinaNetClassificationHead(256, 9, 3)
    with torch.no_grad():
        expected = head.compute_loss([{"labels": TRUTH.classes}], {"cls_logits": answer.logits[0]}, [matched])
        found_loss = one_stage_losses(answer, [TRUTH])["loss_cls"]
    assert float(found_loss) == pytest.approx(float(expected), rel=1e-5)


def test_offsets_of_one_stage_cost_their_smooth_l1_distance():
    answer = retina_answer()
    anchors = answer.anchors[0]
    matched = match(TRUTH.boxes, anchors, 0.4, 0.5, each_truth=True)
    perfect = PLAIN_OFFSETS.encode_single(TRUTH.boxes[matched.clamp(min=0)], anchors)[None]
    for moved, each in ((0.0, 0.0), (0.05, 0.05**2 / 2 / 0.1), (0.5, 0.5 - 0.05)):
        with torch.no_grad():
            losses = one_stage_losses(RetinaAnswer([anchors], answer.logits, [perfect + moved]), [TRUTH])
        loss = losses["loss_box_reg"]
        assert float(loss) == pytest.approx(4 * each, rel=1e-3, abs=1e-6)


def test_one_stage_without_objects_has_a_finite_loss_that_can_be_differentiated():
    answer = retina_answer()
    losses = one_stage_losses(answer, [Truth(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), None)])
    torch.stack(list(losses.values())).sum().backward()
    assert float(losses["loss_box_reg"].detach()) == 0
    gradient = answer.logits[0].grad
    assert gradient is not None
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0


def test_the_mask_head_is_asked_for_the_objects_share_of_its_box():
    mask = torch.zeros(2, 56, 56, dtype=torch.uint8)
    mask[1, :, 28:] = 1
    boxes = torch.tensor([[0.0, 0, 56, 56], [28, 0, 56, 56], [14, 0, 42, 28]])
    wanted = true_masks(mask, torch.tensor([1, 1, 1]), boxes)
    assert wanted.shape == (3, 28, 28)
    assert wanted[0, :, :14].sum() == 0
    assert wanted[0, :, 14:].all()
    assert wanted[1].all()
    assert wanted[2, :, 14:].all()
    assert not wanted[2, :, :14].any()
    assert not true_masks(mask, torch.tensor([0]), boxes[:1]).any()
    assert float(mask_loss(torch.zeros(3, 28, 28), wanted)) == pytest.approx(math.log(2))
    assert float(mask_loss(torch.zeros(0, 28, 28), wanted[:0])) == 0


@pytest.mark.parametrize("box", [(3.0, 2.0, 17.0, 12.0), (-4.5, 1.3, 9.2, 30.8), (0.2, 0.2, 0.9, 0.9), (30, 3, 40, 9)])
def test_a_pasted_mask_is_the_square_looked_up_at_every_pixels_centre(box: tuple[float, float, float, float]):
    size = (18, 25)
    square = torch.rand(28, 28, generator=generator())
    pasted = paste_masks(square[None], torch.tensor([box]), size)
    assert pasted.shape == (1, *size)
    padded = np.pad(square.numpy(), 1).astype(np.float64)
    for y in range(size[0]):
        for x in range(size[1]):
            column, row = (
                (at + 0.5 - low) / (high - low) * 28 - 0.5
                for at, low, high in ((x, box[0], box[2]), (y, box[1], box[3]))
            )
            value = looked_up(padded, row + 1, column + 1)
            if abs(value - 0.5) > 1e-4:
                assert bool(pasted[0, y, x]) == (value >= 0.5)


def looked_up(padded: np.ndarray, row: float, column: float) -> float:
    """Bilinear, and nothing outside."""
    if not (0 <= row < padded.shape[0] - 1 and 0 <= column < padded.shape[1] - 1):
        return 0.0
    top, left = int(row), int(column)
    down, right = row - top, column - left
    corners = padded[top : top + 2, left : left + 2]
    return float(np.array([1 - down, down]) @ corners @ np.array([1 - right, right]))


def test_pasting_nothing_is_nothing():
    empty: Tensor = paste_masks(torch.zeros(0, 28, 28), torch.zeros(0, 4), (5, 6))
    assert empty.shape == (0, 5, 6)
    assert empty.dtype == torch.bool
